// SPDX-License-Identifier: Apache-2.0
//! From version 3 to 4: who paid into an escrow, and how much of the stake is young.
//!
//! Version 3 kept neither. What an escrow has now counts as the founder's, as before: later
//! sponsors get their part of what is left beside it. All stake that is there counts as of age.
use core::marker::PhantomData;

use codec::{Decode, Encode};
use frame_support::{
    migrations::VersionedMigration, pallet_prelude::*, traits::UncheckedOnRuntimeUpgrade,
};
use sp_core::H256;
use sp_runtime::{traits::BlockNumberProvider, AccountId32};

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
pub type MigrateV3ToV4<T> =
    VersionedMigration<3, 4, Unchecked<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The migration without its check of versions.
pub struct Unchecked<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for Unchecked<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut records: u64 = 0;
        let now = T::Clock::current_block_number();
        Federations::<T>::translate::<OldFederation, _>(|id, old| {
            records = records.saturating_add(1);
            Some(federation_of::<T>(id, old, now))
        });
        // Each federation is read and written, with the account of its escrow and one sponsor.
        T::DbWeight::get().reads_writes(records.saturating_mul(2), records.saturating_mul(2))
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(_: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        Pallet::<T>::do_try_state()
    }
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
