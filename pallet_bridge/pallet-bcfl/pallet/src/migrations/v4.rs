// SPDX-License-Identifier: Apache-2.0
//! From version 3 to 4: who paid into an escrow, and how much of the stake is young.
//!
//! Version 3 kept neither. What an escrow has now counts as the founder's, as before: later
//! sponsors get their part of what is left beside it. All stake that is there counts as of age.
use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

use codec::{Decode, Encode};
use frame_support::{
    migrations::{SteppedMigration, SteppedMigrationError},
    storage::StoragePrefixedMap,
    weights::WeightMeter,
};
use sp_core::H256;
use sp_runtime::AccountId32;

use super::stepped::{self, id_in, record, rewrite, Map, Progress};
use crate::*;

/// A federation of version 3.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldFederation {
    pub coordinator: AccountId32,
    pub founder: AccountId32,
    pub state: FederationState,
    pub terms_version: TermsVersion,
    pub pending_terms: Option<PendingTerms>,
    pub metadata: H256,
    pub deposit: Balance,
    pub next_round: RoundId,
    pub open_round: Option<RoundId>,
    pub model: Option<H256>,
    pub members: u32,
    pub total_active: Balance,
    pub failed_rounds: u32,
    pub failures_in_row: u32,
    pub owed: Balance,
    pub reserved: Balance,
    pub liable_until: BlockNumber,
    pub last_claim_until: BlockNumber,
    pub next_proposal: ProposalId,
    pub proposals: u32,
    pub attesters: u32,
    pub seed: H256,
    pub seed_at: BlockNumber,
    pub seeded: bool,
}

/// The migration, run once: when the stored version is 3.
pub struct MigrateV3ToV4<T>(PhantomData<T>);

impl<T: Config> SteppedMigration for MigrateV3ToV4<T> {
    type Cursor = Progress;
    type Identifier = stepped::Id;

    fn id() -> stepped::Id {
        stepped::id(3, 4)
    }

    fn migrating_prefixes() -> Option<impl IntoIterator<Item = Vec<u8>>> {
        let sponsors = Sponsors::<T>::final_prefix().to_vec();
        Some(maps::<T>().into_iter().map(|map| map.prefix).chain([sponsors]))
    }

    fn step(
        progress: Option<Progress>,
        meter: &mut WeightMeter,
    ) -> Result<Option<Progress>, SteppedMigrationError> {
        stepped::step::<T>((3, 4), &maps::<T>(), progress, meter)
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        Ok(stepped::keys_of(&maps::<T>()).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(keys: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        let is_same = stepped::keys_of(&maps::<T>()).encode() == keys;
        frame_support::ensure!(is_same, "the migration to version 4 lost or made a federation");
        Pallet::<T>::do_try_state()
    }
}

/// The maps that change. A federation is looked at with the account of its escrow and a sponsor.
fn maps<T: Config>() -> Vec<Map> {
    vec![Map {
        prefix: Federations::<T>::final_prefix().to_vec(),
        weight: record::<T>(2),
        rewrite: |key, now| rewrite(key, |old| Some(federation_of::<T>(id_in(key, 0), old, now))),
    }]
}

fn federation_of<T: Config>(id: FederationId, old: OldFederation, now: BlockNumber) -> Federation {
    let is_closed = old.state == FederationState::Closed;
    let funded = if is_closed { 0 } else { Pallet::<T>::escrow_funds(id) };
    if funded > 0 {
        Sponsors::<T>::insert(id, &old.founder, funded);
    }
    Federation {
        coordinator: old.coordinator,
        founder: old.founder,
        state: old.state,
        terms_version: old.terms_version,
        pending_terms: old.pending_terms,
        metadata: old.metadata,
        deposit: old.deposit,
        next_round: old.next_round,
        open_round: old.open_round,
        model: old.model,
        members: old.members,
        total_active: old.total_active,
        failed_rounds: old.failed_rounds,
        failures_in_row: old.failures_in_row,
        owed: old.owed,
        reserved: old.reserved,
        liable_until: old.liable_until,
        last_claim_until: old.last_claim_until,
        next_proposal: old.next_proposal,
        proposals: old.proposals,
        attesters: old.attesters,
        seed: old.seed,
        seed_at: old.seed_at,
        seeded: old.seeded,
        youth: Youth::new(now.saturating_add(1)),
        funded,
        sponsors: u32::from(funded > 0),
        left: 0,
    }
}
