// SPDX-License-Identifier: Apache-2.0
//! What a federation asks of its members and gives them.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedBTreeMap, BoundedVec};
use scale_info::{Type, TypeInfo};
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};

use crate::{Balance, BlockNumber, Tally};

/// Name of a training parameter: up to 32 bytes of UTF-8.
pub type TrainingName = BoundedVec<u8, ConstU32<32>>;
/// Most training parameters of a federation.
type MaxTraining = ConstU32<16>;

/// Training parameters by name: up to 16.
///
/// In the metadata they are a list of pairs, which has the same bytes: clients that know the types
/// of metadata V14 only can not read or write a map.
#[derive(
    Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen,
)]
pub struct Training(pub BoundedBTreeMap<TrainingName, TrainingValue, MaxTraining>);

impl TypeInfo for Training {
    type Identity = <BoundedVec<(TrainingName, TrainingValue), MaxTraining> as TypeInfo>::Identity;

    fn type_info() -> Type {
        BoundedVec::<(TrainingName, TrainingValue), MaxTraining>::type_info()
    }
}

/// Value of a training parameter. No float reaches the chain.
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
pub enum TrainingValue {
    /// A number, in units of 10^-9.
    Fixed(i64),
    /// What does not fit a number, by its hash: a defense's method.
    Hash(H256),
}

/// What seals a round before its window is over.
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
pub enum Quorum {
    /// Nothing: only the window's end seals.
    Window,
    /// This many commitments.
    Count(u32),
    /// Commitments of members with this active stake together.
    Stake(Balance),
}

impl Quorum {
    /// True when these commitments with this stake seal a round.
    pub fn is_met(&self, commitments: u32, stake: Balance) -> bool {
        match self {
            Quorum::Window => false,
            Quorum::Count(needed) => commitments >= *needed,
            Quorum::Stake(needed) => stake >= *needed,
        }
    }
}

/// Who decides a dispute.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Arbiter {
    /// One account.
    Account(AccountId32),
    /// The runtime's council.
    Council,
    /// The committee of the round, by `attest_quorum`.
    Attesters,
}

/// Who may join.
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
pub enum Admission {
    /// Anyone.
    Open,
    /// Whom the coordinator or the council invited.
    Invited,
    /// Whom this many members vouched for.
    Vouched(u32),
}

/// How far a settlement depends on attestations.
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
pub enum Coupling {
    /// Never.
    Loose,
    /// When a verdict strikes.
    Flexible,
    /// Always; and any committee member may settle.
    Full,
}

/// Who changes terms and replaces the coordinator.
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
pub enum Governance {
    /// The coordinator.
    Coordinator,
    /// The runtime's council.
    Council,
    /// The members, by active stake.
    Members {
        /// Fraction of the active stake that must vote.
        quorum: Perbill,
        /// Fraction of the votes that must approve.
        threshold: Perbill,
        /// Length of the vote.
        voting_blocks: BlockNumber,
        /// Time between the end of the vote and its enactment.
        delay_blocks: BlockNumber,
    },
}

/// How much of a stake an offence takes.
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
pub struct SlashTerms {
    /// Fraction for two signed commitments, or two signed attestations, in one round.
    pub equivocation: Perbill,
    /// Fraction for an update that is not the one committed to.
    pub mismatch: Perbill,
    /// Fraction for a first streak of rejections; the n-th costs n times as much.
    pub outlier_base: Perbill,
    /// Most that one offence may take.
    pub cap: Perbill,
}

/// What a federation asks of its members and gives them.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Terms {
    /// Least active stake with which a member may commit.
    pub min_stake: Balance,
    /// Most members at one time.
    pub max_participants: u32,
    /// What seals a round before its window is over.
    pub quorum: Quorum,
    /// Length of the commit window.
    pub commit_blocks: BlockNumber,
    /// Time for settling after the commit window.
    pub settle_blocks: BlockNumber,
    /// Time for reports after a settlement, and between an offence and its slash.
    pub dispute_blocks: BlockNumber,
    /// Time between `unbond` and `withdraw`.
    pub unbonding_blocks: BlockNumber,
    /// How long rewards wait for their claim after the dispute window.
    pub claim_blocks: BlockNumber,
    /// How long the records of an ended round are kept.
    pub retention_blocks: BlockNumber,
    /// How long a member stays suspended after a slash.
    pub cooldown_blocks: BlockNumber,
    /// Budget that the accepted members of a round share by weight.
    pub round_reward: Balance,
    /// Strikes that make an offence.
    pub strikes_to_slash: u32,
    /// Accepted rounds in a row that forgive one strike.
    pub strike_decay_rounds: u32,
    /// What offences cost.
    pub slash: SlashTerms,
    /// The reporter's share of what a slash takes.
    pub reporter_share: Perbill,
    /// What an accused puts on hold for a dispute.
    pub dispute_bond: Balance,
    /// Who decides disputes.
    pub arbiter: Arbiter,
    /// How far a settlement depends on attestations.
    pub coupling: Coupling,
    /// Fraction of the committee that makes a quorum.
    pub attest_quorum: Perbill,
    /// How the committee's votes are counted.
    pub attest_by: Tally,
    /// Seats of the committee drawn for each round.
    pub committee_size: u32,
    /// Who changes terms and replaces the coordinator.
    pub governance: Governance,
    /// Failed rounds in a row after which members may vote on a new coordinator under any
    /// governance.
    pub max_failed_rounds: u32,
    /// Time between the setting of new terms and their first round: at least `unbonding_blocks`.
    pub notice_blocks: BlockNumber,
    /// Who may join.
    pub admission: Admission,
    /// Most members of one organisation; 0: any number.
    pub max_per_organisation: u32,
    /// Most examples that a member may claim; 0: any number.
    pub max_examples: u64,
    /// Greatest part of the round's reward that one account gets.
    pub max_share: Perbill,
    /// What the coordinator has on hold while it opens rounds.
    pub coordinator_bond: Balance,
    /// Part of the coordinator's bond that a proved misconduct takes.
    pub misconduct: Perbill,
    /// Part of an attester's stake that a silent seat costs.
    pub silence: Perbill,
    /// Age at which stake has its whole vote; 0: at once.
    pub aging_blocks: BlockNumber,
    /// Most of the electorate that one organisation votes for, or one account without one.
    pub max_vote_share: Perbill,
    /// Least time that stake stays after its member joined.
    pub lock_blocks: BlockNumber,
    /// Accepted rounds until an account gets its whole share; 0 and 1: at once.
    pub tenure_rounds: u32,
    /// Rounds after which a reward can be claimed.
    pub vesting_rounds: u32,
    /// Part of each reward not yet vested that one strike takes.
    pub strike_cut: Perbill,
    /// Parameters of the training.
    pub training: Training,
}
