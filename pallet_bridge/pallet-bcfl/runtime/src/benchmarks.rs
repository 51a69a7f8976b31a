// SPDX-License-Identifier: Apache-2.0
//! Which pallets are measured, and what their benchmarks need of the chain.

use alloc::{string::String, vec::Vec};
use codec::Decode;
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{
    StorageInfo, StorageInfoTrait, TrackedStorageKey, WhitelistedStorageKeys,
};
use sp_runtime::traits::TrailingZeroInput;

use crate::{AccountId, AllPalletsWithSystem, Bcfl, Runtime, SessionKeys, ValidatorSet};

frame_benchmarking::define_benchmarks!(
    [pallet_bcfl, Bcfl]
    [pallet_validator_set, ValidatorSet]
);

/// The benchmarks there are, and the storage that they may touch.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
    let mut list = Vec::<BenchmarkList>::new();
    list_benchmarks!(list, extra);
    (list, AllPalletsWithSystem::storage_info())
}

/// Run the benchmarks that `config` names.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
    let whitelist: Vec<TrackedStorageKey> = AllPalletsWithSystem::whitelisted_storage_keys();
    let mut batches = Vec::<BenchmarkBatch>::new();
    let params = (&config, &whitelist);
    add_benchmarks!(params, batches);
    Ok(batches)
}

/// Gives the benchmarks' accounts session keys.
pub struct Registrar;

impl pallet_validator_set::benchmarking::BenchmarkHelper<AccountId> for Registrar {
    fn register(validator: &AccountId) {
        let bytes: &[u8] = validator.as_ref();
        if let Ok(keys) = SessionKeys::decode(&mut TrailingZeroInput::new(bytes)) {
            pallet_session::NextKeys::<Runtime>::insert(validator, keys);
        }
    }
}
