// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::committee::*, mock::*, *};

#[test]
fn success_at_once_before_there_is_a_seed() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(register(0));
        assert_ok!(resign(0));
        assert_eq!(attester(0), None);
        assert_eq!(federation(0).attesters, 0);
        let resigned =
            Event::AttesterResigned { federation: 0, account: member(0), leaves_at_once: true };
        assert_eq!(events().last(), Some(&resigned));
    });
}

#[test]
fn stays_in_the_draws_of_the_present_seed() {
    with_committee(
        |_| {},
        || {
            assert_ok!(attest(0, 1, hash(9), 1));
            finish(0);
            skip(1);
            assert_ok!(resign(0));
            assert_eq!(attester(0).and_then(|attester| attester.leaves), Some(3));
            assert_eq!(next_sealed(), 1);
            let mut all = seated(1);
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2]);
            // Round 1 opened after it resigned only when its reveals make a new seed.
            skip(1);
            assert_ok!(attest(1, 1, hash(9), 2));
            finish(1);
            assert_eq!(next_sealed(), 2);
            assert_eq!(attester(0).is_some(), seated(2).contains(&0));
        },
    );
}

#[test]
fn gone_once_the_seed_is_newer() {
    with_committee(
        |_| {},
        || {
            assert_ok!(attest(0, 1, hash(9), 1));
            finish(0);
            assert_ok!(resign(0));
            skip(1);
            next_sealed();
            assert_ok!(attest(1, 1, hash(9), 2));
            finish(1);
            next_sealed();
            assert_eq!(attester(0), None);
            assert!(!seated(2).contains(&0));
            assert_eq!(federation(0).attesters, 2);
            assert_ok!(register(0));
        },
    );
}

#[test]
fn leaving_the_federation_ends_it() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(register(0));
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(30);
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account: member(0) }));
        assert_eq!((attester(0), federation(0).attesters), (None, 0));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(resign(0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_other_than_attester() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(resign(0), Error::<Test>::NotAttester);
    });
}

#[test]
fn fails_for_the_second_time() {
    with_committee(
        |_| {},
        || {
            assert_ok!(attest(0, 1, hash(9), 1));
            assert_ok!(resign(0));
            assert_noop!(resign(0), Error::<Test>::NotAttester);
        },
    );
}
