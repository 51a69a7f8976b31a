// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).build_and_execute(test);
}

#[test]
fn success() {
    scene(|| {
        skip(4);
        assert_ok!(register(0));
        let expected = Attester { tip: link(0, 0), weight: 500, since: 5, leaves: None, missed: 0 };
        assert_eq!(attester(0), Some(expected));
        assert_eq!(federation(0).attesters, 1);
        let account = member(0);
        let registered = Event::AttesterRegistered { federation: 0, account, weight: 500 };
        assert_eq!(events().last(), Some(&registered));
    });
}

#[test]
fn weight_grows_with_the_age_of_the_stake() {
    let old = |terms: &mut Terms| terms.aging_blocks = 25;
    ExtBuilder::default().terms(old).members(2).build_and_execute(|| {
        skip(8);
        assert_ok!(register(0));
        assert_eq!(attester(0).map(|attester| attester.weight), Some(500 * 8 / 25));
        skip(70);
        assert_ok!(register(1));
        assert_eq!(attester(1).map(|attester| attester.weight), Some(500));
    });
}

#[test]
fn fails_for_stake_of_this_block_where_age_counts() {
    let old = |terms: &mut Terms| terms.aging_blocks = 25;
    ExtBuilder::default().terms(old).members(1).build_and_execute(|| {
        assert_noop!(register(0), Error::<Test>::StakeTooYoung);
        skip(1);
        assert_ok!(register(0));
    });
}

#[test]
fn weight_stays_when_stake_is_added() {
    scene(|| {
        assert_ok!(register(0));
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: 1 }));
        assert_eq!(attester(0).map(|attester| attester.weight), Some(500));
    });
}

#[test]
fn attester_keeps_its_weight_on_stake() {
    scene(|| {
        assert_ok!(register(0));
        let unbond = |amount| send(&member(0), Call::unbond { federation: 0, amount });
        assert_noop!(unbond(1), Error::<Test>::AttesterStake);
        assert_noop!(unbond(500), Error::<Test>::AttesterStake);
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: 50 }));
        assert_ok!(unbond(50));
        assert_ok!(resign(0));
        assert_ok!(unbond(500));
    });
}

#[test]
fn dropped_attester_may_return() {
    scene(|| {
        assert_ok!(register(0));
        for round in 0..3 {
            assert_eq!(next_sealed(), round);
            assert_ok!(settle_root(round));
            skip(30);
            assert_ok!(send(&coordinator(), Call::fund { federation: 0, amount: 300 }));
        }
        // The third miss is noted when the next round opens, and drops it there.
        assert_noop!(register(0), Error::<Test>::AlreadyAttester);
        next_sealed();
        assert_eq!(attester(0), None);
        assert_ok!(register(0));
        assert_eq!(federation(0).attesters, 1);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(register(0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    scene(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(register(0), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_stranger() {
    scene(|| {
        assert_noop!(register(3), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_coordinator() {
    scene(|| {
        assert_ok!(join(&coordinator(), 500));
        let call = Call::register_attester { federation: 0, tip: hash(1) };
        assert_noop!(send(&coordinator(), call), Error::<Test>::CoordinatorConflict);
    });
}

#[test]
fn fails_for_attester() {
    scene(|| {
        assert_ok!(register(0));
        assert_noop!(register(0), Error::<Test>::AlreadyAttester);
    });
}

#[test]
fn fails_when_all_places_are_taken() {
    let many = |terms: &mut Terms| terms.max_participants = 7;
    ExtBuilder::default().terms(many).members(7).build_and_execute(|| {
        for index in 0..4 {
            assert_ok!(register(index));
        }
        assert_noop!(register(4), Error::<Test>::TooManyAttesters);
        assert_ok!(resign(0));
        assert_ok!(register(4));
    });
}

#[test]
fn fails_for_unbonding_stake() {
    scene(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(register(0), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_suspended_member() {
    scene(|| {
        assert_ok!(open_round());
        equivocate(0);
        assert_noop!(register(0), Error::<Test>::Suspended);
    });
}
