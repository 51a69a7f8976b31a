// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, *};

#[test]
fn success() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(join(&member(0), 100));
        assert_eq!(held(HoldReason::Stake, &member(0)), 100);
        assert_eq!(participant(0), newcomer(100));
        assert_eq!(federation(0).members, 1);
        let joined = Event::Joined { federation: 0, account: member(0), stake: 100 };
        assert_eq!(events().last(), Some(&joined));
    });
}

#[test]
fn success_for_the_coordinator() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(join(&coordinator(), 100));
        assert_eq!(held(HoldReason::Stake, &coordinator()), 100);
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), DEPOSIT);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(join(&member(0), 100), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(join(&member(0), 100), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_member() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(join(&member(0), 100), Error::<Test>::AlreadyJoined);
    });
}

#[test]
fn fails_for_full_federation() {
    ExtBuilder::default().members(4).build_and_execute(|| {
        assert_noop!(join(&member(4), 100), Error::<Test>::FederationFull);
    });
}

#[test]
fn fails_for_small_stake() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(join(&member(0), 99), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_stake_above_balance() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(join(&member(0), ENDOWMENT), TokenError::FundsUnavailable);
    });
}
