// SPDX-License-Identifier: Apache-2.0
//! When a vote of the members decides, as functions of plain values.
use sp_runtime::{traits::EnsureAdd, ArithmeticError, Perbill};

use crate::{Balance, BlockNumber};

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
    /// The rules by which members replace a failing coordinator when they do not govern: half of
    /// the stake votes, half of it approves. The voting is as long as a round with its dispute
    /// window, which `unbonding_blocks` exceeds; the delay is one dispute window.
    pub fn for_failing_coordinator(
        commit_blocks: BlockNumber,
        settle_blocks: BlockNumber,
        dispute_blocks: BlockNumber,
    ) -> Result<Self, ArithmeticError> {
        let half = Perbill::from_percent(50);
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
    /// All active stake: the most there was from the proposal to the last vote.
    pub electorate: Balance,
}

/// True when enough stake voted, enough of it approves, and more of it approves than not.
pub fn is_approved(count: &Count, quorum: Perbill, threshold: Perbill) -> bool {
    let turnout = count.ayes.saturating_add(count.nays);
    turnout >= quorum.mul_ceil(count.electorate)
        && count.ayes >= threshold.mul_ceil(turnout)
        && count.ayes > count.nays
}
