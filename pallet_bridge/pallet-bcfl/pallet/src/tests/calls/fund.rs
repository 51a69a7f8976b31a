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
        assert_ok!(fund(15));
        assert_eq!(Bcfl::escrow_funds(0), FUNDS + 15);
        assert_eq!(Balances::free_balance(stranger()), ENDOWMENT - 15);
        let funded = Event::Funded { federation: 0, who: stranger(), amount: 15 };
        assert_eq!(events().last(), Some(&funded));
        assert_eq!((federation(0).funded, federation(0).sponsors), (FUNDS + 15, 2));
    });
}

#[test]
fn success_again_adds_to_what_the_sponsor_paid() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(fund(15));
        assert_ok!(fund(25));
        assert_eq!(Sponsors::<Test>::get(0, stranger()), Some(40));
        assert_eq!((federation(0).funded, federation(0).sponsors), (FUNDS + 40, 2));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(fund(15), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(fund(15), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_below_the_existential_deposit() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        for amount in [0, EXISTENTIAL_DEPOSIT - 1] {
            assert_noop!(fund(amount), Error::<Test>::FundsTooSmall);
        }
        assert_ok!(fund(EXISTENTIAL_DEPOSIT));
    });
}

#[test]
fn fails_for_payer_who_would_die() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(fund(ENDOWMENT), TokenError::NotExpendable);
    });
}
