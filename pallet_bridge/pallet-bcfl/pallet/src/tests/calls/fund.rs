// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchResult, TokenError};

use crate::{mock::*, *};

fn fund(amount: Balance) -> DispatchResult {
    send(&stranger(), Call::fund { federation: 0, amount })
}

#[test]
fn success() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(fund(5));
        assert_eq!(Bcfl::escrow_funds(0), FUNDS + 5);
        assert_eq!(Balances::free_balance(stranger()), ENDOWMENT - 5);
        let funded = Event::Funded { federation: 0, who: stranger(), amount: 5 };
        assert_eq!(events().last(), Some(&funded));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(fund(5), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(fund(5), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_zero() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(fund(0), Error::<Test>::ZeroAmount);
    });
}

#[test]
fn fails_for_payer_who_would_die() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(fund(ENDOWMENT), TokenError::NotExpendable);
    });
}
