// SPDX-License-Identifier: Apache-2.0
//! When a reward may be paid and how much is left of it, as functions of plain values.
//!
//! A reward that could be paid at once would be out of reach of what its earner does next. So it
//! vests over the rounds that follow, and what happens in them still takes from it.
use sp_runtime::{
    helpers_128bit::multiply_by_rational_with_rounding,
    traits::{EnsureAdd, EnsureMul},
    ArithmeticError, PerThing, Perbill, Rounding,
};

use crate::{Balance, BlockNumber, RoundId, Struck, Terms};

/// Most rounds over which a reward vests: as many rounds with a strike are remembered.
pub const MAX_VESTING_ROUNDS: RoundId = 32;

/// What of a federation decides whether a reward is vested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Number of rounds ever opened.
    pub next_round: RoundId,
    /// The block.
    pub now: BlockNumber,
    /// True once the federation takes no more rounds: none can follow.
    pub is_ending: bool,
}

/// True when the reward of a round is vested: enough rounds followed, or enough blocks, or no
/// round can follow any more.
pub fn is_vested(
    round: RoundId,
    vesting_rounds: RoundId,
    vests_at: BlockNumber,
    moment: Moment,
) -> bool {
    moment.is_ending
        || moment.now > vests_at
        || moment.next_round > round.saturating_add(vesting_rounds)
}

/// True when what happened in one round still reaches a reward that was earned in another:
/// not in a later one, and not in one from which it was vested.
pub fn reaches(happened: RoundId, earned: RoundId, vesting_rounds: RoundId) -> bool {
    happened.checked_sub(earned).is_some_and(|rounds| rounds <= vesting_rounds)
}

/// Block from which the rewards of a round are vested however few rounds follow: as many blocks
/// after its dispute window as the rounds may take.
pub fn vests_at(dispute_until: BlockNumber, terms: &Terms) -> Result<BlockNumber, ArithmeticError> {
    let round = terms.commit_blocks.ensure_add(terms.settle_blocks)?;
    dispute_until.ensure_add(round.ensure_mul(terms.vesting_rounds)?)
}

/// What is left of a reward after the strikes of the rounds over which it vests. Each takes its
/// part of what the one before left, rounded down each time.
pub fn left_after_strikes(
    reward: Balance,
    round: RoundId,
    struck: &[RoundId],
    terms: &Terms,
) -> Balance {
    let kept: Perbill = terms.strike_cut.left_from_one();
    let cuts = |happened: &&RoundId| {
        **happened != round && reaches(**happened, round, terms.vesting_rounds)
    };
    struck.iter().filter(cuts).fold(reward, |left, _| kept.mul_floor(left))
}

/// Note a strike in this round. Of more rounds than there is room for the oldest is forgotten.
pub fn note_strike(struck: &mut Struck, round: RoundId) {
    if struck.is_full() {
        struck.remove(0);
    }
    // There is room for one.
    struck.try_push(round).unwrap_or_default();
}

/// What an account gets of a reward after so many accepted rounds: a part that grows with each
/// until it is whole, rounded down. A new account for each round would else earn as much as one
/// that stays.
pub fn with_tenure(
    reward: Balance,
    accepted: u32,
    tenure_rounds: u32,
) -> Result<Balance, ArithmeticError> {
    let served = accepted.saturating_add(1);
    if served >= tenure_rounds {
        return Ok(reward);
    }
    let (part, whole) = (u128::from(served), u128::from(tenure_rounds));
    multiply_by_rational_with_rounding(reward, part, whole, Rounding::Down)
        .ok_or(ArithmeticError::Overflow)
}

/// The part of what is left that goes to who paid so much of all that was paid: rounded down.
pub fn part_of(left: Balance, paid: Balance, all: Balance) -> Balance {
    multiply_by_rational_with_rounding(left, paid, all.max(1), Rounding::Down).unwrap_or_default()
}
