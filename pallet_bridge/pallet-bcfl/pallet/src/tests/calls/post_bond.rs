// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult, TokenError};

use crate::{mock::*, *};

fn post(who: &AccountId32, federation: FederationId, amount: Balance) -> DispatchResult {
    send(who, Call::post_bond { federation, amount })
}

#[test]
fn success_adds_to_what_is_there() {
    let bonded = |terms: &mut Terms| terms.coordinator_bond = 210;
    ExtBuilder::default().terms(bonded).members(0).build_and_execute(|| {
        assert_ok!(post(&coordinator(), 0, 33));
        let bond = Bond { amount: 243, free_at: None };
        assert_eq!(Bonds::<Test>::get(0, coordinator()), Some(bond));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 243);
        let posted = Event::BondPosted { federation: 0, account: coordinator(), amount: 33 };
        assert_eq!(events().last(), Some(&posted));
    });
}

#[test]
fn success_where_the_terms_ask_for_none() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_eq!(Bonds::<Test>::get(0, coordinator()), None);
        assert_ok!(post(&coordinator(), 0, 5));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 5);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(post(&coordinator(), 0, 5), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(post(&coordinator(), 0, 5), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(post(&member(0), 0, 5), Error::<Test>::NotCoordinator);
        let account = stranger();
        assert_ok!(send(&coordinator(), Call::replace_coordinator { federation: 0, account }));
        assert_noop!(post(&coordinator(), 0, 5), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_for_nothing_and_for_more_than_there_is() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(post(&coordinator(), 0, 0), Error::<Test>::ZeroAmount);
        assert_noop!(post(&coordinator(), 0, ENDOWMENT), TokenError::FundsUnavailable);
    });
}
