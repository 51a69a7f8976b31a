// SPDX-License-Identifier: Apache-2.0
//! What members vote on.
use alloc::boxed::Box;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};

use crate::{Balance, BlockNumber, Succession, Terms};

/// What is proposed.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Proposal {
    /// New terms, after their notice.
    Terms(Box<Terms>),
    /// Another coordinator.
    Coordinator(AccountId32),
    /// Another model to start the next round from.
    Rebase(H256),
    /// Other successors of the coordinator, after the notice.
    Succession(Succession),
}

/// Where a motion is in its life.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum MotionState {
    /// It is voted on, or waits for its enactment.
    Open,
    /// It is in force; its votes are being cleared away.
    Enacted,
    /// It missed its quorum or threshold; its votes are being cleared away.
    Rejected,
}

/// A proposal under vote.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Motion {
    /// What is proposed.
    pub proposal: Proposal,
    /// Who proposed it.
    pub proposer: AccountId32,
    /// What the proposer has on hold for it.
    pub deposit: Balance,
    /// Where it is in its life.
    pub state: MotionState,
    /// Last block that takes votes.
    pub voting_until: BlockNumber,
    /// First block in which it may be enacted.
    pub enact_at: BlockNumber,
    /// Fraction of the electorate that must vote.
    pub quorum: Perbill,
    /// Fraction of the votes that must approve.
    pub threshold: Perbill,
    /// Block of the proposal: stake counts that was held before it.
    pub proposed_at: BlockNumber,
    /// Age at which stake has its whole vote.
    pub aging_blocks: BlockNumber,
    /// Most of the electorate that one organisation votes for, or one account without one.
    pub max_vote_share: Perbill,
    /// Active stake of the federation at the proposal.
    pub electorate: Balance,
    /// Stake that approves.
    pub ayes: Balance,
    /// Stake that refuses.
    pub nays: Balance,
}

/// One member's vote on one proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Vote {
    /// For or against.
    pub approve: bool,
    /// Active stake with which it counts.
    pub stake: Balance,
}
