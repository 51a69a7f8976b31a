// SPDX-License-Identifier: Apache-2.0
//! A member of a federation, and how stake moves within it.
use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use core::cmp::{max, min};
use frame_support::{
    pallet_prelude::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use scale_info::TypeInfo;
use sp_runtime::{
    traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign},
    AccountId32, ArithmeticError,
};

use crate::{Balance, BlockNumber, Organisation, Record, Struck, Subject, Terms, TermsVersion};

/// Stake on its way out: still slashable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct UnbondingChunk {
    /// How much.
    pub amount: Balance,
    /// First block in which it may be withdrawn.
    pub until: BlockNumber,
}

/// A member of a federation.
#[derive(
    CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxUnbonding))]
pub struct Participant<MaxUnbonding: Get<u32>> {
    /// Stake that lets the member commit.
    pub active: Balance,
    /// Stake on its way out, oldest first.
    pub unbonding: BoundedVec<UnbondingChunk, MaxUnbonding>,
    /// Rejections not yet forgiven.
    pub strikes: u32,
    /// Accepted rounds in a row since the last rejection or forgiveness.
    pub clean_rounds: u32,
    /// Offences ever recorded.
    pub offences: u32,
    /// Offences recorded and not yet executed.
    pub pending_offences: u32,
    /// First block after the cool-down that follows a slash.
    pub suspended_until: BlockNumber,
    /// Whom it belongs to.
    pub organisation: Option<Organisation>,
    /// Most examples that those who admitted it vouch for; 0: they said nothing.
    pub max_examples: u64,
    /// Last version of the terms that it signed.
    pub terms_version: TermsVersion,
    /// Unbonding time of the terms that it signed, the least of them while its stake was in: newer
    /// ones never make it longer.
    pub exit_blocks: BlockNumber,
    /// Latest block in which a round or vote that it took part in may need its stake.
    pub liable_until: BlockNumber,
    /// Block in which it joined.
    pub joined_at: BlockNumber,
    /// Block in which its active stake was raised last.
    pub held_since: BlockNumber,
    /// Rounds in which it was accepted.
    pub accepted: u32,
    /// Strikes that were forgiven and are not forgotten.
    pub forgiven: u32,
    /// The latest rounds in which it got a strike, oldest first.
    pub struck: Struck,
    /// True once it unbonded under the old terms because worse ones were announced.
    pub exits_freely: bool,
}

/// Why a chunk could not be queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnbondFault {
    /// The queue is full.
    Full,
    /// The amount is more than the active stake.
    Short,
}

impl<MaxUnbonding: Get<u32>> Participant<MaxUnbonding> {
    /// A new member with this stake.
    pub fn new(
        active: Balance,
        (terms_version, terms): (TermsVersion, &Terms),
        now: BlockNumber,
    ) -> Self {
        Self {
            active,
            unbonding: BoundedVec::new(),
            strikes: 0,
            clean_rounds: 0,
            offences: 0,
            pending_offences: 0,
            suspended_until: 0,
            organisation: None,
            max_examples: 0,
            terms_version,
            exit_blocks: terms.unbonding_blocks,
            liable_until: 0,
            joined_at: now,
            held_since: now,
            accepted: 0,
            forgiven: 0,
            struck: BoundedVec::new(),
            exits_freely: false,
        }
    }

    /// True when the member may not commit: an offence waits, or the cool-down of one runs.
    pub fn is_suspended(&self, now: BlockNumber) -> bool {
        self.pending_offences > 0 || now < self.suspended_until
    }

    /// All that an offence can reach: active and unbonding stake.
    pub fn at_stake(&self) -> Result<Balance, ArithmeticError> {
        self.unbonding.iter().try_fold(self.active, |sum, chunk| sum.ensure_add(chunk.amount))
    }

    /// Note that the member signed these terms. Older ones than those it signed last change
    /// nothing; newer ones never make its exit longer.
    pub fn consents(&mut self, version: TermsVersion, terms: &Terms) {
        if version > self.terms_version {
            self.terms_version = version;
            self.exit_blocks = min(self.exit_blocks, terms.unbonding_blocks);
            // Who stays under the new terms does not leave because of them.
            self.exits_freely = false;
        }
    }

    /// Note that stake is needed until this block for what the member takes part in.
    pub fn takes_part_until(&mut self, block: BlockNumber) {
        self.liable_until = max(self.liable_until, block);
    }

    /// Keep stake that is on its way out until this block, where less than this much would stay:
    /// who has resigned sits as long as the present seed draws it, and answers for that.
    pub fn stays_until(&mut self, block: BlockNumber, least: Balance) {
        if self.active < least {
            for chunk in self.unbonding.iter_mut() {
                chunk.until = max(chunk.until, block.saturating_add(1));
            }
        }
    }

    /// Whom the member's votes and record are counted with.
    pub fn subject(&self, account: &AccountId32) -> Subject {
        match &self.organisation {
            Some(organisation) => Subject::Organisation(organisation.clone()),
            None => Subject::Account(account.clone()),
        }
    }

    /// What is remembered of the member when it leaves, if anything counts against it.
    pub fn record(&self, now: BlockNumber) -> Option<Record> {
        let is_clean = self.strikes == 0
            && self.offences == 0
            && self.forgiven == 0
            && self.suspended_until <= now;
        (!is_clean).then(|| Record {
            strikes: self.strikes,
            clean_rounds: self.clean_rounds,
            offences: self.offences,
            forgiven: self.forgiven,
            suspended_until: self.suspended_until,
            struck: self.struck.clone(),
        })
    }

    /// Take up what is remembered of it, or of its organisation.
    pub fn recall(&mut self, record: Record) {
        self.strikes = record.strikes;
        self.clean_rounds = record.clean_rounds;
        self.offences = record.offences;
        self.forgiven = record.forgiven;
        self.suspended_until = record.suspended_until;
        self.struck = record.struck;
    }

    /// Move active stake into the queue, not to leave before what is in it already. Returns the
    /// block in which it will.
    pub fn unbond(
        &mut self,
        amount: Balance,
        until: BlockNumber,
    ) -> Result<BlockNumber, UnbondFault> {
        self.active = self.active.checked_sub(amount).ok_or(UnbondFault::Short)?;
        let until = self.unbonding.last().map_or(until, |newest| max(newest.until, until));
        let chunk = UnbondingChunk { amount, until };
        self.unbonding.try_push(chunk).map_err(|_| UnbondFault::Full)?;
        Ok(until)
    }

    /// Move active stake into the queue under terms that the member did not sign: what is in it
    /// already need not wait longer either. Returns the block in which it leaves.
    pub fn unbond_freely(
        &mut self,
        amount: Balance,
        until: BlockNumber,
    ) -> Result<BlockNumber, UnbondFault> {
        for chunk in self.unbonding.iter_mut() {
            chunk.until = min(chunk.until, until);
        }
        self.exits_freely = true;
        self.unbond(amount, until)
    }

    /// Take the chunks that are ripe, or all stake when the federation is over.
    pub fn take_free(
        &mut self,
        now: BlockNumber,
        is_over: bool,
    ) -> Result<Balance, ArithmeticError> {
        let mut free: Balance = 0;
        if is_over {
            free = self.active;
            self.active = 0;
        }
        let (ripe, rest): (Vec<_>, Vec<_>) =
            self.unbonding.iter().copied().partition(|chunk| is_over || chunk.until <= now);
        for chunk in ripe {
            free.ensure_add_assign(chunk.amount)?;
        }
        self.unbonding = BoundedVec::truncate_from(rest);
        Ok(free)
    }

    /// Take up to `amount`: active stake first, then the oldest chunks. Returns what was taken.
    pub fn slash(&mut self, amount: Balance) -> Result<Balance, ArithmeticError> {
        let mut left = amount;
        let from_active = min(self.active, left);
        self.active.ensure_sub_assign(from_active)?;
        left.ensure_sub_assign(from_active)?;
        for chunk in self.unbonding.iter_mut() {
            let part = min(chunk.amount, left);
            chunk.amount.ensure_sub_assign(part)?;
            left.ensure_sub_assign(part)?;
        }
        self.unbonding.retain(|chunk| chunk.amount > 0);
        amount.ensure_sub(left)
    }

    /// True when no stake is left.
    pub fn is_empty(&self) -> bool {
        self.active == 0 && self.unbonding.is_empty()
    }
}
