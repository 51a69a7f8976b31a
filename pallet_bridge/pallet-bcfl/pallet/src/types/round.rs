// SPDX-License-Identifier: Apache-2.0
//! One round of training, and what its settlement said.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::max;
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{
    traits::{EnsureAdd, EnsureAddAssign, EnsureMul},
    AccountId32, ArithmeticError,
};

use crate::{
    encoding::{terms_hash, Binding},
    Balance, BlockNumber, Terms, TermsVersion,
};

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
    /// Verdicts are in.
    Settled,
    /// Ended without verdicts.
    Aborted,
    /// Its settlement was proved wrong: nothing of it is paid.
    Voided,
}

/// How the verdicts came in.
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
pub enum SettlementMode {
    /// As a list: applied at once, the root made by the pallet.
    List,
    /// As a root: applied leaf by leaf after the dispute window.
    Merkle,
}

/// What a settlement's verdicts come to.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Totals {
    /// Number of accepted updates.
    pub accepted: u32,
    /// Number of rejected updates.
    pub rejected: u32,
    /// Number of excluded updates.
    pub excluded: u32,
    /// Strikes given: one for each rejected update.
    pub strikes: u32,
    /// Sum of the rewards.
    pub rewards: Balance,
}

impl Totals {
    /// Number of verdicts, and so of leaves under the root.
    pub fn count(&self) -> Result<u32, ArithmeticError> {
        self.accepted.ensure_add(self.rejected)?.ensure_add(self.excluded)
    }

    /// These totals less those, or nothing when they do not reach.
    pub fn checked_sub(&self, used: &Totals) -> Option<Totals> {
        Some(Totals {
            accepted: self.accepted.checked_sub(used.accepted)?,
            rejected: self.rejected.checked_sub(used.rejected)?,
            excluded: self.excluded.checked_sub(used.excluded)?,
            strikes: self.strikes.checked_sub(used.strikes)?,
            rewards: self.rewards.checked_sub(used.rewards)?,
        })
    }

    /// Add those totals to these.
    pub fn add(&mut self, more: &Totals) -> Result<(), ArithmeticError> {
        self.accepted.ensure_add_assign(more.accepted)?;
        self.rejected.ensure_add_assign(more.rejected)?;
        self.excluded.ensure_add_assign(more.excluded)?;
        self.strikes.ensure_add_assign(more.strikes)?;
        self.rewards.ensure_add_assign(more.rewards)
    }
}

/// What a settlement said, and what is left to do of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Settlement {
    /// How the verdicts came in.
    pub mode: SettlementMode,
    /// Hash of the new model.
    pub model: H256,
    /// Hash of the coordinator's report.
    pub report: H256,
    /// Merkle root over the verdicts.
    pub root: H256,
    /// What the verdicts come to.
    pub totals: Totals,
    /// What leaves not yet applied may still use; nothing for a list.
    pub left: Totals,
    /// Rewards that are not paid, forfeited or expired.
    pub unpaid: Balance,
    /// Block of the settlement.
    pub settled_at: BlockNumber,
    /// Last block that takes reports. After it leaves are applied and rewards paid.
    pub dispute_until: BlockNumber,
    /// Last block before which nobody may let the rewards expire.
    pub claim_until: BlockNumber,
    /// Block from which its rewards are vested however few rounds follow.
    pub vests_at: BlockNumber,
    /// Failure marks in a row before it: they count again when it is proved wrong.
    pub failures_before: u32,
    /// True once what was left went back to the escrow.
    pub expired: bool,
    /// True when who opened the round settled it, and answers for the root with its bond.
    pub by_coordinator: bool,
}

/// What those get who committed in a round that their coordinator spoiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Compensation {
    /// What each commitment gets.
    pub each: Balance,
    /// What is not paid yet.
    pub unpaid: Balance,
    /// Last block before which nobody may let it expire.
    pub until: BlockNumber,
}

/// One round of training.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Round {
    /// Where it is in its life.
    pub state: RoundState,
    /// Who opened it, and answers for it.
    pub coordinator: AccountId32,
    /// Hash of the model that training starts from.
    pub base_model: H256,
    /// Terms it runs under.
    pub terms_version: TermsVersion,
    /// Hash of these terms: [`crate::encoding::terms_hash`].
    pub terms_hash: H256,
    /// Block in which it was opened.
    pub opened_at: BlockNumber,
    /// Last block that takes commitments.
    pub commit_until: BlockNumber,
    /// Last block that takes the settlement.
    pub settle_until: BlockNumber,
    /// Block in which it was sealed: by its quorum, or by `seal` after its window.
    pub sealed_at: Option<BlockNumber>,
    /// Block in which it was settled or aborted.
    pub ended_at: Option<BlockNumber>,
    /// Number of commitments.
    pub commitments: u32,
    /// Active stake of those who committed.
    pub committed_stake: Balance,
    /// Commitments that are not pruned.
    pub stored: u32,
    /// Offences in this round that wait for their slash.
    pub pending_offences: u32,
    /// What the settlement said.
    pub settlement: Option<Settlement>,
    /// What those get who committed in it, when its coordinator spoiled it.
    pub compensation: Option<Compensation>,
}

impl Round {
    /// A round that opens in block `now` under these terms.
    pub fn open(
        coordinator: AccountId32,
        base_model: H256,
        (terms_version, terms): (TermsVersion, &Terms),
        now: BlockNumber,
    ) -> Result<Self, ArithmeticError> {
        let commit_until = now.ensure_add(terms.commit_blocks)?;
        Ok(Self {
            state: RoundState::Open,
            coordinator,
            base_model,
            terms_version,
            terms_hash: terms_hash(terms),
            opened_at: now,
            commit_until,
            settle_until: commit_until.ensure_add(terms.settle_blocks)?,
            sealed_at: None,
            ended_at: None,
            commitments: 0,
            committed_stake: 0,
            stored: 0,
            pending_offences: 0,
            settlement: None,
            compensation: None,
        })
    }

    /// A number that is used up without a round.
    pub fn skip(
        coordinator: AccountId32,
        (terms_version, terms): (TermsVersion, &Terms),
        now: BlockNumber,
    ) -> Result<Self, ArithmeticError> {
        Ok(Self {
            state: RoundState::Aborted,
            commit_until: now,
            settle_until: now,
            ended_at: Some(now),
            ..Self::open(coordinator, H256::zero(), (terms_version, terms), now)?
        })
    }

    /// True when there never was a round of this number: one that opens has a window.
    pub fn is_skipped(&self) -> bool {
        self.settle_until == self.opened_at
    }

    /// What members and the coordinator sign for when they sign for this round.
    pub fn binding(&self) -> Binding {
        Binding {
            coordinator: self.coordinator.clone(),
            base_model: self.base_model,
            terms_hash: self.terms_hash,
        }
    }

    /// True when no further commitment is taken: by quorum or by the end of the window.
    pub fn is_sealed(&self, now: BlockNumber) -> bool {
        self.sealed_at.is_some() || now > self.commit_until
    }

    /// Count one more commitment with this stake.
    pub fn count(&mut self, stake: Balance) -> Result<(), ArithmeticError> {
        self.commitments.ensure_add_assign(1)?;
        self.stored.ensure_add_assign(1)?;
        self.committed_stake.ensure_add_assign(stake)
    }

    /// Last block that takes reports of offences in this round: the end of the dispute window of
    /// its settlement, or as long after the deadline of one that never came.
    pub fn report_until(&self, terms: &Terms) -> Result<BlockNumber, ArithmeticError> {
        match &self.settlement {
            Some(settlement) => Ok(settlement.dispute_until),
            None => self.settle_until.ensure_add(terms.dispute_blocks),
        }
    }

    /// Last block in which the stake of those who took part in this round may be needed: an offence
    /// that is reported last is executed then.
    pub fn liable_until(&self, terms: &Terms) -> Result<BlockNumber, ArithmeticError> {
        self.settle_until.ensure_add(terms.dispute_blocks.ensure_mul(2)?)
    }

    /// Last block in which the records of this round must be there, or nothing while it is open:
    /// until its retention is over and, however long its rewards vest, its claims are.
    pub fn keep_until(&self, terms: &Terms) -> Result<Option<BlockNumber>, ArithmeticError> {
        let Some(ended) = self.ended_at else { return Ok(None) };
        let kept = max(ended, self.settle_until).ensure_add(terms.retention_blocks)?;
        let claims = self.settlement.as_ref().map_or(0, |settlement| settlement.claim_until);
        Ok(Some(max(kept, claims)))
    }
}
