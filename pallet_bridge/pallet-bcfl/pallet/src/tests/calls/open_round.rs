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
