// SPDX-License-Identifier: Apache-2.0
//! How much active stake is young, without a look at each member.
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{
    helpers_128bit::multiply_by_rational_with_rounding,
    traits::{EnsureAddAssign, EnsureMul, EnsureSubAssign},
    ArithmeticError, Rounding,
};

use crate::{Balance, BlockNumber};

/// Active stake that was raised last in the time from `since` to the cohort that follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Cohort {
    /// First block of it.
    pub since: BlockNumber,
    /// How much stake.
    pub stake: Balance,
    /// Sum over the stake of the block in which it was raised last: its age on average is the
    /// present block less `moment / stake`.
    pub moment: u128,
}

impl Cohort {
    fn add(&mut self, amount: Balance, held_since: BlockNumber) -> Result<(), ArithmeticError> {
        self.stake.ensure_add_assign(amount)?;
        self.moment.ensure_add_assign(amount.ensure_mul(held_since.into())?)
    }

    fn take(&mut self, amount: Balance, held_since: BlockNumber) -> Result<(), ArithmeticError> {
        self.stake.ensure_sub_assign(amount)?;
        self.moment.ensure_sub_assign(amount.ensure_mul(held_since.into())?)
    }

    /// What its stake weighs by its age: never less than the sum of what each part weighs. It is
    /// more where a part is older than the aging time: that makes up for others.
    fn weight(&self, now: BlockNumber, aging_blocks: BlockNumber) -> Balance {
        let ages = self.stake.saturating_mul(now.into()).saturating_sub(self.moment);
        let whole = u128::from(aging_blocks.max(1));
        let part = multiply_by_rational_with_rounding(ages, 1, whole, Rounding::Up);
        part.unwrap_or(self.stake).min(self.stake)
    }
}

/// The active stake of a federation that is not of age: all that was raised last in one aging time,
/// and some that is older.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Youth {
    /// What came last.
    pub last: Cohort,
    /// What came before that.
    pub before: Cohort,
    /// Latest block in which any came.
    pub newest: BlockNumber,
}

impl Youth {
    /// Nothing that came before this block is young.
    pub fn new(since: BlockNumber) -> Self {
        let empty = Cohort { since, ..Cohort::default() };
        Self { last: empty, before: empty, newest: since }
    }

    /// Begin a new cohort when the last one is an aging time old. What was before it is of age then.
    /// One block never is in two cohorts, however the aging time changes.
    pub fn grow_up(&mut self, now: BlockNumber, aging_blocks: BlockNumber) {
        let is_due = now.saturating_sub(self.last.since) >= aging_blocks.max(1);
        if is_due && self.newest < now {
            self.before = self.last;
            self.last = Cohort { since: now, ..Cohort::default() };
        }
    }

    /// Count stake in that was raised last in this block.
    pub fn add(&mut self, amount: Balance, held_since: BlockNumber) -> Result<(), ArithmeticError> {
        self.newest = self.newest.max(held_since);
        self.cohort_of(held_since).map_or(Ok(()), |cohort| cohort.add(amount, held_since))
    }

    /// Count stake out that was raised last in this block.
    pub fn take(
        &mut self,
        amount: Balance,
        held_since: BlockNumber,
    ) -> Result<(), ArithmeticError> {
        self.cohort_of(held_since).map_or(Ok(()), |cohort| cohort.take(amount, held_since))
    }

    /// The cohort of this block, if that is not of age.
    fn cohort_of(&mut self, held_since: BlockNumber) -> Option<&mut Cohort> {
        [&mut self.last, &mut self.before].into_iter().find(|cohort| held_since >= cohort.since)
    }

    /// What all active stake weighs by its age: as much as can vote.
    pub fn electorate(
        &self,
        active: Balance,
        now: BlockNumber,
        aging_blocks: BlockNumber,
    ) -> Balance {
        if aging_blocks == 0 {
            return active;
        }
        let young = self.last.stake.saturating_add(self.before.stake);
        let weights = [self.last, self.before].map(|cohort| cohort.weight(now, aging_blocks));
        weights.into_iter().fold(active.saturating_sub(young), Balance::saturating_add)
    }
}
