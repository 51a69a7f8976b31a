// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

fn abort(who: &AccountId32, round: RoundId) -> DispatchResult {
    send(who, Call::abort { federation: 0, round })
}

#[test]
fn success_for_the_coordinator_at_any_time() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(abort(&coordinator(), 0));
        assert_eq!(round(0).state, RoundState::Aborted);
        let federation = federation(0);
        assert_eq!((federation.open_round, federation.reserved), (None, 0));
        assert_eq!(federation.failed_rounds, 0);
        assert_eq!(participant(0), newcomer(STAKE));
        let aborted = Event::RoundAborted { federation: 0, round: 0, by_deadline: false };
        assert_eq!(events().last(), Some(&aborted));
    });
}

#[test]
fn success_for_anyone_after_the_deadline() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip_to(12);
        assert_ok!(abort(&stranger(), 0));
        assert_eq!(federation(0).failed_rounds, 1);
        let aborted = Event::RoundAborted { federation: 0, round: 0, by_deadline: true };
        assert_eq!(events().last(), Some(&aborted));
    });
}

#[test]
fn marks_the_coordinator_who_aborts_late() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip_to(12);
        assert_ok!(abort(&coordinator(), 0));
        assert_eq!(federation(0).failed_rounds, 1);
    });
}

#[test]
fn fails_for_others_until_the_deadline() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip_to(11);
        assert_noop!(abort(&stranger(), 0), Error::<Test>::SettleWindowOpen);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(abort(&coordinator(), 0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_unknown_round() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(abort(&coordinator(), 0), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_ended_round() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(abort(&coordinator(), 0));
        assert_noop!(abort(&coordinator(), 0), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn marks_the_coordinator_who_calls_off_a_round_with_commitments() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 1));
        assert_ok!(abort(&coordinator(), 0));
        assert_eq!((federation(0).failed_rounds, federation(0).failures_in_row), (1, 1));
    });
}

/// To open and call off for ever is to coordinate nothing: all but the first time count.
#[test]
fn marks_the_coordinator_who_calls_off_round_after_round() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for round in 0..4 {
            assert_ok!(open_round());
            assert_ok!(abort(&coordinator(), round));
            assert_eq!(federation(0).failures_in_row, round);
        }
        assert!(federation(0).needs_coordinator(&terms(), System::block_number()));
    });
}

#[test]
fn first_call_off_after_a_settled_round_is_no_failure() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(open_round());
        assert_ok!(abort(&coordinator(), 1));
        assert_eq!(federation(0).failed_rounds, 0);
    });
}
