//! Weights of the calls: estimates, no measurements yet.
//!
//! Each is a count of storage reads and writes at the runtime's `DbWeight`, plus a fixed cost of
//! computation, plus the cost of each entry where there are several. The counts are those of the
//! benchmarks at the bounds of `bcfl-runtime`; the costs of computation are guesses.
//! `python scripts/weights.py` replaces this file by measurements.

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
    /// `claim` of `n` rounds
    fn claim(n: u32) -> Weight;
    /// `close`
    fn close() -> Weight;
    /// `set_terms`
    fn set_terms() -> Weight;
    /// `propose`
    fn propose() -> Weight;
    /// `vote`
    fn vote() -> Weight;
    /// `enact` that removes `n` votes
    fn enact(n: u32) -> Weight;
    /// `settle_root`
    fn settle_root() -> Weight;
    /// `apply_leaf`
    fn apply_leaf() -> Weight;
    /// `register_attester`
    fn register_attester() -> Weight;
    /// `resign_attester`
    fn resign_attester() -> Weight;
    /// `attest`
    fn attest() -> Weight;
    /// `report_equivocation`
    fn report_equivocation() -> Weight;
    /// `report_mismatch`
    fn report_mismatch() -> Weight;
    /// `report_bad_root`
    fn report_bad_root() -> Weight;
    /// `dispute`
    fn dispute() -> Weight;
    /// `resolve`
    fn resolve() -> Weight;
    /// `lapse`
    fn lapse() -> Weight;
    /// `seal`
    fn seal() -> Weight;
    /// `expire`
    fn expire() -> Weight;
    /// `prune` of `n` records
    fn prune(n: u32) -> Weight;
    /// `replace_coordinator`
    fn replace_coordinator() -> Weight;
}

/// Computation of a call besides its storage: dispatch, decoding, one event. 50 µs.
const CALL: Weight = Weight::from_parts(50_000_000, 0);
/// Checking one sr25519 signature: 60 µs.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);
/// Hashing one leaf and one node of the settlement tree, two events: 20 µs.
const LEAF: Weight = Weight::from_parts(20_000_000, 0);
/// Proof size of one storage read, in bytes: a value of a few hundred bytes and its trie nodes.
const PROOF: Weight = Weight::from_parts(0, 4_000);

/// Estimates at the database costs of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn storage(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes).saturating_add(PROOF.saturating_mul(reads))
    }

    fn call(reads: u64, writes: u64) -> Weight {
        CALL.saturating_add(Self::storage(reads, writes))
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Next id, account and hold of the coordinator, escrow account; federation and terms.
    fn create_federation() -> Weight {
        Self::call(7, 6)
    }
    // Federation, payer, escrow.
    fn fund() -> Weight {
        Self::call(4, 2)
    }
    // Federation, terms, member, account and hold.
    fn join() -> Weight {
        Self::call(5, 4)
    }
    // Federation, terms, member, account and hold.
    fn add_stake() -> Weight {
        Self::call(5, 4)
    }
    // Federation, terms, member.
    fn unbond() -> Weight {
        Self::call(4, 2)
    }
    // Federation, member, commitment in the open round, account, hold, escrow.
    fn withdraw() -> Weight {
        Self::call(6, 5)
    }
    // Federation, terms, escrow; four rounds and committees, up to 64 attesters.
    fn open_round() -> Weight {
        Self::call(75, 70)
    }
    // Federation, round, terms, member; commitment.
    fn commit() -> Weight {
        Self::call(5, 2)
    }
    // As `commit`; for each entry a member, a commitment and an offence, and a signature.
    fn commit_batch(n: u32) -> Weight {
        let entry = SIGNATURE.saturating_add(LEAF).saturating_add(Self::storage(3, 3));
        Self::call(3, 1).saturating_add(entry.saturating_mul(n.into()))
    }
    // Federation, round, terms; for each verdict a commitment, a member and an offence.
    fn settle(n: u32) -> Weight {
        let verdict = LEAF.saturating_add(Self::storage(3, 3));
        Self::call(4, 2).saturating_add(verdict.saturating_mul(n.into()))
    }
    // Federation, round, terms, committee of up to 32 and its attesters.
    fn abort() -> Weight {
        Self::call(35, 35)
    }
    // Federation, round, terms, offence, member, commitment, account, hold, reporter, issuance.
    fn execute_slash() -> Weight {
        Self::call(12, 10)
    }
    // Federation, escrow, account; for each round itself, a commitment and an offence.
    fn claim(n: u32) -> Weight {
        Self::call(4, 3).saturating_add(Self::storage(3, 2).saturating_mul(n.into()))
    }
    // Federation, terms, coordinator's account and hold, escrow.
    fn close() -> Weight {
        Self::call(5, 4)
    }
    // Federation, present terms; terms.
    fn set_terms() -> Weight {
        Self::call(3, 2)
    }
    // Federation, terms, member, account and hold; motion.
    fn propose() -> Weight {
        Self::call(6, 4)
    }
    // Federation, motion, member, vote.
    fn vote() -> Weight {
        Self::call(4, 2)
    }
    // Federation, motion, terms, account and hold; each vote.
    fn enact(n: u32) -> Weight {
        Self::call(6, 5).saturating_add(Self::storage(1, 1).saturating_mul(n.into()))
    }
    // Federation, round, terms, committee of up to 32.
    fn settle_root() -> Weight {
        Self::call(4, 2)
    }
    // Federation, round, terms, commitment, member, offence; 32 hashes of the proof.
    fn apply_leaf() -> Weight {
        Self::call(6, 5).saturating_add(LEAF.saturating_mul(32))
    }
    // Federation, terms, member, attester.
    fn register_attester() -> Weight {
        Self::call(4, 2)
    }
    // Federation, attester.
    fn resign_attester() -> Weight {
        Self::call(2, 2)
    }
    // Federation, round, terms, committee, attester, member, offence.
    fn attest() -> Weight {
        Self::call(6, 4)
    }
    // Federation, round, terms, committee, member, offence; two signatures.
    fn report_equivocation() -> Weight {
        Self::call(6, 4).saturating_add(SIGNATURE.saturating_mul(2))
    }
    // Federation, round, terms, commitment, member, offence; 32 hashes of the proof.
    fn report_mismatch() -> Weight {
        Self::call(6, 3).saturating_add(LEAF.saturating_mul(33))
    }
    // Federation, round, commitment; 32 hashes of two proofs.
    fn report_bad_root() -> Weight {
        Self::call(3, 2).saturating_add(LEAF.saturating_mul(64))
    }
    // Federation, round, terms, offence, account and hold.
    fn dispute() -> Weight {
        Self::call(6, 3)
    }
    // Federation, round, terms, offence, committee, member, account and hold, issuance.
    fn resolve() -> Weight {
        Self::call(8, 5)
    }
    // Federation, round, offence, member, account and hold.
    fn lapse() -> Weight {
        Self::call(7, 5)
    }
    // Federation, round.
    fn seal() -> Weight {
        Self::call(2, 1)
    }
    // Federation, round.
    fn expire() -> Weight {
        Self::call(2, 2)
    }
    // Federation, round, terms, committee; each record.
    fn prune(n: u32) -> Weight {
        Self::call(3, 2).saturating_add(Self::storage(1, 1).saturating_mul(n.into()))
    }
    // Federation, terms.
    fn replace_coordinator() -> Weight {
        Self::call(2, 1)
    }
}
