// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(test);
}

fn report(proof: EquivocationProof) -> DispatchResult {
    send(&stranger(), Call::report_equivocation { federation: 0, round: 0, proof })
}

fn two(index: u8, first: SignedCommitment, second: SignedCommitment) -> EquivocationProof {
    EquivocationProof::Commitments { account: member(index), first, second }
}

fn two_said(index: u8, first: SignedStatement, second: SignedStatement) -> EquivocationProof {
    EquivocationProof::Attestations { account: member(index), first, second }
}

fn unsigned(commitment: sp_core::H256) -> SignedCommitment {
    SignedCommitment { commitment, ..signed(0, 5, commitment) }
}

#[test]
fn success() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        let expected = Offence {
            kind: OffenceKind::Equivocation,
            stake: STAKE,
            amount: 250,
            executable_at: 4,
            reporter: Some(stranger()),
            state: OffenceState::Pending,
        };
        assert_eq!(offence(0, 0), Some(expected));
        assert_eq!((participant(0).pending_offences, round(0).pending_offences), (1, 1));
        assert!(participant(0).is_suspended(System::block_number()));
    });
}

#[test]
fn success_for_the_hash_on_chain_and_one_signature() {
    scene(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(report(two(0, unsigned(hash(0)), signed(0, 0, hash(9)))));
    });
}

#[test]
fn success_until_the_last_block_of_an_aborted_round() {
    scene(|| {
        abort(0);
        skip_to(11 + 3);
        assert_ok!(report_two(2, 0, 0));
    });
}

#[test]
fn success_until_the_last_block_of_the_dispute_window() {
    scene(|| {
        three_commit(0);
        assert_ok!(settle_root(0));
        skip_to(settlement(0).dispute_until);
        assert_ok!(report_two(2, 0, 0));
    });
}

#[test]
fn success_for_two_attestations() {
    with_committee(
        |_| {},
        || {
            let (first, second) =
                (signed_statement(0, 0, hash(8)), signed_statement(0, 0, hash(9)));
            assert_ok!(report(two_said(0, first, second)));
            let offence = offence(0, 0).expect("an offence");
            assert_eq!(offence.kind, OffenceKind::AttesterEquivocation);
            assert_eq!(offence.reporter, Some(stranger()));
            let seats = Committees::<Test>::get(0, 0).expect("a committee");
            let void: Vec<_> = seats.iter().filter(|seat| seat.is_void).collect();
            assert_eq!(void.len(), 1);
            assert_eq!(void[0].account, member(0));
        },
    );
}

#[test]
fn success_for_an_attestation_on_chain_and_another_signed() {
    with_committee(
        |_| {},
        || {
            assert_ok!(attest(0, 0, hash(8), 1));
            let first = SignedStatement { statement: hash(8), ..signed_statement(0, 1, hash(8)) };
            assert_ok!(report(two_said(0, first, signed_statement(0, 0, hash(9)))));
        },
    );
}

#[test]
fn seat_is_lost_even_after_another_offence() {
    with_committee(
        |_| {},
        || {
            assert_ok!(report_two(2, 0, 0));
            let proof =
                || two_said(0, signed_statement(0, 0, hash(8)), signed_statement(0, 0, hash(9)));
            assert_ok!(report(proof()));
            assert_eq!(offence(0, 0).map(|found| found.kind), Some(OffenceKind::Equivocation));
            assert_eq!(participant(0).pending_offences, 1);
            assert_noop!(report(proof()), Error::<Test>::AlreadyReported);
        },
    );
}

#[test]
fn reporter_who_decides_or_offends_is_not_noted() {
    for who in [1, 10] {
        scene(|| {
            assert_ok!(report_two(who, 0, 0));
            assert_eq!(offence(0, 0).map(|found| found.reporter), Some(None));
        });
    }
}

#[test]
fn takes_the_place_of_a_milder_offence() {
    let strict = |terms: &mut Terms| terms.strikes_to_slash = 1;
    ExtBuilder::default().terms(strict).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_eq!(offence(0, 0).map(|found| found.amount), Some(100));
        assert_ok!(dispute(0, 0));
        assert_ok!(report_two(2, 0, 0));
        let found = offence(0, 0).expect("an offence");
        assert_eq!((found.kind, found.amount), (OffenceKind::Equivocation, 250));
        assert_eq!(found.state, OffenceState::Pending);
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
        let Participant { offences, pending_offences, .. } = participant(0);
        assert_eq!((offences, pending_offences, round(0).pending_offences), (1, 1, 1));
    });
}

#[test]
fn does_not_take_the_place_of_a_graver_offence() {
    let strict = |terms: &mut Terms| {
        terms.strikes_to_slash = 1;
        terms.slash.outlier_base = percent(60);
    };
    ExtBuilder::default().terms(strict).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn does_not_take_the_place_of_an_upheld_offence() {
    let strict = |terms: &mut Terms| terms.strikes_to_slash = 1;
    ExtBuilder::default().terms(strict).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(report_two(2, 0, 0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene(|| {
        assert_noop!(report_two(2, 1, 0), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_after_the_window() {
    scene(|| {
        skip_to(11 + 4);
        assert_noop!(report_two(2, 0, 0), Error::<Test>::ReportWindowClosed);
    });
    scene(|| {
        three_commit(0);
        assert_ok!(settle_root(0));
        skip_to(settlement(0).dispute_until + 1);
        assert_noop!(report_two(2, 0, 0), Error::<Test>::ReportWindowClosed);
    });
}

#[test]
fn fails_for_one_thing_said_twice() {
    scene(|| {
        let proof = two(0, signed(0, 0, hash(8)), signed(0, 0, hash(8)));
        assert_noop!(report(proof), Error::<Test>::NotAnOffence);
    });
    with_committee(
        |_| {},
        || {
            for other in [hash(8), sp_core::H256::zero()] {
                let proof =
                    two_said(0, signed_statement(0, 0, hash(8)), signed_statement(0, 0, other));
                assert_noop!(report(proof), Error::<Test>::NotAnOffence);
            }
        },
    );
}

#[test]
fn fails_for_signatures_of_others_or_from_elsewhere() {
    scene(|| {
        let good = || signed(0, 0, hash(8));
        let wrong_examples = SignedCommitment { num_examples: 11, ..signed(0, 0, hash(9)) };
        for bad in [signed(0, 1, hash(9)), signed(1, 0, hash(9)), wrong_examples] {
            assert_noop!(report(two(0, good(), bad.clone())), Error::<Test>::ProofInvalid);
            assert_noop!(report(two(0, bad, good())), Error::<Test>::ProofInvalid);
        }
    });
    with_committee(
        |_| {},
        || {
            let good = || signed_statement(0, 0, hash(8));
            for bad in [signed_statement(0, 1, hash(9)), signed_statement(1, 0, hash(9))] {
                assert_noop!(report(two_said(0, good(), bad)), Error::<Test>::ProofInvalid);
            }
        },
    );
}

#[test]
fn fails_for_stranger() {
    scene(|| {
        assert_noop!(report_two(2, 0, 7), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_attestations_without_seat() {
    scene(|| {
        let proof = two_said(0, signed_statement(0, 0, hash(8)), signed_statement(0, 0, hash(9)));
        assert_noop!(report(proof), Error::<Test>::NotSeated);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_after_a_batch_recorded_it() {
    scene(|| {
        equivocate(0);
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_after_the_slash() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_after_it_was_overturned() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, false));
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
    });
}
