// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchResult, TokenError};

use crate::{mock::*, *};

fn add(index: u8, amount: Balance) -> DispatchResult {
    send(&member(index), Call::add_stake { federation: 0, amount })
}

#[test]
fn success() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(add(0, 7));
        assert_eq!(participant(0).active, STAKE + 7);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE + 7);
        let added = Event::StakeAdded { federation: 0, account: member(0), amount: 7 };
        assert_eq!(events().last(), Some(&added));
    });
}

#[test]
fn success_for_member_who_unbonded_all() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(add(0, 100));
        assert_eq!(participant(0).active, 100);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE + 100);
    });
}

#[test]
fn success_makes_all_of_the_stake_young() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        skip(6);
        assert_ok!(add(0, 1));
        assert_eq!((participant(0).held_since, participant(0).joined_at), (7, 1));
        assert_eq!(participant(1).held_since, 1);
    });
}

#[test]
fn fails_for_stake_still_too_low() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(add(0, 99), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(add(0, 7), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(add(0, 7), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(add(1, 7), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_zero() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(add(0, 0), Error::<Test>::ZeroAmount);
    });
}

#[test]
fn fails_for_amount_above_balance() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(add(0, ENDOWMENT), TokenError::FundsUnavailable);
    });
}
