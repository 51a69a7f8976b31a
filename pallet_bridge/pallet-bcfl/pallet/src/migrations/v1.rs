// SPDX-License-Identifier: Apache-2.0
//! The layout of version 1: what the first chains have in store.
use codec::{Decode, Encode};
use frame_support::{pallet_prelude::*, storage_alias};
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};

use crate::{
    Balance, BlockNumber, Config, FederationId, FederationState, OffenceKind, Pallet, RoundId,
    RoundState, TermsVersion, UnbondingChunk,
};

#[derive(Clone, Encode, Decode)]
pub struct OldSlashTerms {
    pub equivocation: Perbill,
    pub outlier_base: Perbill,
    pub cap: Perbill,
}

#[derive(Clone, Encode, Decode)]
pub struct OldTerms {
    pub min_stake: Balance,
    pub max_participants: u32,
    pub quorum: u32,
    pub commit_blocks: BlockNumber,
    pub settle_blocks: BlockNumber,
    pub dispute_blocks: BlockNumber,
    pub unbonding_blocks: BlockNumber,
    pub round_reward: Balance,
    pub strikes_to_slash: u32,
    pub strike_decay_rounds: u32,
    pub slash: OldSlashTerms,
}

#[derive(Clone, Encode, Decode)]
pub struct OldFederation {
    pub coordinator: AccountId32,
    pub state: FederationState,
    pub terms_version: TermsVersion,
    pub metadata: H256,
    pub deposit: Balance,
    pub next_round: RoundId,
    pub open_round: Option<RoundId>,
    pub members: u32,
    pub failed_rounds: u32,
    pub owed: Balance,
    pub reserved: Balance,
}

#[derive(Clone, Encode, Decode)]
pub struct OldSettlement {
    pub model: H256,
    pub report: H256,
    pub root: H256,
    pub accepted: u32,
    pub rejected: u32,
    pub rewards: Balance,
    pub settled_at: BlockNumber,
}

#[derive(Clone, Encode, Decode)]
pub struct OldRound {
    pub state: RoundState,
    pub base_model: H256,
    pub terms_version: TermsVersion,
    pub opened_at: BlockNumber,
    pub commit_until: BlockNumber,
    pub settle_until: BlockNumber,
    pub sealed_at: Option<BlockNumber>,
    pub commitments: u32,
    pub settlement: Option<OldSettlement>,
}

#[derive(Clone, Encode, Decode)]
pub struct OldCommitment {
    pub hash: H256,
    pub num_examples: u64,
    pub at: BlockNumber,
}

#[derive(Clone, Encode, Decode)]
pub struct OldOffence {
    pub kind: OffenceKind,
    pub stake: Balance,
    pub amount: Balance,
    pub executable_at: BlockNumber,
}

/// The queue was bounded as it is now; its encoding is that of a plain list.
#[derive(Clone, Encode, Decode)]
pub struct OldParticipant {
    pub active: Balance,
    pub unbonding: alloc::vec::Vec<UnbondingChunk>,
    pub strikes: u32,
    pub clean_rounds: u32,
    pub offences: u32,
    pub pending_offences: u32,
    pub credits: Balance,
    pub suspended_until: BlockNumber,
}

#[storage_alias]
pub type Federations<T: Config> = StorageMap<Pallet<T>, Twox64Concat, FederationId, OldFederation>;
#[storage_alias]
pub type FederationTerms<T: Config> =
    StorageDoubleMap<Pallet<T>, Twox64Concat, FederationId, Twox64Concat, TermsVersion, OldTerms>;
#[storage_alias]
pub type Participants<T: Config> = StorageDoubleMap<
    Pallet<T>,
    Twox64Concat,
    FederationId,
    Blake2_128Concat,
    <T as frame_system::Config>::AccountId,
    OldParticipant,
>;
#[storage_alias]
pub type Rounds<T: Config> =
    StorageDoubleMap<Pallet<T>, Twox64Concat, FederationId, Twox64Concat, RoundId, OldRound>;
#[storage_alias]
pub type Commitments<T: Config> = StorageNMap<
    Pallet<T>,
    (
        NMapKey<Twox64Concat, FederationId>,
        NMapKey<Twox64Concat, RoundId>,
        NMapKey<Blake2_128Concat, <T as frame_system::Config>::AccountId>,
    ),
    OldCommitment,
>;
#[storage_alias]
pub type Offences<T: Config> = StorageNMap<
    Pallet<T>,
    (
        NMapKey<Twox64Concat, FederationId>,
        NMapKey<Twox64Concat, RoundId>,
        NMapKey<Blake2_128Concat, <T as frame_system::Config>::AccountId>,
    ),
    OldOffence,
>;
