// SPDX-License-Identifier: Apache-2.0

use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

fn refund(account: AccountId32) -> DispatchResult {
    send(&member(9), Call::refund { federation: 0, account })
}

fn fund(who: &AccountId32, amount: Balance) {
    assert_ok!(send(who, Call::fund { federation: 0, amount }));
}

/// Close the federation, and finish that.
fn close() {
    assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
    skip(17);
    assert_ok!(send(&stranger(), Call::close { federation: 0 }));
}

#[test]
fn success_in_proportion_to_what_each_paid() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        fund(&stranger(), 3 * FUNDS);
        fund(&member(0), FUNDS / 2);
        // A ninth of it was spent.
        let spent = FUNDS / 2;
        let escrow = Bcfl::escrow_account(0);
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &escrow,
            &member(8),
            spent,
            Preservation::Preserve,
        ));
        close();
        assert_eq!(federation(0).left, 4 * FUNDS);
        let part = |paid: Balance| 4 * FUNDS * paid / (9 * FUNDS / 2);
        let before = Balances::free_balance(stranger());
        assert_ok!(refund(stranger()));
        assert_eq!(Balances::free_balance(stranger()) - before, part(3 * FUNDS));
        let refunded =
            Event::Refunded { federation: 0, account: stranger(), amount: part(3 * FUNDS) };
        assert_eq!(events().last(), Some(&refunded));
        let founder = Balances::free_balance(coordinator());
        assert_ok!(refund(member(0)));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - FUNDS / 2 + part(FUNDS / 2));
        // What rounding left, and the existential deposit, are the founder's.
        let rest = 4 * FUNDS - part(3 * FUNDS) - part(FUNDS) - part(FUNDS / 2);
        let returned = rest + EXISTENTIAL_DEPOSIT;
        assert_eq!(Balances::free_balance(coordinator()) - founder, returned);
        assert_eq!(Balances::free_balance(escrow), 0);
        assert_eq!(federation(0).sponsors, 0);
    });
}

#[test]
fn success_without_an_account_that_takes_it() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let poor = account(77);
        let gift = 30;
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &member(8),
            &poor,
            gift,
            Preservation::Preserve
        ));
        fund(&poor, 20);
        let escrow = Bcfl::escrow_account(0);
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &escrow,
            &member(8),
            FUNDS,
            Preservation::Preserve,
        ));
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &poor,
            &member(8),
            10,
            Preservation::Expendable,
        ));
        close();
        assert_ok!(refund(poor.clone()));
        assert_eq!(Balances::free_balance(&poor), 0);
        assert!(events().contains(&Event::Refunded { federation: 0, account: poor, amount: 0 }));
        assert_eq!(Balances::free_balance(escrow), 0);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(refund(stranger()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_before_the_end() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(refund(coordinator()), Error::<Test>::FederationNotClosed);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(refund(coordinator()), Error::<Test>::FederationNotClosed);
    });
}

#[test]
fn fails_for_others_and_twice() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        fund(&stranger(), 100);
        close();
        assert_noop!(refund(member(0)), Error::<Test>::NotSponsor);
        // The founder got its part with the end.
        assert_noop!(refund(coordinator()), Error::<Test>::NotSponsor);
        assert_ok!(refund(stranger()));
        assert_noop!(refund(stranger()), Error::<Test>::NotSponsor);
    });
}
