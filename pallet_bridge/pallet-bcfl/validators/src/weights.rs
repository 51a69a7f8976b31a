//! Weights of the calls.

use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Weights that the calls need.
pub trait WeightInfo {
    /// `add_validator`
    fn add_validator() -> Weight;
    /// `remove_validator`
    fn remove_validator() -> Weight;
}

/// Estimates.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn add_validator() -> Weight {
        Weight::from_parts(20_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
    fn remove_validator() -> Weight {
        Weight::from_parts(20_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
}
