// SPDX-License-Identifier: Apache-2.0
//! Settlements and proofs that fit the state, with some that do not.

use sp_core::Pair;

use super::world::{Dice, ACCOUNTS};
use crate::{
    encoding::{
        attest_statement, commitment_hash, merkle_root, refute_statement, to_sign_attest, Context,
        Leaf,
    },
    mock::*,
    rules::{split_rewards, totals_of},
    *,
};
use sp_core::H256;

const EXAMPLES: u64 = 10;

fn context(federation: FederationId, round: RoundId, index: u8) -> Context {
    Context { genesis: Bcfl::genesis_hash(), federation, round, account: member(index) }
}

/// One of a few commitments of a member to its update.
pub fn committed(index: u8, version: u8) -> H256 {
    commitment_hash(&member(index), hash(0xd0 + index), [version; 32])
}

pub fn signed(place: (FederationId, RoundId), index: u8, version: u8) -> SignedCommitment {
    let commitment = committed(index, version);
    let message = statement_of(&member(index), place, commitment);
    let signature = pair(10 + index).sign(&message);
    SignedCommitment { commitment, num_examples: EXAMPLES, signature }
}

pub fn entry(place: (FederationId, RoundId), index: u8, version: u8, forged: bool) -> BatchEntry {
    let SignedCommitment { commitment, num_examples, signature } = signed(place, index, version);
    let num_examples = num_examples + u64::from(forged);
    BatchEntry { account: member(index), commitment, num_examples, signature }
}

fn said(place: (FederationId, RoundId), index: u8, statement: H256) -> SignedStatement {
    let message = to_sign_attest(&context(place.0, place.1, index), statement);
    SignedStatement { statement, signature: pair(10 + index).sign(&message) }
}

pub fn equivocation(place: (FederationId, RoundId), dice: Dice) -> EquivocationProof {
    let index = dice.below(0, ACCOUNTS);
    let account = member(if dice.rarely(0, 8) { index + 1 } else { index });
    let second = u8::from(!dice.rarely(1, 8));
    if dice.below(1, 3) == 0 {
        let (first, second) = (hash(1), hash(1 + second));
        let (first, second) = (said(place, index, first), said(place, index, second));
        EquivocationProof::Attestations { account, first, second }
    } else {
        let (first, second) = (signed(place, index, 0), signed(place, index, second));
        EquivocationProof::Commitments { account, first, second }
    }
}

/// An instruction that the coordinator of a round signed, or one who coordinates nothing; mostly of
/// another model than the round's.
pub fn misconduct(place: (FederationId, RoundId), dice: Dice) -> MisconductProof {
    let round = Rounds::<Test>::get(place.0, place.1);
    let signer = (0..=30)
        .find(|index| round.as_ref().is_some_and(|round| round.coordinator == account(*index)));
    let signer = signer.filter(|_| !dice.rarely(0, 6)).unwrap_or(30);
    let mut binding = round.map_or(
        encoding::Binding {
            coordinator: account(signer),
            base_model: hash(0),
            terms_hash: hash(0),
        },
        |round| round.binding(),
    );
    if !dice.rarely(1, 4) {
        binding.base_model = hash(0xb3);
    }
    let expires = u64::from(dice.picks[2]);
    let genesis = Bcfl::genesis_hash();
    let message = encoding::to_sign_instruction(genesis, place, &binding, expires);
    let signature = pair(signer).sign(&message);
    let encoding::Binding { base_model, terms_hash, .. } = binding;
    MisconductProof::Instruction { base_model, terms_hash, expires, signature }
}

/// Verdicts on those who committed, the same whenever it is asked.
pub fn verdicts(place: (FederationId, RoundId), version: u8) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = (0..ACCOUNTS)
        .filter(|index| Commitments::<Test>::contains_key((place.0, place.1, member(*index))))
        .map(|index| {
            let lot = (u32::from(index) * 7 + place.1 * 3 + u32::from(version)) % 6;
            let outcome = match lot {
                0 | 1 => Outcome::Rejected,
                2 => Outcome::Excluded,
                _ => Outcome::Accepted,
            };
            let mut verdict = verdict(index, outcome);
            verdict.weight = lot;
            if lot == 5 {
                verdict.revealed = hash(0xe0);
            }
            verdict
        })
        .collect();
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    verdicts
}

fn leaf_of(place: (FederationId, RoundId), verdict: Verdict, reward: Balance) -> Leaf {
    let Verdict { account, revealed, outcome, score, reason, weight: _ } = verdict;
    let commitment = Commitments::<Test>::get((place.0, place.1, &account));
    let commitment = commitment.map_or(H256::zero(), |found| found.hash);
    let strikes = totals_of(outcome, reward).strikes;
    Leaf { account, commitment, revealed, outcome, score, strikes, reward, reason }
}

/// Leaves of a settlement; those of version 2 and up lie in one of several ways.
pub fn leaves(place: (FederationId, RoundId), version: u8) -> Vec<Leaf> {
    let verdicts = verdicts(place, version % 2);
    let budget = terms().round_reward;
    let rewards = split_rewards(budget, budget, &verdicts).expect("no overflow");
    let leaf = |(verdict, reward)| leaf_of(place, verdict, reward);
    let mut leaves: Vec<Leaf> = verdicts.into_iter().zip(rewards).map(leaf).collect();
    let first = leaves.first().cloned();
    match (version, leaves.last_mut(), first) {
        (2, Some(last), Some(first)) => *last = first,
        (3, Some(last), _) => *last = leaf_of(place, verdict(7, Outcome::Accepted), 0),
        (4, _, _) => leaves
            .iter_mut()
            .filter(|leaf| leaf.outcome == Outcome::Accepted)
            .for_each(|leaf| leaf.reward = 300),
        (5, _, _) => leaves.iter_mut().for_each(|leaf| leaf.strikes = 1),
        (6, Some(last), _) => last.commitment = hash(0xcc),
        _ => {}
    }
    leaves
}

/// Root of leaves in their order, which a lying coordinator may choose.
pub fn root(leaves: &[Leaf]) -> H256 {
    merkle_root(leaves.iter().map(Leaf::hash).collect())
}

/// What the leaves come to, within the round's budget whatever they say.
pub fn stated(leaves: &[Leaf]) -> Totals {
    let mut stated = totals(leaves);
    stated.strikes = stated.rejected;
    stated.rewards = stated.rewards.min(terms().round_reward);
    stated
}

/// The statement of the settlement that is to come.
pub fn statement(place: (FederationId, RoundId), version: u8) -> H256 {
    let root = root(&leaves(place, version));
    let round = Rounds::<Test>::get(place.0, place.1);
    let terms_hash = round.map_or(H256::zero(), |round| round.terms_hash);
    attest_statement(Bcfl::genesis_hash(), place, terms_hash, (MODEL, REPORT, root))
}

/// What a seat says of a round: mostly what its settlement will say, or that it is wrong.
pub fn word(place: (FederationId, RoundId), dice: Dice) -> H256 {
    let round = Rounds::<Test>::get(place.0, place.1);
    let settled = round.and_then(|round| Some((round.terms_hash, round.settlement?)));
    match settled.filter(|_| dice.below(1, 3) > 0) {
        Some((terms_hash, Settlement { model, report, root, .. })) => {
            refute_statement(Bcfl::genesis_hash(), place, terms_hash, (model, report, root))
        }
        None => statement(place, u8::from(dice.rarely(1, 6))),
    }
}

/// A leaf of the round's settlement with its proof, or of none.
pub fn proven(place: (FederationId, RoundId), pick: u8) -> ProvenLeaf {
    let settled = Rounds::<Test>::get(place.0, place.1).and_then(|round| round.settlement);
    let wanted = settled.map(|settlement| settlement.root);
    let leaves = (0..7)
        .map(|version| leaves(place, version))
        .find(|leaves| Some(root(leaves)) == wanted)
        .unwrap_or_else(|| leaves(place, 0));
    let hashes: Vec<H256> = leaves.iter().map(Leaf::hash).collect();
    // The last one shows a lie about the number of leaves, if there is one.
    let count = leaves.len().max(1) as u32;
    let index = if pick == u8::MAX { count - 1 } else { u32::from(pick) % count };
    let leaf = leaves.get(index as usize).cloned();
    let leaf = leaf.unwrap_or_else(|| leaf_of(place, verdict(7, Outcome::Accepted), 0));
    let proof = encoding::merkle_proof(&hashes, index).try_into().expect("a short proof");
    ProvenLeaf { leaf, index, proof }
}
