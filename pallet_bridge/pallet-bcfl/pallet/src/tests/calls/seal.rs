// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

fn seal(round: RoundId) -> DispatchResult {
    send(&stranger(), Call::seal { federation: 0, round })
}

#[test]
fn success_after_the_window() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        skip_to(round(0).commit_until + 1);
        assert_ok!(seal(0));
        assert_eq!(round(0).sealed_at, Some(7));
        let sealed = Event::RoundSealed { federation: 0, round: 0, commitments: 1, stake: STAKE };
        assert_eq!(events().last(), Some(&sealed));
    });
}

#[test]
fn fails_in_the_window() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        skip_to(round(0).commit_until);
        assert_noop!(seal(0), Error::<Test>::RoundNotSealed);
    });
}

#[test]
fn fails_after_the_quorum() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_noop!(seal(0), Error::<Test>::AlreadySealed);
    });
}

#[test]
fn fails_for_the_second_time() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        skip_to(7);
        assert_ok!(seal(0));
        assert_noop!(seal(0), Error::<Test>::AlreadySealed);
    });
}

#[test]
fn fails_for_unknown_federation_and_round_and_for_an_ended_round() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(seal(0), Error::<Test>::FederationNotFound);
    });
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(seal(1), Error::<Test>::RoundNotFound);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_noop!(seal(0), Error::<Test>::RoundNotOpen);
    });
}
