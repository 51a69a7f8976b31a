//! What is stored and sent. The transitions of each record live beside it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{traits::EnsureAdd, AccountId32, ArithmeticError, Perbill};

/// Index of a federation on this chain.
pub type FederationId = u32;
/// Index of a round in its federation: from 0, without gaps.
pub type RoundId = u32;
/// Index of a federation's terms. Version 0 of the pallet knows only [`FIRST_TERMS`].
pub type TermsVersion = u32;
/// Amount of money, in planck.
pub type Balance = u128;
/// Index of a block. All time is counted in blocks.
pub type BlockNumber = u32;

/// Version that the terms given to `create_federation` get.
pub const FIRST_TERMS: TermsVersion = 1;

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
    /// Fraction for two signed commitments in one round.
    pub equivocation: Perbill,
    /// Fraction for a first streak of rejections; the n-th costs n times as much.
    pub outlier_base: Perbill,
    /// Most that one offence may take.
    pub cap: Perbill,
}

/// What a federation asks of its members and gives them.
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
pub struct Terms {
    /// Least active stake with which a member may commit.
    pub min_stake: Balance,
    /// Most members at one time.
    pub max_participants: u32,
    /// Commitments at which a round seals at once; 0 waits for the end of the window.
    pub quorum: u32,
    /// Length of the commit window.
    pub commit_blocks: BlockNumber,
    /// Time for settling after the commit window.
    pub settle_blocks: BlockNumber,
    /// Time between an offence and its slash.
    pub dispute_blocks: BlockNumber,
    /// Time between `unbond` and `withdraw`.
    pub unbonding_blocks: BlockNumber,
    /// Budget that the accepted members of a round share evenly.
    pub round_reward: Balance,
    /// Strikes that make an offence.
    pub strikes_to_slash: u32,
    /// Accepted rounds in a row that forgive one strike.
    pub strike_decay_rounds: u32,
    /// What offences cost.
    pub slash: SlashTerms,
}

/// Where a federation is in its life.
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
pub enum FederationState {
    /// Members join, rounds run.
    Active,
    /// No more rounds. From block `ends` all stake is free.
    Closing {
        /// First block in which all stake is free.
        ends: BlockNumber,
    },
    /// Nothing is held any more.
    Closed,
}

/// One training effort.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Federation {
    /// Account that opens and settles rounds.
    pub coordinator: AccountId32,
    /// Where it is in its life.
    pub state: FederationState,
    /// Terms of the next round.
    pub terms_version: TermsVersion,
    /// Hash of a description kept off chain.
    pub metadata: H256,
    /// What the coordinator has on hold for it.
    pub deposit: Balance,
    /// Number of rounds ever opened.
    pub next_round: RoundId,
    /// The round that is neither settled nor aborted.
    pub open_round: Option<RoundId>,
    /// Number of participants.
    pub members: u32,
    /// Rounds that ran past their settlement deadline: the coordinator's failure mark.
    pub failed_rounds: u32,
    /// Rewards credited and not yet claimed.
    pub owed: Balance,
    /// Reward budget of the open round.
    pub reserved: Balance,
}

impl Federation {
    /// What the escrow must be able to pay.
    pub fn obligations(&self) -> Result<Balance, ArithmeticError> {
        self.owed.ensure_add(self.reserved)
    }

    /// True from the block in which all stake is free.
    pub fn is_over(&self, now: BlockNumber) -> bool {
        match self.state {
            FederationState::Active => false,
            FederationState::Closing { ends } => now >= ends,
            FederationState::Closed => true,
        }
    }

    /// Forget the open round and the budget kept for it.
    pub fn end_round(&mut self) {
        self.open_round = None;
        self.reserved = 0;
    }
}

/// Where a round is in its life. *Sealed* is no state of its own: see [`Round::is_sealed`].
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
pub enum RoundState {
    /// Commitments are taken, or the settlement is awaited.
    Open,
    /// Verdicts are in, rewards credited.
    Settled,
    /// Ended without verdicts.
    Aborted,
}

/// What a settlement said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Settlement {
    /// Hash of the new model.
    pub model: H256,
    /// Hash of the coordinator's report.
    pub report: H256,
    /// Merkle root over the verdicts, made by the pallet.
    pub root: H256,
    /// Number of accepted updates.
    pub accepted: u32,
    /// Number of rejected updates.
    pub rejected: u32,
    /// Sum of the credited rewards.
    pub rewards: Balance,
    /// Block of the settlement.
    pub settled_at: BlockNumber,
}

/// One round of training.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Round {
    /// Where it is in its life.
    pub state: RoundState,
    /// Hash of the model that training starts from.
    pub base_model: H256,
    /// Terms it runs under.
    pub terms_version: TermsVersion,
    /// Block in which it was opened.
    pub opened_at: BlockNumber,
    /// Last block that takes commitments.
    pub commit_until: BlockNumber,
    /// Last block that takes the settlement.
    pub settle_until: BlockNumber,
    /// Block in which the quorum was met.
    pub sealed_at: Option<BlockNumber>,
    /// Number of commitments.
    pub commitments: u32,
    /// What the settlement said.
    pub settlement: Option<Settlement>,
}

impl Round {
    /// A round that opens in block `now` under these terms.
    pub fn open(
        base_model: H256,
        terms_version: TermsVersion,
        terms: &Terms,
        now: BlockNumber,
    ) -> Result<Self, ArithmeticError> {
        let commit_until = now.ensure_add(terms.commit_blocks)?;
        Ok(Self {
            state: RoundState::Open,
            base_model,
            terms_version,
            opened_at: now,
            commit_until,
            settle_until: commit_until.ensure_add(terms.settle_blocks)?,
            sealed_at: None,
            commitments: 0,
            settlement: None,
        })
    }

    /// True when no further commitment is taken: by quorum or by the end of the window.
    pub fn is_sealed(&self, now: BlockNumber) -> bool {
        self.sealed_at.is_some() || now > self.commit_until
    }
}

/// A hash that binds one account to one update in one round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Commitment {
    /// The commitment hash: opaque to the pallet.
    pub hash: H256,
    /// How many examples the member says it trained on.
    pub num_examples: u64,
    /// Block in which it came in.
    pub at: BlockNumber,
}

/// What a member did.
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
pub enum OffenceKind {
    /// Two signed commitments over different hashes in one round: proved on chain.
    Equivocation,
    /// A streak of rejections.
    Outlier,
}

/// A recorded offence that waits for its slash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Offence {
    /// What the member did.
    pub kind: OffenceKind,
    /// Active and unbonding stake when it was recorded.
    pub stake: Balance,
    /// What the slash takes at most.
    pub amount: Balance,
    /// First block in which it may be executed.
    pub executable_at: BlockNumber,
}
