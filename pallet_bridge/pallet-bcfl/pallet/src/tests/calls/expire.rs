// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, Outcome::*, *};

fn expire(round: RoundId) -> DispatchResult {
    send(&stranger(), Call::expire { federation: 0, round })
}

#[test]
fn success_returns_what_nobody_claimed() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(4);
        assert_ok!(claim(1, &[0]));
        skip_to(settlement(0).claim_until + 1);
        assert_ok!(expire(0));
        assert_eq!((federation(0).owed, settlement(0).unpaid), (0, 0));
        assert!(settlement(0).expired);
        assert_eq!(Bcfl::escrow_funds(0), FUNDS - 150);
        let expired = Event::RoundExpired { federation: 0, round: 0, returned: 150 };
        assert_eq!(events().last(), Some(&expired));
    });
}

#[test]
fn success_for_leaves_that_are_withheld() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let proven = settle_by_root(0, vec![leaf(0, Accepted, 200), leaf(1, Accepted, 100)]);
        skip_to(settlement(0).claim_until + 1);
        assert_ok!(expire(0));
        assert_eq!((federation(0).owed, settlement(0).left), (0, Totals::default()));
        assert_noop!(apply(0, &proven[0]), Error::<Test>::RoundExpired);
    });
}

#[test]
fn fails_before_the_deadline() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip_to(settlement(0).claim_until);
        assert_noop!(expire(0), Error::<Test>::ClaimsOpen);
    });
}

#[test]
fn fails_while_an_offence_waits() {
    ExtBuilder::default().terms(|terms| terms.strikes_to_slash = 1).members(3).build_and_execute(
        || {
            round_that_rejects_member_0();
            skip(20);
            assert_noop!(expire(0), Error::<Test>::RoundOffencesPending);
            assert_ok!(execute(0, 0));
            assert_ok!(expire(0));
        },
    );
}

#[test]
fn fails_for_the_second_time() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(20);
        assert_ok!(expire(0));
        assert_noop!(expire(0), Error::<Test>::RoundExpired);
    });
}

#[test]
fn fails_for_unknown_federation_and_round_and_for_an_open_round() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(expire(0), Error::<Test>::FederationNotFound);
    });
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(expire(1), Error::<Test>::RoundNotFound);
        assert_noop!(expire(0), Error::<Test>::RoundNotSettled);
    });
}
