// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchResult, TokenError};

use crate::{mock::*, *};

fn fund_fees(amount: Balance) -> DispatchResult {
    send(&stranger(), Call::fund_fees { federation: 0, amount })
}

#[test]
fn success() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(fund_fees(50));
        let purse = Bcfl::purse_account(0);
        assert_eq!(Balances::free_balance(&purse), 50);
        // The existential deposit stays.
        assert_eq!(Bcfl::purse_funds(0), 50 - EXISTENTIAL_DEPOSIT);
        assert_eq!(Bcfl::escrow_funds(0), FUNDS);
        let funded = Event::FeesFunded { federation: 0, who: stranger(), amount: 50, purse };
        assert_eq!(events().last(), Some(&funded));
        assert_eq!((federation(0).funded, federation(0).sponsors), (FUNDS + 50, 2));
    });
}

#[test]
fn success_in_a_federation_that_ends_and_back_to_the_sponsors() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_ok!(fund_fees(FUNDS));
        skip(17);
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_eq!(Balances::free_balance(Bcfl::purse_account(0)), 0);
        assert_eq!(federation(0).left, FUNDS * 2);
        assert_ok!(send(&member(1), Call::refund { federation: 0, account: stranger() }));
        assert_eq!(Balances::free_balance(stranger()), ENDOWMENT);
        assert_eq!(Balances::free_balance(Bcfl::escrow_account(0)), 0);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(fund_fees(50), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closed_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_noop!(fund_fees(50), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_below_the_existential_deposit() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        for amount in [0, EXISTENTIAL_DEPOSIT - 1] {
            assert_noop!(fund_fees(amount), Error::<Test>::FundsTooSmall);
        }
        assert_ok!(fund_fees(EXISTENTIAL_DEPOSIT));
    });
}

#[test]
fn fails_for_payer_who_would_die() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(fund_fees(ENDOWMENT), TokenError::NotExpendable);
    });
}
