// SPDX-License-Identifier: Apache-2.0
//! Each call in its worst case: a full list.

#![allow(clippy::as_conversions, reason = "how the macro is told an origin's type")]

use frame_benchmarking::v2::*;
use frame_support::{
    traits::{EnsureOrigin, Get},
    BoundedVec,
};

use crate::*;

/// How the runtime gives an account session keys.
pub trait BenchmarkHelper<AccountId> {
    /// Give the account session keys.
    fn register(validator: &AccountId);
}

fn fill<T: Config>(length: u32) {
    let list = (0..length).map(|index| account("validator", index, 0)).collect();
    Validators::<T>::put(BoundedVec::<T::AccountId, _>::truncate_from(list));
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn add_validator() -> Result<(), BenchmarkError> {
        fill::<T>(T::MaxValidators::get().saturating_sub(1));
        let validator: T::AccountId = account("new", 0, 0);
        T::BenchmarkHelper::register(&validator);
        let origin = T::ChangeOrigin::try_successful_origin().map_err(|()| "no origin")?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, validator.clone());
        assert!(Validators::<T>::get().contains(&validator));
        Ok(())
    }

    #[benchmark]
    fn remove_validator() -> Result<(), BenchmarkError> {
        let length = T::MaxValidators::get();
        fill::<T>(length);
        let last: T::AccountId = account("validator", length.saturating_sub(1), 0);
        let origin = T::ChangeOrigin::try_successful_origin().map_err(|()| "no origin")?;
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, last.clone());
        assert!(!Validators::<T>::get().contains(&last));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
