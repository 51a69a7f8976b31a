// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::DispatchResult;

use crate::{
    encoding::{commitment_hash, Leaf},
    mock::committee::*,
    mock::*,
    Outcome::*,
    *,
};

const OPENING: Opening =
    Opening { update_digest: H256::repeat_byte(0x51), num_examples: 10, salt: [7; 32] };

fn hidden(index: u8) -> H256 {
    let Opening { update_digest, num_examples, salt } = OPENING;
    commitment_hash(&Bcfl::context((0, 0), &member(index)), update_digest, num_examples, salt)
}

fn leaf_with(index: u8, digest: H256) -> Leaf {
    Leaf { commitment: hidden(index), digest, ..leaf(index, Accepted, 100) }
}

/// Members 0, 1 and 2 committed to [`OPENING`]; the settlement names this digest for member 0.
fn settled_with(digest: H256) -> ProvenLeaf {
    for index in 0..3 {
        let commitment = hidden(index);
        let call = Call::commit { federation: 0, round: 0, commitment, num_examples: 10 };
        assert_ok!(send(&member(index), call));
    }
    let others = (1..3).map(|index| leaf_with(index, OPENING.update_digest));
    let leaves = std::iter::once(leaf_with(0, digest)).chain(others).collect();
    let proven = settle_by_root(0, leaves);
    proven.into_iter().find(|proven| proven.leaf.account == member(0)).expect("a leaf")
}

fn report(proven: &ProvenLeaf, opening: Opening) -> DispatchResult {
    let ProvenLeaf { leaf, index, proof } = proven.clone();
    let call = Call::report_mismatch { federation: 0, round: 0, leaf, index, proof, opening };
    send(&stranger(), call)
}

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(test);
}

#[test]
fn success() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        assert_ok!(report(&proven, OPENING));
        let expected = Offence {
            kind: OffenceKind::Mismatch,
            stake: STAKE,
            amount: 200,
            executable_at: 4,
            reporter: Some(stranger()),
            state: OffenceState::Pending,
        };
        assert_eq!(offence(0, 0), Some(expected));
    });
}

#[test]
fn success_in_the_root_that_the_pallet_made() {
    scene(|| {
        for index in 0..3 {
            let commitment = hidden(index);
            let call = Call::commit { federation: 0, round: 0, commitment, num_examples: 10 };
            assert_ok!(send(&member(index), call));
        }
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        let shown = Leaf { score: 1_500_000, reward: 300, ..leaf_with(0, hash(0xd0)) };
        let (root, proven) = prove(vec![shown]);
        assert_eq!(settlement(0).root, root);
        assert_ok!(report(&proven[0], OPENING));
    });
}

#[test]
fn forfeits_the_reward_and_the_leaf_pays_nothing_more() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        assert_ok!(report(&proven, OPENING));
        skip(4);
        assert_noop!(apply_and_claim(&proven), Error::<Test>::OffencePending);
        assert_ok!(execute(0, 0));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
    });
}

/// Apply the leaf, then claim: the answer of the claim.
fn apply_and_claim(proven: &ProvenLeaf) -> DispatchResult {
    frame_support::storage::with_storage_layer(|| {
        apply(0, proven)?;
        claim(0, &[0])
    })
}

#[test]
fn nobody_shares_in_it_unless_the_root_was_attested() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        assert_ok!(report(&proven, OPENING));
        skip(3);
        let before = Balances::free_balance(stranger());
        assert_ok!(execute(0, 0));
        assert_eq!(Balances::free_balance(stranger()), before);
    });
}

#[test]
fn reporter_shares_in_it_when_the_root_was_attested() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        for index in 0..3 {
            assert_ok!(register(index));
        }
        assert_ok!(open_round());
        let proven = settled_with(hash(0x99));
        for index in [1, 2] {
            assert_ok!(attest(0, index, statement(0, settlement(0).root), 1));
        }
        assert_ok!(report(&proven, OPENING));
        skip(3);
        let before = Balances::free_balance(stranger());
        assert_ok!(execute(0, 0));
        // A fifth of 200.
        assert_eq!(Balances::free_balance(stranger()), before + 40);
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        let ProvenLeaf { leaf, index, proof } = proven;
        let report = |federation, round| {
            let (leaf, proof, opening) = (leaf.clone(), proof.clone(), OPENING);
            let call = Call::report_mismatch { federation, round, leaf, index, proof, opening };
            send(&stranger(), call)
        };
        assert_noop!(report(1, 0), Error::<Test>::FederationNotFound);
        assert_noop!(report(0, 1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_without_settlement() {
    scene(|| {
        let (_, proven) = prove(vec![leaf_with(0, hash(0x99))]);
        assert_noop!(report(&proven[0], OPENING), Error::<Test>::RoundNotSettled);
        abort(0);
        assert_noop!(report(&proven[0], OPENING), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn fails_after_the_window() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        skip_to(settlement(0).dispute_until + 1);
        assert_noop!(report(&proven, OPENING), Error::<Test>::ReportWindowClosed);
    });
}

#[test]
fn fails_for_a_leaf_that_is_not_in_the_root() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        let mut other = proven.clone();
        other.leaf.digest = hash(0x98);
        assert_noop!(report(&other, OPENING), Error::<Test>::ProofInvalid);
        let mut elsewhere = proven;
        elsewhere.index = (elsewhere.index + 1) % 3;
        assert_noop!(report(&elsewhere, OPENING), Error::<Test>::ProofInvalid);
    });
}

#[test]
fn fails_for_a_wrong_opening() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        for wrong in [
            Opening { update_digest: hash(0x52), ..OPENING },
            Opening { num_examples: 11, ..OPENING },
            Opening { salt: [8; 32], ..OPENING },
        ] {
            assert_noop!(report(&proven, wrong), Error::<Test>::ProofInvalid);
        }
    });
}

#[test]
fn fails_for_the_digest_that_was_committed_to() {
    scene(|| {
        let proven = settled_with(OPENING.update_digest);
        assert_noop!(report(&proven, OPENING), Error::<Test>::NotAnOffence);
    });
}

#[test]
fn fails_for_an_update_that_never_came() {
    scene(|| {
        let proven = settled_with(H256::zero());
        assert_noop!(report(&proven, OPENING), Error::<Test>::NotAnOffence);
    });
}

#[test]
fn fails_for_another_commitment_than_the_stored() {
    scene(|| {
        three_commit(0);
        let proven = settle_by_root(0, vec![leaf_with(0, hash(0x99))]);
        assert_noop!(report(&proven[0], OPENING), Error::<Test>::NotCommitted);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        assert_ok!(report(&proven, OPENING));
        assert_noop!(report(&proven, OPENING), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn fails_after_it_was_overturned() {
    scene(|| {
        let proven = settled_with(hash(0x99));
        assert_ok!(report(&proven, OPENING));
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, false));
        assert_noop!(report(&proven, OPENING), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn falls_with_the_root_that_showed_it() {
    scene(|| {
        for index in 0..3 {
            let commitment = hidden(index);
            let call = Call::commit { federation: 0, round: 0, commitment, num_examples: 10 };
            assert_ok!(send(&member(index), call));
        }
        // The root also names one who never committed.
        let leaves = vec![leaf_with(0, hash(0x99)), leaf_with(3, hash(0x99))];
        let proven = settle_by_root(0, leaves);
        let of = |who| {
            let found = proven.iter().find(|proven| proven.leaf.account == member(who));
            found.expect("a leaf").clone()
        };
        assert_ok!(report(&of(0), OPENING));
        assert_ok!(dispute(0, 0));
        // Upheld, and still not executed: the window of the root is open.
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_noop!(execute(0, 0), Error::<Test>::DisputeWindowOpen);
        let proof = BadRoot::NotCommitted(of(3));
        let call = Call::report_bad_root { federation: 0, round: 0, proof };
        assert_ok!(send(&stranger(), call));
        skip(9);
        assert_noop!(execute(0, 0), Error::<Test>::RoundVoided);
        assert_ok!(lapse(0, 0));
        assert_eq!(participant(0).active, STAKE);
        assert_eq!(participant(0).pending_offences, 0);
        assert_noop!(report(&of(0), OPENING), Error::<Test>::RoundVoided);
    });
}
