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
    ArithmeticError,
};

use crate::{Balance, BlockNumber};

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
    pub fn new(active: Balance) -> Self {
        Self {
            active,
            unbonding: BoundedVec::new(),
            strikes: 0,
            clean_rounds: 0,
            offences: 0,
            pending_offences: 0,
            suspended_until: 0,
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
