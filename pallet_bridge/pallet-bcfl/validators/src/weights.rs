// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls, measured: `python -m scripts.runtime.weights` writes this file anew.
//!
//! Generator: frame-omni-bencher, benchmarking CLI 64.0.0, 2026-11-23; 20 steps,
//! 20 repeats, Compiled Wasm. Processor: AMD EPYC.
//! Worst case map size: 1000000.
#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(clippy::arithmetic_side_effects, reason = "constants that the generator writes")]

use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Weights that the calls need.
pub trait WeightInfo {
    /// `add_validator`
    fn add_validator() -> Weight;
    /// `remove_validator`
    fn remove_validator() -> Weight;
}

/// The measured weights, at the database costs of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Storage: `ValidatorSet::Validators` (r:1 w:1)
    // Proof: `ValidatorSet::Validators` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
    // Storage: `Session::NextKeys` (r:1 w:0)
    // Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
    fn add_validator() -> Weight {
        // Proof, bytes: measured `1302`, estimated `4767`
        // Shortest run: 20_931_000 picoseconds.
        Weight::from_parts(22_483_000, 4767)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    // Storage: `ValidatorSet::Validators` (r:1 w:1)
    // Proof: `ValidatorSet::Validators` (`max_values`: Some(1), `max_size`: Some(1025), added: 1520, mode: `MaxEncodedLen`)
    fn remove_validator() -> Weight {
        // Proof, bytes: measured `1057`, estimated `2510`
        // Shortest run: 12_468_000 picoseconds.
        Weight::from_parts(12_669_000, 2510)
            .saturating_add(T::DbWeight::get().reads(1_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
}
