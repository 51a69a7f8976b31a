// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

const BONDED: Balance = 350;

fn scene() -> ExtBuilder {
    ExtBuilder::default().terms(|terms| terms.coordinator_bond = BONDED).members(3)
}

fn withdraw(who: &AccountId32) -> DispatchResult {
    send(who, Call::withdraw_bond { federation: 0 })
}

fn replace_by(who: &AccountId32, account: AccountId32) {
    assert_ok!(send(who, Call::replace_coordinator { federation: 0, account }));
}

#[test]
fn success_for_one_who_was_replaced_once_its_rounds_are_beyond_reports() {
    scene().build_and_execute(|| {
        skip(2);
        assert_ok!(open_round());
        replace_by(&coordinator(), stranger());
        // Settled by block 13, reported until 16, and as long again for the slashes.
        let bond = Bond { amount: BONDED, free_at: Some(20) };
        assert_eq!(Bonds::<Test>::get(0, coordinator()), Some(bond));
        skip_to(19);
        assert_noop!(withdraw(&coordinator()), Error::<Test>::BondNotFree);
        skip_to(20);
        assert_ok!(withdraw(&coordinator()));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 0);
        assert_eq!(Bonds::<Test>::get(0, coordinator()), None);
        let released =
            Event::BondReleased { federation: 0, account: coordinator(), amount: BONDED };
        assert_eq!(events().last(), Some(&released));
        assert_noop!(withdraw(&coordinator()), Error::<Test>::NothingToWithdraw);
    });
}

#[test]
fn bond_of_one_who_returns_is_bound_again() {
    scene().build_and_execute(|| {
        replace_by(&coordinator(), stranger());
        replace_by(&stranger(), coordinator());
        let bond = Bond { amount: BONDED, free_at: None };
        assert_eq!(Bonds::<Test>::get(0, coordinator()), Some(bond));
        skip(500);
        assert_noop!(withdraw(&coordinator()), Error::<Test>::BondNotFree);
        assert_ok!(open_round());
    });
}

#[test]
fn one_who_replaces_itself_frees_nothing() {
    scene().build_and_execute(|| {
        replace_by(&coordinator(), coordinator());
        skip(500);
        assert_noop!(withdraw(&coordinator()), Error::<Test>::BondNotFree);
    });
}

#[test]
fn success_when_the_closing_time_is_over_and_for_ever() {
    scene().build_and_execute(|| {
        replace_by(&coordinator(), stranger());
        assert_ok!(send(&stranger(), Call::post_bond { federation: 0, amount: 20 }));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        let FederationState::Closing { ends } = federation(0).state else { panic!("closing") };
        skip_to(ends - 1);
        assert_noop!(withdraw(&stranger()), Error::<Test>::BondNotFree);
        skip_to(ends);
        assert_ok!(withdraw(&stranger()));
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_eq!(federation(0).state, FederationState::Closed);
        skip(10_000);
        assert_ok!(withdraw(&coordinator()));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 0);
    });
}

#[test]
fn fails_for_the_coordinator_and_for_one_without_bond() {
    scene().build_and_execute(|| {
        assert_noop!(withdraw(&coordinator()), Error::<Test>::BondNotFree);
        assert_noop!(withdraw(&member(0)), Error::<Test>::NothingToWithdraw);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(withdraw(&coordinator()), Error::<Test>::FederationNotFound);
    });
}
