// SPDX-License-Identifier: Apache-2.0
//! A migration in steps: the maps of a layout are rewritten record by record, over as many blocks
//! as that takes.
//!
//! A record that is not of the old layout stays as it is, so a migration may be begun anew at any
//! point of it: what was rewritten before is not touched again.
use alloc::vec::Vec;
use codec::{DecodeAll, Encode, MaxEncodedLen};
use frame_support::{
    migrations::{MigrationId, SteppedMigrationError},
    pallet_prelude::*,
    storage::unhashed,
    weights::WeightMeter,
};
use sp_runtime::traits::BlockNumberProvider;

use crate::*;

/// Longest key of a map that is rewritten: its prefix, and up to three hashed parts.
const MAX_KEY: u32 = 128;

/// What names a migration on chain.
pub type Id = MigrationId<11>;

/// Name of a migration of this pallet.
pub const fn id(version_from: u8, version_to: u8) -> Id {
    MigrationId { pallet_id: *b"pallet-bcfl", version_from, version_to }
}

/// How far a migration came.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub struct Progress {
    /// The block in which it began. All that a migration says of the present is of this block.
    pub began: BlockNumber,
    /// Which of its maps is next.
    pub map: u8,
    /// Key of the last record that was looked at in it; empty before the first one.
    pub last: BoundedVec<u8, ConstU32<MAX_KEY>>,
}

/// A map, and how one record of it is rewritten.
pub struct Map {
    /// What its keys begin with.
    pub prefix: Vec<u8>,
    /// Most that one record of it costs, with the search for the next one.
    pub weight: Weight,
    /// Rewrite the record under this key; the block is that in which the migration began.
    pub rewrite: fn(&[u8], BlockNumber),
}

impl Map {
    /// Keys of the records of this map.
    #[cfg(any(feature = "try-runtime", test))]
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut last = self.prefix.clone();
        while let Some(key) = self.after(&last) {
            last.clone_from(&key);
            found.push(key);
        }
        found
    }

    fn after(&self, last: &[u8]) -> Option<Vec<u8>> {
        let last = if last.is_empty() { &self.prefix } else { last };
        sp_io::storage::next_key(last).filter(|key| key.starts_with(&self.prefix))
    }
}

/// What one record costs: its key is found, it and `others` are read, up to two are written.
///
/// An upper bound, by the costs of the database alone: to decode and encode a record takes some
/// microseconds, and each of its reads is counted as 25 or more.
pub fn record<T: Config>(others: u64) -> Weight {
    T::DbWeight::get().reads_writes(others.saturating_add(3), 2)
}

/// Rewrite one record. What is no `Old` stays as it is; None takes the record away.
pub fn rewrite<Old: DecodeAll, New: Encode>(key: &[u8], new: impl FnOnce(Old) -> Option<New>) {
    let Some(raw) = unhashed::get_raw(key) else { return };
    match Old::decode_all(&mut raw.as_slice()).map(new) {
        Ok(Some(new)) => unhashed::put(key, &new),
        Ok(None) => unhashed::kill(key),
        Err(_) => frame_support::runtime_print!("not of the old layout, so left: {:?}", key),
    }
}

/// The part of a key with this index, when the parts before it are hashed by `Twox64Concat` and
/// have four bytes each: ids of federations and rounds.
pub fn id_in(key: &[u8], index: usize) -> u32 {
    const PREFIX: usize = 32;
    const HASH: usize = 8;
    const ID: usize = 4;
    let from = PREFIX.saturating_add(index.saturating_mul(HASH.saturating_add(ID)));
    let part = key.get(from.saturating_add(HASH)..).and_then(|rest| rest.get(..ID));
    part.and_then(|id| id.try_into().ok()).map_or(u32::MAX, u32::from_le_bytes)
}

/// Do as much of a migration as the meter allows.
///
/// # Errors
///
/// `InsufficientWeight` when that is not one record. Nothing was changed then.
pub fn step<T: Config>(
    (from, to): (u16, u16),
    maps: &[Map],
    progress: Option<Progress>,
    meter: &mut WeightMeter,
) -> Result<Option<Progress>, SteppedMigrationError> {
    // The version is read, and written at the end.
    let frame = T::DbWeight::get().reads_writes(1, 1);
    let least = maps.iter().fold(Weight::zero(), |most, map| most.max(map.weight));
    let required = frame.saturating_add(least);
    if !meter.can_consume(required) {
        return Err(SteppedMigrationError::InsufficientWeight { required });
    }
    meter.consume(frame);
    if StorageVersion::get::<Pallet<T>>() != from {
        return Ok(None);
    }
    let began = T::Clock::current_block_number();
    let mut at = progress.unwrap_or(Progress { began, map: 0, last: BoundedVec::default() });
    while let Some(map) = maps.get(usize::from(at.map)) {
        if meter.try_consume(map.weight).is_err() {
            return Ok(Some(at));
        }
        match map.after(&at.last) {
            Some(key) => {
                (map.rewrite)(&key, at.began);
                at.last = key.try_into().map_err(|_| SteppedMigrationError::Failed)?;
            }
            None => {
                at.map = at.map.saturating_add(1);
                at.last = BoundedVec::default();
            }
        }
    }
    StorageVersion::new(to).put::<Pallet<T>>();
    Ok(None)
}

/// What a check before and after compares: the keys of each map.
#[cfg(feature = "try-runtime")]
pub fn keys_of(maps: &[Map]) -> Vec<Vec<Vec<u8>>> {
    maps.iter().map(Map::keys).collect()
}
