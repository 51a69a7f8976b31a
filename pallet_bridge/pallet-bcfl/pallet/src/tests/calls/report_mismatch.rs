// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{AccountId32, DispatchResult};

use crate::{encoding::Leaf, mock::committee::*, mock::*, Outcome::*, *};

/// The leaves of a settlement that says that member 1 revealed this.
fn leaves(revealed: H256) -> Vec<Leaf> {
    let lied = Leaf { revealed, ..leaf(1, Rejected, 0) };
    vec![leaf(0, Accepted, 120), lied, leaf(2, Accepted, 180)]
}

/// Settle round 0 with these leaves once these seats attested them. Returns that of member 1.
fn settled_with(leaves: Vec<Leaf>, seats: &[u8]) -> ProvenLeaf {
    let (root, _) = prove(leaves.clone());
    for index in seats {
        assert_ok!(attest(0, *index, statement(0, root), 1));
    }
    let proven = settle_by_root(0, leaves);
    proven.into_iter().find(|proven| proven.leaf.account == member(1)).expect("a leaf")
}

/// Three attesters commit in round 0. Settlements need no word of theirs; the reports do.
fn scene(test: impl FnOnce()) {
    with_committee(|_| {}, test);
}

fn report_by(who: &AccountId32, proven: &ProvenLeaf) -> DispatchResult {
    let ProvenLeaf { leaf, index, proof } = proven.clone();
    send(who, Call::report_mismatch { federation: 0, round: 0, leaf, index, proof })
}

fn report(proven: &ProvenLeaf) -> DispatchResult {
    report_by(&stranger(), proven)
}

#[test]
fn success_where_a_quorum_attested() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x99)), &[0, 2]);
        skip(2);
        assert_ok!(report(&proven));
        // 40 % of 600.
        let recorded = Offence {
            kind: OffenceKind::Mismatch,
            stake: 600,
            amount: 240,
            executable_at: 7,
            reporter: Some(stranger()),
            state: OffenceState::Pending,
        };
        assert_eq!(offence(0, 1), Some(recorded));
        assert_eq!((participant(1).pending_offences, round(0).pending_offences), (1, 1));
        skip(3);
        let before = Balances::free_balance(stranger());
        assert_ok!(execute(0, 1));
        assert_eq!(participant(1).active, 360);
        assert_eq!(Balances::free_balance(stranger()), before + 48);
    });
}

#[test]
fn success_for_a_list() {
    scene(|| {
        let weigh = |index| Verdict {
            revealed: if index == 1 { hash(0x98) } else { hash(index) },
            ..verdict(index, if index == 1 { Rejected } else { Accepted })
        };
        let root = {
            let leaf = |index: u8, reward| {
                let Verdict { revealed, outcome, score, reason, .. } = weigh(index);
                let strikes = u32::from(index == 1);
                Leaf { revealed, score, reason, strikes, ..leaf(index, outcome, reward) }
            };
            prove(vec![leaf(0, 150), leaf(1, 0), leaf(2, 150)])
        };
        for index in [1, 2] {
            assert_ok!(attest(0, index, statement(0, root.0), 1));
        }
        assert_ok!(settle(0, (0..3).map(weigh).collect()));
        assert_eq!(settlement(0).root, root.0);
        let lied = root.1.into_iter().find(|one| one.leaf.account == member(1)).expect("a leaf");
        assert_ok!(report(&lied));
        assert_eq!(offence(0, 1).map(|offence| offence.kind), Some(OffenceKind::Mismatch));
    });
}

#[test]
fn success_with_words_that_came_after_the_settlement() {
    scene(|| {
        let (root, _) = prove(leaves(hash(0x97)));
        let proven = settled_with(leaves(hash(0x97)), &[]);
        assert_ok!(attest(0, 0, statement(0, root), 1));
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
        assert_ok!(attest(0, 1, statement(0, root), 1));
        assert_ok!(report(&proven));
    });
}

#[test]
fn neither_the_coordinator_nor_the_accused_is_noted_as_reporter() {
    for who in [coordinator(), member(1)] {
        scene(|| {
            let proven = settled_with(leaves(hash(0x96)), &[0, 2]);
            assert_ok!(report_by(&who, &proven));
            assert_eq!(offence(0, 1).map(|offence| offence.reporter), Some(None));
        });
    }
}

#[test]
fn fails_on_the_word_of_the_coordinator_alone() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x95)), &[]);
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
    });
}

#[test]
fn fails_below_the_quorum_and_with_a_void_seat() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x94)), &[2]);
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
    });
    scene(|| {
        let proven = settled_with(leaves(hash(0x94)), &[0, 2]);
        // A second word of a seat.
        assert_ok!(attest(0, 2, hash(1), 2));
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
    });
}

#[test]
fn fails_where_the_committee_attested_something_else() {
    scene(|| {
        let (root, _) = prove(leaves(hash(1)));
        for index in [0, 2] {
            assert_ok!(attest(0, index, statement(0, root), 1));
        }
        let proven = settled_with(leaves(hash(0x93)), &[]);
        assert_noop!(report(&proven), Error::<Test>::NotAttested);
    });
}

#[test]
fn fails_for_what_fits_and_for_nothing_revealed() {
    for revealed in [hash(1), H256::zero()] {
        scene(|| {
            let proven = settled_with(leaves(revealed), &[0, 1]);
            assert_noop!(report(&proven), Error::<Test>::NotAnOffence);
        });
    }
}

#[test]
fn fails_for_another_commitment_than_the_members() {
    scene(|| {
        let other = Leaf { commitment: hash(0x66), ..leaf(1, Rejected, 0) };
        let all = vec![leaf(0, Accepted, 120), other, leaf(2, Accepted, 180)];
        let proven = settled_with(all, &[0, 2]);
        assert_noop!(report(&proven), Error::<Test>::NotCommitted);
    });
}

#[test]
fn fails_for_a_leaf_that_is_not_in_the_root() {
    scene(|| {
        let proven = settled_with(leaves(hash(1)), &[0, 2]);
        let forged = Leaf { revealed: hash(0x92), ..proven.leaf.clone() };
        let forged = ProvenLeaf { leaf: forged, ..proven.clone() };
        assert_noop!(report(&forged), Error::<Test>::ProofInvalid);
        let elsewhere = ProvenLeaf { index: proven.index + 1, ..proven };
        assert_noop!(report(&elsewhere), Error::<Test>::ProofInvalid);
    });
}

#[test]
fn fails_after_the_window() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x91)), &[0, 2]);
        skip_to(settlement(0).dispute_until + 1);
        assert_noop!(report(&proven), Error::<Test>::ReportWindowClosed);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x90)), &[0, 2]);
        assert_ok!(report(&proven));
        assert_noop!(report(&proven), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_for_one_who_left() {
    scene(|| {
        let proven = settled_with(leaves(hash(0x8f)), &[0, 2]);
        Participants::<Test>::remove(0, member(1));
        let call = {
            let ProvenLeaf { leaf, index, proof } = proven;
            Call::report_mismatch { federation: 0, round: 0, leaf, index, proof }
        };
        // Restored below: the invariants are checked at the end.
        assert_noop!(send(&stranger(), call), Error::<Test>::NotParticipant);
        Participants::<Test>::insert(0, member(1), newcomer(600));
    });
}

#[test]
fn fails_for_unknown_federation_and_round_and_without_settlement() {
    scene(|| {
        let (_, proven) = prove(leaves(hash(0x8e)));
        let ProvenLeaf { leaf, index, proof } = proven[1].clone();
        let report = |federation, round| {
            let (leaf, proof) = (leaf.clone(), proof.clone());
            let call = Call::report_mismatch { federation, round, leaf, index, proof };
            send(&stranger(), call)
        };
        assert_noop!(report(1, 0), Error::<Test>::FederationNotFound);
        assert_noop!(report(0, 1), Error::<Test>::RoundNotFound);
        assert_noop!(report(0, 0), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn fails_for_a_voided_round() {
    scene(|| {
        let stray = Leaf { commitment: hash(0x55), ..leaf(0, Accepted, 120) };
        let lied = Leaf { revealed: hash(0x8d), ..leaf(1, Rejected, 0) };
        let all = vec![stray, lied, leaf(2, Accepted, 180)];
        let (_, all_proven) = prove(all.clone());
        let proven = settled_with(all, &[0, 2]);
        let bad = all_proven.into_iter().find(|one| one.leaf.account == member(0)).expect("one");
        let proof = BadRoot::NotCommitted(bad);
        assert_ok!(send(&stranger(), Call::report_bad_root { federation: 0, round: 0, proof }));
        assert_noop!(report(&proven), Error::<Test>::RoundVoided);
    });
}
