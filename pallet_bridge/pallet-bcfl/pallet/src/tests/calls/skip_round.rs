// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::committee::*, mock::*, *};

fn skip_round(who: &AccountId32) -> DispatchResult {
    send(who, Call::skip_round { federation: 0 })
}

#[test]
fn success() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(6);
        let liable = federation(0).liable_until;
        assert_ok!(skip_round(&coordinator()));
        let skipped = round(1);
        assert!(skipped.is_skipped() && !round(0).is_skipped());
        assert_eq!((skipped.state, skipped.base_model), (RoundState::Aborted, H256::zero()));
        assert_eq!((skipped.opened_at, skipped.settle_until, skipped.ended_at), (7, 7, Some(7)));
        let after = federation(0);
        assert_eq!((after.next_round, after.open_round, after.reserved), (2, None, 0));
        assert_eq!((after.failed_rounds, after.failures_in_row), (1, 1));
        // Nothing is opened, so nobody is liable longer, and idleness is not hidden.
        assert_eq!((after.liable_until, after.model), (liable, Some(MODEL)));
        let skipped = Event::RoundSkipped { federation: 0, round: 1 };
        assert_eq!(events().last(), Some(&skipped));
        assert_ok!(open_round());
        assert_eq!(federation(0).open_round, Some(2));
    });
}

#[test]
fn skipped_number_takes_no_commitment_settlement_or_abort() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        assert_ok!(skip_round(&coordinator()));
        assert_noop!(commit(0, 0), Error::<Test>::RoundNotOpen);
        assert_noop!(settle(0, vec![]), Error::<Test>::RoundNotOpen);
        let call = Call::abort { federation: 0, round: 0 };
        assert_noop!(send(&coordinator(), call), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn who_skips_for_ever_may_be_replaced() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for _ in 0..terms().max_failed_rounds {
            assert!(!federation(0).needs_coordinator(&terms(), System::block_number()));
            assert_ok!(skip_round(&coordinator()));
        }
        assert!(federation(0).needs_coordinator(&terms(), System::block_number()));
    });
}

/// To call off and skip must not bring another committee than to call off alone.
#[test]
fn committee_of_a_round_that_was_called_off_sits_again_after_it() {
    with_committee(
        |terms| terms.committee_size = 2,
        || {
            for index in [1, 2] {
                assert_ok!(attest(0, index, hash(9), 1));
            }
            finish(0);
            skip(1);
            next_sealed();
            let seats = seated(1);
            // A reveal would change the next draw.
            assert_ok!(attest(1, seats[0], hash(9), 2));
            abort(1);
            for _ in 0..3 {
                skip(1);
                assert_ok!(skip_round(&coordinator()));
            }
            assert_eq!(next_sealed(), 5);
            assert_eq!(seated(5), seats);
            let seats = Committees::<Test>::get(0, 5).expect("a committee");
            assert!(seats.iter().all(|seat| seat.said.is_none()));
        },
    );
}

#[test]
fn fails_for_unknown_federation_and_closing_one() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(skip_round(&coordinator()), Error::<Test>::FederationNotFound);
    });
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(skip_round(&coordinator()), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(skip_round(&member(0)), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_while_a_round_is_open() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(skip_round(&coordinator()), Error::<Test>::RoundInProgress);
    });
}
