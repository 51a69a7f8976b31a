//! Weights of the calls: estimates, no measurements yet.
//!
//! Each is a count of storage reads and writes at the runtime's `DbWeight`, plus a fixed cost of
//! computation, plus the cost of each entry where there are several. The counts are upper bounds
//! of what the code touches. Benchmarks replace them in a later version.

use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Weights that the calls need.
pub trait WeightInfo {
    /// `create_federation`
    fn create_federation() -> Weight;
    /// `fund`
    fn fund() -> Weight;
    /// `join`
    fn join() -> Weight;
    /// `add_stake`
    fn add_stake() -> Weight;
    /// `unbond`
    fn unbond() -> Weight;
    /// `withdraw`
    fn withdraw() -> Weight;
    /// `open_round`
    fn open_round() -> Weight;
    /// `commit`
    fn commit() -> Weight;
    /// `commit_batch` of `n` entries
    fn commit_batch(n: u32) -> Weight;
    /// `settle` with `n` verdicts
    fn settle(n: u32) -> Weight;
    /// `abort`
    fn abort() -> Weight;
    /// `execute_slash`
    fn execute_slash() -> Weight;
    /// `claim`
    fn claim() -> Weight;
    /// `close`
    fn close() -> Weight;
}

/// Computation of a call besides its storage: dispatch, decoding, one event. 50 µs.
const CALL: Weight = Weight::from_parts(50_000_000, 0);
/// Checking one sr25519 signature: 60 µs.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);
/// Hashing one leaf and one node of the settlement tree, two events: 20 µs.
const LEAF: Weight = Weight::from_parts(20_000_000, 0);
/// Proof size of one storage read, in bytes: a value of a few hundred bytes and its trie nodes.
const PROOF: Weight = Weight::from_parts(0, 4_000);

/// Number of entries, for the weight of a call that carries a list.
pub fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Estimates at the database costs of the runtime `T`.
pub struct EstimatedWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> EstimatedWeight<T> {
    fn storage(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes).saturating_add(PROOF.saturating_mul(reads))
    }

    fn call(reads: u64, writes: u64) -> Weight {
        CALL.saturating_add(Self::storage(reads, writes))
    }
}

impl<T: frame_system::Config> WeightInfo for EstimatedWeight<T> {
    // Next id, account and hold of the coordinator, escrow account; federation and terms.
    fn create_federation() -> Weight {
        Self::call(4, 6)
    }
    // Federation, payer, escrow.
    fn fund() -> Weight {
        Self::call(3, 2)
    }
    // Federation, terms, member, account and hold.
    fn join() -> Weight {
        Self::call(5, 4)
    }
    // Federation, terms, member, account and hold.
    fn add_stake() -> Weight {
        Self::call(5, 3)
    }
    // Federation, terms, member.
    fn unbond() -> Weight {
        Self::call(3, 1)
    }
    // Federation, member, commitment in the open round, account, hold, escrow.
    fn withdraw() -> Weight {
        Self::call(6, 5)
    }
    // Federation, terms, escrow; round.
    fn open_round() -> Weight {
        Self::call(3, 2)
    }
    // Federation, round, terms, member; commitment.
    fn commit() -> Weight {
        Self::call(5, 2)
    }
    // As `commit`; for each entry a member, a commitment and an offence, and a signature.
    fn commit_batch(n: u32) -> Weight {
        let entry = SIGNATURE.saturating_add(LEAF).saturating_add(Self::storage(3, 3));
        Self::call(4, 1).saturating_add(entry.saturating_mul(n.into()))
    }
    // Federation, round, terms; for each verdict a commitment, a member and an offence.
    fn settle(n: u32) -> Weight {
        let verdict = LEAF.saturating_add(Self::storage(3, 2));
        Self::call(3, 2).saturating_add(verdict.saturating_mul(n.into()))
    }
    // Federation and round.
    fn abort() -> Weight {
        Self::call(2, 2)
    }
    // Offence, member, account and hold, issuance.
    fn execute_slash() -> Weight {
        Self::call(5, 5)
    }
    // Federation, member, escrow, account.
    fn claim() -> Weight {
        Self::call(4, 4)
    }
    // Federation, terms, coordinator's account and hold, escrow.
    fn close() -> Weight {
        Self::call(5, 4)
    }
}
