// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, Outcome::*, *};

fn prune(round: RoundId, limit: u32) -> DispatchResult {
    send(&stranger(), Call::prune { federation: 0, round, limit })
}

fn pruned(removed: u32, left: u32) -> Event<Test> {
    Event::RoundPruned { federation: 0, round: 0, removed, left }
}

/// Round 0 is settled, and its retention over.
fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip_to(round(0).settle_until + terms().retention_blocks + 1);
        test();
    });
}

#[test]
fn success_step_by_step() {
    scene(|| {
        assert_ok!(prune(0, 2));
        assert_eq!(round(0).stored, 1);
        assert_eq!(events().last(), Some(&pruned(2, 1)));
        assert_ok!(prune(0, 2));
        assert_eq!(Commitments::<Test>::iter().count(), 0);
        assert_eq!((round(0).stored, round(0).commitments), (0, 3));
        assert_noop!(prune(0, 2), Error::<Test>::NothingToPrune);
    });
}

#[test]
fn success_expires_what_was_not_claimed() {
    scene(|| {
        assert_eq!(federation(0).owed, 300);
        assert_ok!(prune(0, 9));
        assert_eq!(federation(0).owed, 0);
        let expired = Event::RoundExpired { federation: 0, round: 0, returned: 300 };
        assert!(events().contains(&expired));
    });
}

#[test]
fn success_for_an_aborted_round_with_its_decided_offence() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 1));
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        skip(40);
        assert_noop!(prune(0, 9), Error::<Test>::RoundOffencesPending);
        assert_ok!(execute(0, 0));
        assert_ok!(prune(0, 9));
        assert_eq!(events().last(), Some(&pruned(3, 0)));
        assert_eq!(Offences::<Test>::iter().count(), 0);
    });
}

#[test]
fn proofs_hold_after_pruning() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let proven = settle_by_root(0, vec![leaf(0, Accepted, 300), leaf(1, Rejected, 0)]);
        skip_to(round(0).settle_until + terms().retention_blocks + 1);
        assert_ok!(prune(0, 9));
        for one in &proven {
            assert_eq!(Bcfl::is_in_root(&settlement(0), one), Ok(true));
        }
    });
}

#[test]
fn fails_before_the_retention_is_over() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip_to(round(0).settle_until + terms().retention_blocks);
        assert_noop!(prune(0, 9), Error::<Test>::RetentionNotOver);
    });
}

#[test]
fn fails_for_an_open_round() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        skip(100);
        assert_noop!(prune(0, 9), Error::<Test>::RoundInProgress);
    });
}

#[test]
fn fails_for_no_limit() {
    scene(|| {
        assert_noop!(prune(0, 0), Error::<Test>::ZeroAmount);
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(prune(0, 1), Error::<Test>::FederationNotFound);
    });
    scene(|| {
        assert_noop!(prune(1, 1), Error::<Test>::RoundNotFound);
    });
}
