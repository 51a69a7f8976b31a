// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls.
mod calls;

pub use calls::*;

use frame_support::{pallet_prelude::Get, weights::Weight};

/// Number of entries, for the weight of a call that carries a list.
pub fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What was not measured may read and write so much: the costs of the database, and for each record
/// ten microseconds of work and a proof of 4000 bytes, as large and as long as any that was.
pub fn unmeasured<T: frame_system::Config>(reads: u64, writes: u64) -> Weight {
    let records = reads.saturating_add(writes);
    Weight::from_parts(10_000_000, 0)
        .saturating_mul(records)
        .saturating_add(Weight::from_parts(0, 4_000).saturating_mul(reads))
        .saturating_add(T::DbWeight::get().reads_writes(reads, writes))
}
