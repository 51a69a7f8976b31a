// SPDX-License-Identifier: Apache-2.0
//! One training effort.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{
    traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign},
    AccountId32, ArithmeticError,
};

use crate::{Balance, BlockNumber, ProposalId, RoundId, Terms, TermsVersion, Youth, FIRST_TERMS};

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

/// Terms that are announced and not yet in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PendingTerms {
    /// Their version.
    pub version: TermsVersion,
    /// First block in which a round opens under them.
    pub from: BlockNumber,
    /// True when they are worse for members in any respect: then members leave under the old ones.
    pub is_worse: bool,
}

/// One training effort.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Federation {
    /// Account that opens and settles rounds.
    pub coordinator: AccountId32,
    /// Account that made it: gets the deposit back at the end.
    pub founder: AccountId32,
    /// Where it is in its life.
    pub state: FederationState,
    /// Terms of the next round.
    pub terms_version: TermsVersion,
    /// Terms that are announced and not yet in force.
    pub pending_terms: Option<PendingTerms>,
    /// Hash of a description kept off chain.
    pub metadata: H256,
    /// What the founder has on hold for it.
    pub deposit: Balance,
    /// Number of rounds ever opened.
    pub next_round: RoundId,
    /// The round that is neither settled nor aborted.
    pub open_round: Option<RoundId>,
    /// Model of the last settled round, or of a rebase: the next round starts from it.
    pub model: Option<H256>,
    /// Number of participants.
    pub members: u32,
    /// Active stake of all members together.
    pub total_active: Balance,
    /// Rounds without a settlement that stood: the coordinators' failure marks.
    pub failed_rounds: u32,
    /// Failure marks since the last settlement.
    pub failures_in_row: u32,
    /// Rewards of settled rounds that are not paid, forfeited or expired.
    pub owed: Balance,
    /// Reward budget of the open round.
    pub reserved: Balance,
    /// Latest block in which stake may still be needed for a round or a vote of before: stake
    /// that leaves from now on is not free until it is over. At first the block in which the
    /// federation was made.
    pub liable_until: BlockNumber,
    /// Latest claim deadline of a settled round.
    pub last_claim_until: BlockNumber,
    /// Number of proposals ever made.
    pub next_proposal: ProposalId,
    /// Number of proposals that are not yet cleared away.
    pub proposals: u32,
    /// Number of registered attesters.
    pub attesters: u32,
    /// Seed of the next committee: a mix of what attesters revealed.
    pub seed: H256,
    /// Block in which the round was opened whose reveals changed the seed last.
    pub seed_at: BlockNumber,
    /// True once an attester revealed something.
    pub seeded: bool,
    /// How much of the active stake is young.
    pub youth: Youth,
    /// What sponsors have paid in, ever.
    pub funded: Balance,
    /// Number of sponsors that are not refunded.
    pub sponsors: u32,
    /// Once it is closed: what was left of the escrow for all its sponsors.
    pub left: Balance,
}

impl Federation {
    /// A new federation of this founder, who coordinates it.
    pub fn new(founder: AccountId32, metadata: H256, deposit: Balance) -> Self {
        Self {
            coordinator: founder.clone(),
            founder,
            state: FederationState::Active,
            terms_version: FIRST_TERMS,
            pending_terms: None,
            metadata,
            deposit,
            next_round: 0,
            open_round: None,
            model: None,
            members: 0,
            total_active: 0,
            failed_rounds: 0,
            failures_in_row: 0,
            owed: 0,
            reserved: 0,
            liable_until: 0,
            last_claim_until: 0,
            next_proposal: 0,
            proposals: 0,
            attesters: 0,
            seed: H256::zero(),
            seed_at: 0,
            seeded: false,
            youth: Youth::default(),
            funded: 0,
            sponsors: 0,
            left: 0,
        }
    }

    /// Count stake in that a member raises now: all its active stake is as young as this part.
    pub fn add_stake(
        &mut self,
        (before, held_since): (Balance, BlockNumber),
        amount: Balance,
        now: BlockNumber,
        aging_blocks: BlockNumber,
    ) -> Result<(), ArithmeticError> {
        self.youth.grow_up(now, aging_blocks);
        self.youth.take(before, held_since)?;
        self.youth.add(before.ensure_add(amount)?, now)?;
        self.total_active.ensure_add_assign(amount)
    }

    /// Count active stake out that its member raised last in that block.
    pub fn take_stake(
        &mut self,
        amount: Balance,
        held_since: BlockNumber,
    ) -> Result<(), ArithmeticError> {
        self.youth.take(amount, held_since)?;
        self.total_active.ensure_sub_assign(amount)
    }

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

    /// True when the members may name another coordinator, whoever governs: too many rounds failed
    /// in a row, or there was none for so long that records of that time may be pruned.
    pub fn needs_coordinator(&self, terms: &Terms, now: BlockNumber) -> bool {
        self.failures_in_row >= terms.max_failed_rounds
            || now > self.liable_until.saturating_add(terms.retention_blocks)
    }

    /// Go on from the model of a round that was settled: unless the governance named another one
    /// while the round was open. Each round starts from `model`, so the two differ only then.
    pub fn go_on_from(&mut self, base_model: H256, settled: H256) {
        if self.model.is_none_or(|model| model == base_model) {
            self.model = Some(settled);
        }
    }

    /// Forget the open round and the budget kept for it.
    pub fn end_round(&mut self) {
        self.open_round = None;
        self.reserved = 0;
    }

    /// Start again from the model `to`, unless a later round was settled after that of `from`.
    pub fn step_back(&mut self, from: H256, to: H256) {
        if self.model == Some(from) {
            self.model = Some(to);
        }
    }

    /// Give the coordinator a failure mark.
    pub fn mark_failure(&mut self) {
        self.failed_rounds = self.failed_rounds.saturating_add(1);
        self.failures_in_row = self.failures_in_row.saturating_add(1);
    }
}
