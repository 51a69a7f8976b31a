// SPDX-License-Identifier: Apache-2.0
//! When a vote of the members decides, as functions of plain values.
use core::cmp::min;
use sp_runtime::{
    helpers_128bit::multiply_by_rational_with_rounding, traits::EnsureAdd, ArithmeticError,
    Perbill, Rounding,
};

use crate::{Balance, BlockNumber};

const HALF: Perbill = Perbill::from_percent(50);

/// How a proposal is voted on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VotingRules {
    /// Part of all active stake that must vote.
    pub quorum: Perbill,
    /// Part of the stake that voted which must approve.
    pub threshold: Perbill,
    /// Length of the voting.
    pub voting_blocks: BlockNumber,
    /// Time between the voting and the enactment.
    pub delay_blocks: BlockNumber,
}

impl VotingRules {
    /// The rules by which members decide what is theirs while they do not govern, like the place
    /// of a failing coordinator: half of the stake votes, half of it approves. The voting is as
    /// long as a round with its dispute window; the delay is one dispute window.
    pub fn for_failing_coordinator(
        commit_blocks: BlockNumber,
        settle_blocks: BlockNumber,
        dispute_blocks: BlockNumber,
    ) -> Result<Self, ArithmeticError> {
        let half = HALF;
        let voting_blocks = commit_blocks.ensure_add(settle_blocks)?.ensure_add(dispute_blocks)?;
        Ok(Self { quorum: half, threshold: half, voting_blocks, delay_blocks: dispute_blocks })
    }

    /// Last block that takes votes, and first block of the enactment, for a proposal of `now`.
    pub fn schedule(
        &self,
        now: BlockNumber,
    ) -> Result<(BlockNumber, BlockNumber), ArithmeticError> {
        let votes_until = now.ensure_add(self.voting_blocks)?;
        let enactable_at = votes_until.ensure_add(self.delay_blocks)?.ensure_add(1)?;
        Ok((votes_until, enactable_at))
    }
}

/// The stake behind a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// Stake that approves.
    pub ayes: Balance,
    /// Stake that does not.
    pub nays: Balance,
    /// All active stake at the proposal.
    pub electorate: Balance,
}

/// True when enough stake voted, enough of it approves, and more of it approves than not.
pub fn is_approved(count: &Count, quorum: Perbill, threshold: Perbill) -> bool {
    let turnout = count.ayes.saturating_add(count.nays);
    turnout >= quorum.mul_ceil(count.electorate)
        && count.ayes >= threshold.mul_ceil(turnout)
        && count.ayes > count.nays
}

/// True when half of the electorate voted and half of that approves: what members need to decide
/// terms while the coordinator governs, whatever rules the motion began under.
pub fn is_approved_by_half(count: &Count) -> bool {
    is_approved(count, HALF, HALF)
}

/// What stake of this age weighs: all of it from `aging_blocks` on, a part in proportion before.
pub fn aged(stake: Balance, age: BlockNumber, aging_blocks: BlockNumber) -> Balance {
    if age >= aging_blocks {
        return stake;
    }
    let (age, whole) = (age.into(), aging_blocks.into());
    multiply_by_rational_with_rounding(stake, age, whole, Rounding::Down).unwrap_or_default()
}

/// With how much of its weight a vote counts when others of its group voted with `before`: all of
/// a group together have no more than their share of the electorate.
pub fn within_share(
    weight: Balance,
    before: Balance,
    electorate: Balance,
    max_vote_share: Perbill,
) -> Balance {
    let most = max_vote_share.mul_floor(electorate);
    min(weight, most.saturating_sub(before))
}
