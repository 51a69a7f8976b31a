// SPDX-License-Identifier: Apache-2.0
//! How rounds end: verdicts, leaves, settlements, offences.

use alloc::vec;
use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
use sp_core::H256;
use sp_runtime::{traits::BlockNumberProvider, AccountId32};

use super::{accounts::*, scene::*};
use crate::{
    encoding::{merkle_root, Leaf},
    *,
};

/// The verdict that rejects this account, and so slashes it.
pub fn rejection(account: &AccountId32) -> Verdict {
    Verdict {
        account: account.clone(),
        revealed: MODEL,
        outcome: Outcome::Rejected,
        score: 1,
        reason: 1,
        weight: 0,
    }
}

/// The leaf of [`rejection`].
pub fn rejected_leaf(account: &AccountId32) -> Leaf {
    Leaf {
        account: account.clone(),
        commitment: hash_of(account),
        revealed: MODEL,
        outcome: Outcome::Rejected,
        score: 1,
        strikes: 1,
        reward: 0,
        reason: 1,
    }
}

/// The leaf of one that revealed another update than it committed to.
pub fn other_update(account: &AccountId32) -> Leaf {
    Leaf { revealed: REPORT, ..rejected_leaf(account) }
}

/// The longest way to a root: 32 siblings above the first leaf of a tree with `u32::MAX` leaves,
/// the lowest of which is given.
fn longest_way(leaf: H256, lowest: H256) -> (H256, MerkleProof) {
    let mut siblings = vec![H256::repeat_byte(7); 31];
    siblings.insert(0, lowest);
    let root = siblings.iter().fold(leaf, |hash, next| merkle_root(vec![hash, *next]));
    (root, MerkleProof::truncate_from(siblings))
}

/// Settle a round, as of this block, with a root in which this leaf lies deepest.
pub fn settle_deep<T: Config>(place: Place, leaf: Leaf) -> ProvenLeaf {
    settle_twins::<T>(place, [leaf.clone(), leaf])[0].clone()
}

/// Settle a round, as of this block, with a root in which these two leaves lie deepest.
pub fn settle_twins<T: Config>(place: Place, [one, other]: [Leaf; 2]) -> [ProvenLeaf; 2] {
    let (root, proof) = longest_way(one.hash(), other.hash());
    let mut siblings = proof.to_vec();
    siblings[0] = one.hash();
    let other_proof = MerkleProof::truncate_from(siblings);
    let totals = Totals { rejected: u32::MAX, strikes: u32::MAX, ..Totals::default() };
    settle_as::<T>(place, |settlement| {
        settlement.root = root;
        settlement.totals = totals;
        settlement.left = totals;
    });
    let first = ProvenLeaf { leaf: one, index: 0, proof };
    [first, ProvenLeaf { leaf: other, index: 1, proof: other_proof }]
}

/// Settle a round in which this account has a reward of 500.
pub fn settle_and_owe<T: Config>(place: Place, account: &AccountId32) {
    settle_as::<T>(place, |settlement| settlement.unpaid = 500);
    Commitments::<T>::mutate((place.0, place.1, account), |record| {
        let commitment = record.as_mut().expect("it is there");
        commitment.judged = true;
        commitment.reward = 500;
    });
}

/// An offence of this member in this state, reported by another.
pub fn accuse<T: Config>(place: Place, account: &AccountId32, state: OffenceState) {
    let offence = Offence {
        kind: OffenceKind::Mismatch,
        stake: T::MinStake::get(),
        amount: T::MinStake::get().saturating_mul(5),
        executable_at: T::Clock::current_block_number().saturating_add(WINDOW),
        reporter: Some(person::<T>("reporter", 0)),
        state,
    };
    if let OffenceState::Disputed(dispute @ Dispute { from_stake: false, .. }) = state {
        let reason = HoldReason::DisputeBond.into();
        T::Currency::hold(&reason, account, dispute.bond).expect("the accused is rich");
    }
    Offences::<T>::insert((place.0, place.1, account), offence);
    Participants::<T>::mutate(place.0, account, |record| {
        let participant = record.as_mut().expect("it is there");
        participant.offences = 1;
        participant.pending_offences = 1;
    });
    change_round::<T>(place, |round| {
        round.pending_offences = round.pending_offences.saturating_add(1);
    });
}

/// A disputed offence that costs so little that what two signatures prove takes its place.
pub fn accuse_mildly<T: Config>(place: Place, account: &AccountId32) {
    accuse::<T>(place, account, disputed::<T>(false));
    Offences::<T>::mutate((place.0, place.1, account), |record| {
        record.as_mut().expect("it is there").amount = 1;
    });
}

/// A dispute that only one more seat must decide; its bond may be a part of the stake.
pub fn disputed<T: Config>(from_stake: bool) -> OffenceState {
    let all = (1..T::MaxCommittee::get()).fold(0u32, |bits, seat| bits | 1u32.wrapping_shl(seat));
    OffenceState::Disputed(Dispute {
        from_stake,
        bond: T::MaxDisputeBond::get(),
        until: T::Clock::current_block_number().saturating_add(WINDOW),
        upheld: all,
        overturned: all,
    })
}

/// Where the offence of this account stands.
pub fn offence_state<T: Config>(place: Place, account: &AccountId32) -> Option<OffenceState> {
    Offences::<T>::get((place.0, place.1, account)).map(|offence| offence.state)
}

/// Offences of a round that wait.
pub fn pending<T: Config>(place: Place) -> u32 {
    Rounds::<T>::get(place.0, place.1).map_or(0, |round| round.pending_offences)
}
