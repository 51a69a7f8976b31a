// SPDX-License-Identifier: Apache-2.0
//! What version 2 of the storage layout held. What is not here is the same in version 3.
use alloc::boxed::Box;
use codec::{Decode, Encode};
use frame_support::{pallet_prelude::Get, BoundedVec, CloneNoBound, DebugNoBound};
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};

use crate::*;

/// Terms of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldTerms {
    pub min_stake: Balance,
    pub max_participants: u32,
    pub quorum: Quorum,
    pub commit_blocks: BlockNumber,
    pub settle_blocks: BlockNumber,
    pub dispute_blocks: BlockNumber,
    pub unbonding_blocks: BlockNumber,
    pub claim_blocks: BlockNumber,
    pub retention_blocks: BlockNumber,
    pub cooldown_blocks: BlockNumber,
    pub round_reward: Balance,
    pub strikes_to_slash: u32,
    pub strike_decay_rounds: u32,
    pub slash: SlashTerms,
    pub reporter_share: Perbill,
    pub dispute_bond: Balance,
    pub arbiter: Arbiter,
    pub coupling: Coupling,
    pub attest_quorum: Perbill,
    pub attest_by: Tally,
    pub committee_size: u32,
    pub governance: Governance,
    pub max_failed_rounds: u32,
    pub training: Training,
}

/// A federation of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldFederation {
    pub coordinator: AccountId32,
    pub founder: AccountId32,
    pub state: FederationState,
    pub terms_version: TermsVersion,
    pub metadata: H256,
    pub deposit: Balance,
    pub next_round: RoundId,
    pub open_round: Option<RoundId>,
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

/// A member of version 2.
#[derive(CloneNoBound, DebugNoBound, Encode, Decode)]
pub struct OldParticipant<MaxUnbonding: Get<u32>> {
    pub active: Balance,
    pub unbonding: BoundedVec<UnbondingChunk, MaxUnbonding>,
    pub strikes: u32,
    pub clean_rounds: u32,
    pub offences: u32,
    pub pending_offences: u32,
    pub suspended_until: BlockNumber,
}

/// A settlement of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldSettlement {
    pub mode: SettlementMode,
    pub model: H256,
    pub report: H256,
    pub root: H256,
    pub totals: Totals,
    pub left: Totals,
    pub unpaid: Balance,
    pub settled_at: BlockNumber,
    pub dispute_until: BlockNumber,
    pub claim_until: BlockNumber,
    pub failures_before: u32,
    pub expired: bool,
}

/// A round of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldRound {
    pub state: RoundState,
    pub base_model: H256,
    pub terms_version: TermsVersion,
    pub opened_at: BlockNumber,
    pub commit_until: BlockNumber,
    pub settle_until: BlockNumber,
    pub sealed_at: Option<BlockNumber>,
    pub ended_at: Option<BlockNumber>,
    pub commitments: u32,
    pub committed_stake: Balance,
    pub stored: u32,
    pub pending_offences: u32,
    pub settlement: Option<OldSettlement>,
}

/// An objection of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldDispute {
    pub bond: Balance,
    pub until: BlockNumber,
    pub upheld: u32,
    pub overturned: u32,
}

/// What became of an offence, in version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub enum OldOffenceState {
    Pending,
    Disputed(OldDispute),
    Upheld,
    Executed,
    Overturned,
}

/// An offence of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldOffence {
    pub kind: OffenceKind,
    pub stake: Balance,
    pub amount: Balance,
    pub executable_at: BlockNumber,
    pub reporter: Option<AccountId32>,
    pub state: OldOffenceState,
}

/// What was proposed in version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub enum OldProposal {
    Terms(Box<OldTerms>),
    Coordinator(AccountId32),
}

/// A motion of version 2.
#[derive(Clone, Debug, Encode, Decode)]
pub struct OldMotion {
    pub proposal: OldProposal,
    pub proposer: AccountId32,
    pub deposit: Balance,
    pub state: MotionState,
    pub voting_until: BlockNumber,
    pub enact_at: BlockNumber,
    pub quorum: Perbill,
    pub threshold: Perbill,
    pub electorate: Balance,
    pub ayes: Balance,
    pub nays: Balance,
}
