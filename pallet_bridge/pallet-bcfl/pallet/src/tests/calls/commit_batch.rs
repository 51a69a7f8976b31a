// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::{Pair, H256};

use crate::{
    mock::{committee::signed, *},
    *,
};

fn refused(index: u8, reason: RefusalReason) -> Event<Test> {
    Event::CommitmentRefused { federation: 0, round: 0, account: member(index), reason }
}

fn scene() -> ExtBuilder {
    ExtBuilder::default().members(4).round()
}

#[test]
fn success() {
    scene().build_and_execute(|| {
        assert_ok!(commit_batch(0, vec![entry(0, 1, hash(8)), entry(0, 0, hash(9))]));
        let stored = Commitments::<Test>::get((0, 0, member(1)));
        assert_eq!(stored, Some(Commitment::new(hash(8), 10, 1, STAKE)));
        assert_eq!(round(0).commitments, 2);
        assert_eq!(events().len(), 6 + 1 + 2);
    });
}

#[test]
fn success_without_entries() {
    scene().build_and_execute(|| {
        assert_ok!(commit_batch(0, vec![]));
    });
}

#[test]
fn success_and_counts_the_quorum_after_the_last_entry() {
    scene().build_and_execute(|| {
        let entries = (0..4).map(|index| entry(0, index, hash(index))).collect();
        assert_ok!(commit_batch(0, entries));
        assert_eq!(round(0).sealed_at, Some(1));
        let sealed =
            Event::RoundSealed { federation: 0, round: 0, commitments: 4, stake: 4 * STAKE };
        assert_eq!(events().last(), Some(&sealed));
    });
}

#[test]
fn goes_on_after_a_refused_entry() {
    scene().build_and_execute(|| {
        let mut forged = entry(0, 0, hash(8));
        forged.commitment = hash(9);
        assert_ok!(commit_batch(0, vec![forged, entry(0, 1, hash(1))]));
        assert_eq!(round(0).commitments, 1);
        assert!(events().contains(&refused(0, RefusalReason::BadSignature)));
    });
}

#[test]
fn refuses_a_signature_for_another_round() {
    scene().build_and_execute(|| {
        assert_ok!(commit_batch(0, vec![entry(1, 0, hash(1))]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
    });
}

#[test]
fn refuses_a_signature_for_another_count_of_examples() {
    scene().build_and_execute(|| {
        let mut inflated = entry(0, 0, hash(1));
        inflated.num_examples = 11;
        assert_ok!(commit_batch(0, vec![inflated]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
    });
}

#[test]
fn refuses_a_copy_of_another_members_entry() {
    scene().build_and_execute(|| {
        let mut copied = entry(0, 0, hash(1));
        copied.account = member(1);
        assert_ok!(commit_batch(0, vec![copied]));
        assert_eq!(events().last(), Some(&refused(1, RefusalReason::BadSignature)));
    });
}

#[test]
fn refuses_a_stranger() {
    scene().build_and_execute(|| {
        assert_ok!(commit_batch(0, vec![entry(0, 7, hash(1))]));
        assert_eq!(events().last(), Some(&refused(7, RefusalReason::NotParticipant)));
    });
}

#[test]
fn refuses_unbonded_stake() {
    scene().build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(1))]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::StakeTooLow)));
    });
}

#[test]
fn refuses_a_suspended_member() {
    scene().build_and_execute(|| {
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(open_round());
        assert_ok!(commit_batch(1, vec![entry(1, 0, hash(1))]));
        let refused = Event::CommitmentRefused {
            federation: 0,
            round: 1,
            account: member(0),
            reason: RefusalReason::Suspended,
        };
        assert_eq!(events().last(), Some(&refused));
    });
}

#[test]
fn refuses_a_new_entry_after_the_window() {
    scene().build_and_execute(|| {
        skip(6);
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(1))]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::WindowClosed)));
    });
}

#[test]
fn refuses_a_duplicate_without_offence() {
    scene().build_and_execute(|| {
        let one = entry(0, 0, hash(1));
        assert_ok!(commit_batch(0, vec![one.clone(), one]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::Duplicate)));
        assert_eq!(participant(0).offences, 0);
    });
}

#[test]
fn records_an_equivocation() {
    scene().build_and_execute(|| {
        equivocate(0);
        let offence = Offence {
            kind: OffenceKind::Equivocation,
            stake: STAKE,
            amount: STAKE / 2,
            executable_at: 4,
            reporter: None,
            state: OffenceState::Pending,
        };
        assert_eq!(Offences::<Test>::get((0, 0, member(0))), Some(offence));
        let member = participant(0);
        assert_eq!((member.offences, member.pending_offences), (1, 1));
        assert!(member.is_suspended(System::block_number()));
        assert_eq!((round(0).commitments, round(0).pending_offences), (1, 1));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::Equivocation)));
    });
}

#[test]
fn records_an_equivocation_after_a_direct_commitment() {
    scene().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
        assert_eq!(participant(0).pending_offences, 1);
    });
}

#[test]
fn records_an_equivocation_after_the_seal() {
    scene().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        skip(10);
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
        assert_eq!(participant(0).pending_offences, 1);
    });
}

#[test]
fn records_one_offence_for_many_hashes() {
    scene().build_and_execute(|| {
        let entries = (0..5).map(|byte| entry(0, 0, hash(byte))).collect();
        assert_ok!(commit_batch(0, entries));
        assert_eq!((participant(0).offences, participant(0).pending_offences), (1, 1));
    });
}

#[test]
fn does_not_take_a_forged_second_hash_for_an_offence() {
    scene().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        let mut forged = entry(0, 0, hash(8));
        forged.commitment = hash(9);
        assert_ok!(commit_batch(0, vec![forged]));
        assert_eq!(participant(0).offences, 0);
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(commit_batch(0, vec![]), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    scene().build_and_execute(|| {
        let call = Call::commit_batch { federation: 0, round: 0, entries: Default::default() };
        assert_noop!(send(&member(0), call), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene().build_and_execute(|| {
        assert_noop!(commit_batch(1, vec![]), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_ended_round() {
    scene().build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_noop!(commit_batch(0, vec![]), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn fails_after_the_settlement_deadline() {
    scene().build_and_execute(|| {
        skip(11);
        assert_noop!(commit_batch(0, vec![]), Error::<Test>::SettleWindowClosed);
    });
}

/// An entry of member 0 over a binding that is not that of the round.
fn bound_to(change: impl FnOnce(&mut encoding::Binding), commitment: H256) -> BatchEntry {
    let mut binding = round(0).binding();
    change(&mut binding);
    let context = Bcfl::context((0, 0), &member(0));
    let message = encoding::statement(&context, &binding, commitment, 10);
    let signature = pair(10).sign(&message);
    BatchEntry { account: member(0), commitment, num_examples: 10, signature }
}

fn shown_something_else(commitment: H256) -> [BatchEntry; 3] {
    [
        bound_to(|binding| binding.base_model = hash(0xdd), commitment),
        bound_to(|binding| binding.terms_hash = hash(0x1d), commitment),
        bound_to(|binding| binding.coordinator = stranger(), commitment),
    ]
}

/// Who was shown another model, other terms or another coordinator has signed nothing.
#[test]
fn refuses_who_was_shown_something_else_and_proves_nothing_by_it() {
    scene().build_and_execute(|| {
        for entry in shown_something_else(hash(0x21)) {
            assert_ok!(commit_batch(0, vec![entry]));
            assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
        }
        assert_eq!(round(0).commitments, 0);
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0x22))]));
        for entry in shown_something_else(hash(0x21)) {
            let second = SignedCommitment {
                commitment: entry.commitment,
                num_examples: entry.num_examples,
                signature: entry.signature,
            };
            assert_ok!(commit_batch(0, vec![entry]));
            assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
            let first = signed(0, 0, hash(0x22));
            let proof = EquivocationProof::Commitments { account: member(0), first, second };
            let call = Call::report_equivocation { federation: 0, round: 0, proof };
            assert_noop!(send(&stranger(), call), Error::<Test>::ProofInvalid);
        }
        assert_eq!(participant(0).offences, 0);
    });
}

#[test]
fn consents_to_the_terms_of_the_round() {
    scene().build_and_execute(|| {
        Participants::<Test>::mutate(0, member(2), |member| {
            let member = member.as_mut().expect("there");
            (member.terms_version, member.exit_blocks) = (FIRST_TERMS - 1, 40);
        });
        assert_ok!(commit_batch(0, vec![entry(0, 2, hash(2))]));
        let signed = participant(2);
        assert_eq!((signed.terms_version, signed.exit_blocks), (FIRST_TERMS, 17));
        assert_eq!(signed.liable_until, 17);
    });
}

#[test]
fn refuses_more_examples_than_the_terms_or_the_vouchers_allow() {
    let limited = |terms: &mut Terms| terms.max_examples = 9;
    ExtBuilder::default().terms(limited).members(4).round().build_and_execute(|| {
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(1))]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::TooManyExamples)));
        // A forged claim is nobody's.
        let mut forged = entry(0, 0, hash(1));
        forged.num_examples = 5_000;
        assert_ok!(commit_batch(0, vec![forged]));
        assert_eq!(events().last(), Some(&refused(0, RefusalReason::BadSignature)));
    });
    scene().build_and_execute(|| {
        for (index, max_examples) in [(0, 9), (1, 10)] {
            Participants::<Test>::mutate(0, member(index), |member| {
                member.as_mut().expect("there").max_examples = max_examples;
            });
            assert_ok!(commit_batch(0, vec![entry(0, index, hash(1))]));
        }
        assert!(events().contains(&refused(0, RefusalReason::TooManyExamples)));
        assert_eq!(round(0).commitments, 1);
    });
}
