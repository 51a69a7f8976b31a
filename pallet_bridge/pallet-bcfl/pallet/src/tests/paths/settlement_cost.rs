// SPDX-License-Identifier: Apache-2.0
//! What a round costs as it grows: settling by a list and by a root.
//!
//! `cargo test -p pallet-bcfl settlement_cost -- --nocapture` prints the table. Storage is counted in
//! the state itself; weights are the measured ones at the database costs of the runtime, in
//! microseconds of the machine that measured them.

use codec::Encode;
use frame_support::{assert_ok, dispatch::GetDispatchInfo, BoundedVec};
use sp_core::H256;

use crate::{
    encoding::{merkle_proof, merkle_root, Leaf},
    mock::*,
    *,
};

/// Keys and bytes of the pallet's state.
fn stored() -> (usize, usize) {
    let prefix = sp_io::hashing::twox_128(b"Bcfl");
    let (mut key, mut keys, mut bytes) = (prefix.to_vec(), 0, 0);
    while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix)) {
        let value = sp_io::storage::get(&next).map_or(0, |value| value.len());
        keys += 1;
        bytes += next.len() + value;
        key = next;
    }
    (keys, bytes)
}

fn account_of(index: u32) -> sp_runtime::AccountId32 {
    let mut bytes = [0xaa; 32];
    bytes[..4].copy_from_slice(&index.to_be_bytes());
    bytes.into()
}

/// Put that many members with commitments into round 0, without the calls that would.
fn fill(count: u32) {
    for index in 0..count {
        let who = account_of(index);
        Participants::<Test>::insert(0, &who, newcomer(STAKE));
        Commitments::<Test>::insert((0, 0, &who), Commitment::new(hash(1), 10, 1, STAKE));
    }
    Rounds::<Test>::mutate(0, 0, |round| {
        let round = round.as_mut().expect("open");
        round.commitments = count;
        round.stored = count;
        round.sealed_at = Some(1);
    });
}

fn leaf_of(index: u32, reward: Balance) -> Leaf {
    Leaf { account: account_of(index), commitment: hash(1), ..leaf(0, Outcome::Accepted, reward) }
}

struct Cost {
    bytes: usize,
    weight: u64,
    keys: usize,
    growth: usize,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.weight / 1_000_000;
        write!(out, "{}\t{micros}\t{}\t{}", self.bytes, self.keys, self.growth)
    }
}

fn cost(who: &sp_runtime::AccountId32, call: Call<Test>) -> Cost {
    let before = stored();
    let (bytes, weight) = (call.encoded_size(), call.get_dispatch_info().call_weight.ref_time());
    assert_ok!(send(who, call));
    let after = stored();
    Cost { bytes, weight, keys: after.0 - before.0, growth: after.1 - before.1 }
}

fn by_root(count: u32) -> [Cost; 2] {
    let mut costs = vec![];
    let mut ext = ExtBuilder::default().build();
    ext.execute_with(|| {
        System::set_block_number(1);
        ExtBuilder::default().members(0).round().set_the_scene();
        fill(count);
        let leaves: Vec<Leaf> = (0..count).map(|index| leaf_of(index, 0)).collect();
        let totals = totals(&leaves);
        let hashes: Vec<H256> = leaves.iter().map(Leaf::hash).collect();
        let proof = merkle_proof(&hashes, 0).try_into().expect("a short proof");
        let root = merkle_root(hashes);
        let (federation, round, model, report) = (0, 0, MODEL, REPORT);
        let call = Call::settle_root { federation, round, model, report, root, totals };
        costs.push(cost(&coordinator(), call));
        skip(4);
        let (leaf, index) = (leaf_of(0, 0), 0);
        costs.push(cost(&stranger(), Call::apply_leaf { federation, round, leaf, index, proof }));
    });
    costs.try_into().ok().expect("two costs")
}

/// Size and weight of the call that a list would be, were it not bounded.
fn by_list(count: u32) -> String {
    let micros = <Test as Config>::WeightInfo::settle(count).ref_time() / 1_000_000;
    format!("{}\t{micros}", list_bytes(count))
}

fn list_bytes(count: u32) -> usize {
    let one = verdict(0, Outcome::Accepted).encoded_size();
    let (federation, round, model, report) = (0, 0, MODEL, REPORT);
    let verdicts = BoundedVec::new();
    let empty = Call::<Test>::settle { federation, round, model, report, verdicts }.encoded_size();
    empty - 1 + codec::Compact(count).encoded_size() + one * count as usize
}

#[test]
fn settlement_by_root_is_the_same_for_all() {
    println!(
        "members\tlist: bytes\tus\troot: bytes\tus\tkeys\tgrowth\tleaf: bytes\tus\tkeys\tgrowth"
    );
    let mut roots = vec![];
    for count in [10, 100, 1_000, 10_000] {
        let [root, leaf] = by_root(count);
        println!("{count}\t{}\t{root}\t{leaf}", by_list(count));
        // A proof has one hash for each doubling.
        let height = u32::BITS - (count - 1).leading_zeros();
        assert!(leaf.bytes <= 220 + 32 * height as usize);
        assert_eq!((leaf.keys, leaf.growth), (0, 0));
        roots.push((root.bytes, root.weight, root.keys, root.growth));
    }
    roots.dedup();
    assert_eq!(roots.len(), 1, "{roots:?}");
}
