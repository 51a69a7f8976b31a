// SPDX-License-Identifier: Apache-2.0
//! What the accounts of a scene do.

use sp_core::{Pair, H256};
use sp_runtime::{traits::Dispatchable, AccountId32, DispatchResult};

use super::*;
use crate::encoding::{merkle_proof, merkle_root, Leaf};

/// Dispatch a call as the runtime does, with its storage layer.
pub fn send(who: &AccountId32, call: Call<Test>) -> DispatchResult {
    RuntimeCall::from(call)
        .dispatch(RuntimeOrigin::signed(who.clone()))
        .map(|_| ())
        .map_err(|failure| failure.error)
}

/// Commit for `member(index)`, with its own index as hash.
pub fn commit(round: RoundId, index: u8) -> DispatchResult {
    send(&member(index), commit_call(&member(index), (0, round), hash(index)))
}

/// A commitment to this hash, over 10 examples.
pub fn commit_call(
    who: &AccountId32,
    (federation, round): (FederationId, RoundId),
    commitment: H256,
) -> Call<Test> {
    let num_examples = 10;
    let statement = statement_of(who, (federation, round), commitment).into();
    Call::commit { federation, round, commitment, num_examples, statement }
}

/// What an account says in a round, over 10 examples; of a round that is not there nothing.
pub fn statement_of(
    who: &AccountId32,
    place: (FederationId, RoundId),
    commitment: H256,
) -> [u8; 32] {
    Rounds::<Test>::get(place.0, place.1).map_or([0; 32], |round| {
        encoding::statement(&Bcfl::context(place, who), &round.binding(), commitment, 10)
    })
}

/// Hash of the terms that a federation has in force; of one that is not there zero.
pub fn terms_hash(id: FederationId) -> H256 {
    Federations::<Test>::get(id)
        .and_then(|found| FederationTerms::<Test>::get(id, found.terms_version))
        .map_or(H256::zero(), |terms| encoding::terms_hash(&terms))
}

/// A member that joined in block 1 with consent to the first terms.
pub fn newcomer(stake: Balance) -> Participant<<Test as Config>::MaxUnbonding> {
    Participant::new(stake, (FIRST_TERMS, &terms()), 1)
}

/// Join federation 0, with consent to its terms.
pub fn join(who: &AccountId32, stake: Balance) -> DispatchResult {
    let terms_hash = terms_hash(0);
    send(who, Call::join { federation: 0, stake, terms_hash })
}

/// Let the coordinator invite `member(index)` for an organisation.
pub fn admit(index: u8, name: &[u8]) {
    invite(&coordinator(), index, name, 0).expect("invited");
}

/// Admit `member(index)`, or vouch for it.
pub fn invite(who: &AccountId32, index: u8, name: &[u8], max_examples: u64) -> DispatchResult {
    let organisation = name.to_vec().try_into().expect("a short name");
    let account = member(index);
    send(who, Call::invite { federation: 0, account, organisation, max_examples })
}

/// Commit for members 0, 1 and 2.
pub fn three_commit(round: RoundId) {
    for index in 0..3 {
        commit(round, index).expect("a member commits");
    }
}

pub fn open_round() -> DispatchResult {
    // The first round starts from any model, each other one from that of the last settled one.
    let base_model = Federations::<Test>::get(0).and_then(|found| found.model);
    let base_model = base_model.unwrap_or(hash(0xba));
    send(&coordinator(), Call::open_round { federation: 0, base_model })
}

/// An entry signed by `member(index)` for federation 0.
pub fn entry(round: RoundId, index: u8, commitment: H256) -> BatchEntry {
    let message = statement_of(&member(index), (0, round), commitment);
    let signature = pair(10 + index).sign(&message);
    BatchEntry { account: member(index), commitment, num_examples: 10, signature }
}

pub fn commit_batch(round: RoundId, entries: Vec<BatchEntry>) -> DispatchResult {
    let entries = entries.try_into().expect("a batch within bounds");
    send(&coordinator(), Call::commit_batch { federation: 0, round, entries })
}

/// A verdict on `member(index)`. All accepted ones weigh the same.
pub fn verdict(index: u8, outcome: Outcome) -> Verdict {
    let reason = u8::from(outcome == Outcome::Rejected);
    let weight = u32::from(outcome == Outcome::Accepted);
    let (account, revealed) = (member(index), hash(index));
    Verdict { account, revealed, outcome, score: 1_500_000, reason, weight }
}

/// Settle with these verdicts; who committed and is in none of them is excluded.
pub fn settle(round: RoundId, mut verdicts: Vec<Verdict>) -> DispatchResult {
    let named: Vec<_> = verdicts.iter().map(|verdict| verdict.account.clone()).collect();
    let missing = others_who_committed(round, &named);
    verdicts.extend(missing.map(|index| verdict(index, Outcome::Excluded)));
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    settle_as_given(&coordinator(), round, verdicts)
}

/// Members that committed in a round and are not named.
fn others_who_committed(round: RoundId, named: &[AccountId32]) -> impl Iterator<Item = u8> + '_ {
    let committed = move |index: &u8| Commitments::<Test>::contains_key((0, round, member(*index)));
    (0..20).filter(committed).filter(|index| !named.contains(&member(*index)))
}

pub fn settle_as_given(
    who: &AccountId32,
    round: RoundId,
    verdicts: Vec<Verdict>,
) -> DispatchResult {
    let verdicts = verdicts.try_into().expect("verdicts within bounds");
    let (model, report) = (MODEL, REPORT);
    send(who, Call::settle { federation: 0, round, model, report, verdicts })
}

/// The leaf of `member(index)`, who committed as [`commit`] does.
pub fn leaf(index: u8, outcome: Outcome, reward: Balance) -> Leaf {
    let strikes = u32::from(outcome == Outcome::Rejected);
    let (account, commitment, revealed) = (member(index), hash(index), hash(index));
    Leaf { account, commitment, revealed, outcome, score: 7, strikes, reward, reason: 0 }
}

/// Leaves with their proofs, in ascending order of accounts, and their root.
pub fn prove(mut leaves: Vec<Leaf>) -> (H256, Vec<ProvenLeaf>) {
    leaves.sort_by(|one, other| one.account.cmp(&other.account));
    let hashes: Vec<H256> = leaves.iter().map(Leaf::hash).collect();
    let proven = leaves.into_iter().enumerate().map(|(place, leaf)| {
        let index = place as u32;
        let proof = merkle_proof(&hashes, index).try_into().expect("a short proof");
        ProvenLeaf { leaf, index, proof }
    });
    (merkle_root(hashes.clone()), proven.collect())
}

/// What these leaves come to.
pub fn totals(leaves: &[Leaf]) -> Totals {
    let mut totals = Totals::default();
    for leaf in leaves {
        totals.add(&rules::totals_of(leaf.outcome, leaf.reward)).expect("no overflow");
    }
    totals
}

/// Settle by the root of these leaves, and of exclusions of others who committed until there are
/// as many as commitments. Returns those given with their proofs, in order of accounts.
pub fn settle_by_root(round_id: RoundId, mut leaves: Vec<Leaf>) -> Vec<ProvenLeaf> {
    let named: Vec<_> = leaves.iter().map(|leaf| leaf.account.clone()).collect();
    let needed = (round(round_id).commitments as usize).saturating_sub(leaves.len());
    let missing = others_who_committed(round_id, &named).take(needed);
    leaves.extend(missing.map(|index| leaf(index, Outcome::Excluded, 0)));
    let totals = totals(&leaves);
    let (root, proven) = prove(leaves);
    settle_root_as_given(&coordinator(), round_id, root, totals).expect("the round settles");
    proven.into_iter().filter(|proven| named.contains(&proven.leaf.account)).collect()
}

pub fn settle_root_as_given(
    who: &AccountId32,
    round: RoundId,
    root: H256,
    totals: Totals,
) -> DispatchResult {
    let (model, report) = (MODEL, REPORT);
    send(who, Call::settle_root { federation: 0, round, model, report, root, totals })
}

pub fn apply(round: RoundId, proven: &ProvenLeaf) -> DispatchResult {
    let ProvenLeaf { leaf, index, proof } = proven.clone();
    send(&stranger(), Call::apply_leaf { federation: 0, round, leaf, index, proof })
}

/// Claim for `member(index)`, by a stranger.
pub fn claim(index: u8, rounds: &[RoundId]) -> DispatchResult {
    let rounds = rounds.to_vec().try_into().expect("rounds within bounds");
    send(&stranger(), Call::claim { federation: 0, account: member(index), rounds })
}

/// Execute the slash of `member(index)`, by a stranger.
pub fn execute(round: RoundId, index: u8) -> DispatchResult {
    let call = Call::execute_slash { federation: 0, round, account: member(index) };
    send(&stranger(), call)
}

pub fn skip_to(block: BlockNumber) {
    System::set_block_number(block);
}

pub fn skip(blocks: BlockNumber) {
    skip_to(System::block_number() + blocks);
}

/// Run one round in which member 0 is rejected and members 1 and 2 are accepted.
pub fn round_that_rejects_member_0() {
    let round = federation(0).next_round;
    open_round().expect("a round opens");
    three_commit(round);
    settle(
        round,
        vec![
            verdict(0, Outcome::Rejected),
            verdict(1, Outcome::Accepted),
            verdict(2, Outcome::Accepted),
        ],
    )
    .expect("the round settles");
}

/// Two signed commitments of member 0 in the open round.
pub fn equivocate(round: RoundId) {
    commit_batch(round, vec![entry(round, 0, hash(0xa0)), entry(round, 0, hash(0xa1))])
        .expect("the batch is taken");
}
