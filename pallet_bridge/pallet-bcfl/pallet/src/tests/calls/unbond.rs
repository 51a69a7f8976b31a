// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

fn unbond(amount: Balance) -> DispatchResult {
    send(&member(0), Call::unbond { federation: 0, amount })
}

#[test]
fn success() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(400));
        assert_eq!(participant(0).active, 100);
        assert_eq!(chunks(0), [(400, 18)]);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE);
        let unbonding =
            Event::Unbonding { federation: 0, account: member(0), amount: 400, until: 18 };
        assert_eq!(events().last(), Some(&unbonding));
    });
}

#[test]
fn success_for_all() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(STAKE));
        assert_eq!(participant(0).active, 0);
        assert_eq!(federation(0).members, 1);
    });
}

#[test]
fn success_while_closing() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_ok!(unbond(STAKE));
    });
}

#[test]
fn success_not_before_rounds_under_longer_terms_are_over() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        Federations::<Test>::mutate(0, |found| {
            found.as_mut().expect("there").liable_until = 30;
        });
        assert_ok!(unbond(100));
        assert_eq!(chunks(0), [(100, 31)]);
    });
}

#[test]
fn success_not_before_an_older_chunk() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(100));
        FederationTerms::<Test>::mutate(0, FIRST_TERMS, |terms| {
            terms.as_mut().expect("there").unbonding_blocks = 2;
        });
        assert_ok!(unbond(50));
        assert_eq!(chunks(0), [(100, 18), (50, 18)]);
    });
}

#[test]
fn fails_for_rest_below_min_stake() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(401), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_more_than_active() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(STAKE + 1), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_too_many_chunks() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for _ in 0..3 {
            assert_ok!(unbond(1));
        }
        assert_noop!(unbond(1), Error::<Test>::TooManyUnbonding);
        skip(17);
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert_ok!(unbond(1));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(unbond(1), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(unbond(1), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_zero() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(0), Error::<Test>::ZeroAmount);
    });
}
