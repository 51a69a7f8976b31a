// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn success() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        skip_to(9);
        assert_ok!(open_round());
        let opened = round(0);
        assert_eq!((opened.state, opened.base_model), (RoundState::Open, hash(0xba)));
        assert_eq!((opened.opened_at, opened.commit_until, opened.settle_until), (9, 14, 19));
        assert_eq!((opened.commitments, opened.sealed_at, opened.settlement), (0, None, None));
        let federation = federation(0);
        assert_eq!((federation.open_round, federation.next_round), (Some(0), 1));
        assert_eq!(federation.reserved, 300);
        let opened = Event::RoundOpened {
            federation: 0,
            round: 0,
            base_model: hash(0xba),
            terms_version: FIRST_TERMS,
            commit_until: 14,
            settle_until: 19,
        };
        assert_eq!(events().last(), Some(&opened));
    });
}

#[test]
fn success_with_the_last_coin() {
    let reward = |terms: &mut Terms| terms.round_reward = FUNDS;
    ExtBuilder::default().terms(reward).members(0).build_and_execute(|| {
        assert_ok!(open_round());
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(open_round(), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(open_round(), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        let call = Call::open_round { federation: 0, base_model: hash(1) };
        assert_noop!(send(&member(0), call), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_for_second_open_round() {
    ExtBuilder::default().members(0).round().build_and_execute(|| {
        assert_noop!(open_round(), Error::<Test>::RoundInProgress);
    });
}

#[test]
fn fails_for_short_escrow() {
    let reward = |terms: &mut Terms| terms.round_reward = FUNDS + 1;
    ExtBuilder::default().terms(reward).members(0).build_and_execute(|| {
        assert_noop!(open_round(), Error::<Test>::EscrowShort);
    });
}

#[test]
fn fails_for_escrow_that_owes_credits() {
    let reward = |terms: &mut Terms| terms.round_reward = FUNDS - 300;
    ExtBuilder::default().terms(reward).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_eq!(federation(0).owed, FUNDS - 300);
        assert_noop!(open_round(), Error::<Test>::EscrowShort);
    });
}

fn open_on(base_model: sp_core::H256) -> sp_runtime::DispatchResult {
    send(&coordinator(), Call::open_round { federation: 0, base_model })
}

#[test]
fn fails_for_another_model_than_that_of_the_last_settled_round() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        // The first round starts from any.
        assert_eq!(federation(0).model, None);
        assert_ok!(open_on(hash(0x31)));
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Outcome::Accepted)]));
        for other in [hash(0x31), hash(0x32), Default::default()] {
            assert_noop!(open_on(other), Error::<Test>::ModelNotContinued);
        }
        assert_ok!(open_on(MODEL));
    });
}

#[test]
fn round_that_is_called_off_changes_no_model() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(open_on(MODEL));
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 1 }));
        assert_noop!(open_on(hash(0x33)), Error::<Test>::ModelNotContinued);
        assert_ok!(open_on(MODEL));
    });
}

#[test]
fn fails_for_a_bond_below_the_terms() {
    let bonded = |terms: &mut Terms| terms.coordinator_bond = 900;
    ExtBuilder::default().terms(bonded).members(1).build_and_execute(|| {
        let account = stranger();
        assert_ok!(send(&coordinator(), Call::replace_coordinator { federation: 0, account }));
        let open = || Call::open_round { federation: 0, base_model: hash(4) };
        assert_noop!(send(&stranger(), open()), Error::<Test>::BondShort);
        assert_ok!(send(&stranger(), Call::post_bond { federation: 0, amount: 899 }));
        assert_noop!(send(&stranger(), open()), Error::<Test>::BondShort);
        assert_ok!(send(&stranger(), Call::post_bond { federation: 0, amount: 1 }));
        assert_ok!(send(&stranger(), open()));
        assert_eq!(round(0).coordinator, stranger());
    });
}
