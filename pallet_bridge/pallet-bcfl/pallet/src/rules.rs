//! The decisions, as functions of plain values: no storage, no money, no events.

use core::cmp::min;
use sp_runtime::{ArithmeticError, Perbill};

use crate::{Balance, BlockNumber, OffenceKind, Outcome, SlashTerms, Terms, Verdict};

/// The runtime's ranges for terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Least `min_stake`.
    pub min_stake: Balance,
    /// Greatest `max_participants`.
    pub max_participants: u32,
    /// Greatest commit, settle and dispute window.
    pub max_window: BlockNumber,
    /// Greatest `unbonding_blocks`.
    pub max_unbonding_blocks: BlockNumber,
    /// Greatest `round_reward`.
    pub max_round_reward: Balance,
    /// Greatest `strikes_to_slash` and `strike_decay_rounds`.
    pub max_strikes: u32,
    /// Greatest `slash.cap`.
    pub max_slash: Perbill,
}

/// What is wrong with terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TermsFault {
    /// A term is out of its range.
    OutOfRange,
    /// Stake could leave before an offence is executed.
    UnbondingTooShort,
}

/// Check terms against the runtime's ranges and against each other.
pub fn check_terms(terms: &Terms, limits: &Limits) -> Result<(), TermsFault> {
    let window = 1..=limits.max_window;
    let strikes = 1..=limits.max_strikes;
    let in_range = terms.min_stake >= limits.min_stake
        && (1..=limits.max_participants).contains(&terms.max_participants)
        && terms.quorum <= terms.max_participants
        && window.contains(&terms.commit_blocks)
        && window.contains(&terms.settle_blocks)
        && window.contains(&terms.dispute_blocks)
        && terms.unbonding_blocks <= limits.max_unbonding_blocks
        && terms.round_reward <= limits.max_round_reward
        && strikes.contains(&terms.strikes_to_slash)
        && strikes.contains(&terms.strike_decay_rounds)
        && terms.slash.equivocation <= terms.slash.cap
        && terms.slash.outlier_base <= terms.slash.cap
        && terms.slash.cap <= limits.max_slash;
    if !in_range {
        return Err(TermsFault::OutOfRange);
    }
    let reportable = terms
        .commit_blocks
        .saturating_add(terms.settle_blocks)
        .saturating_add(terms.dispute_blocks);
    if terms.unbonding_blocks <= reportable {
        return Err(TermsFault::UnbondingTooShort);
    }
    Ok(())
}

/// True when the verdicts are in strictly ascending order of their accounts.
pub fn is_ascending(verdicts: &[Verdict]) -> bool {
    verdicts.iter().zip(verdicts.iter().skip(1)).all(|(one, next)| one.account < next.account)
}

/// How many verdicts accept.
pub fn count_accepted(verdicts: &[Verdict]) -> u32 {
    verdicts
        .iter()
        .filter(|verdict| verdict.outcome == Outcome::Accepted)
        .fold(0, |count: u32, _| count.saturating_add(1))
}

/// An even share of the budget, rounded down; what is left over stays in the escrow.
pub fn reward_share(budget: Balance, accepted: u32) -> Balance {
    budget.checked_div(accepted.into()).unwrap_or_default()
}

/// Strikes and clean rounds of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Rejections not yet forgiven.
    pub strikes: u32,
    /// Accepted rounds in a row since the last rejection or forgiveness.
    pub clean_rounds: u32,
}

/// Standing after one more verdict.
pub fn judge(
    before: Standing,
    outcome: Outcome,
    strike_decay_rounds: u32,
) -> Result<Standing, ArithmeticError> {
    match outcome {
        Outcome::Rejected => {
            let strikes = before.strikes.checked_add(1).ok_or(ArithmeticError::Overflow)?;
            Ok(Standing { strikes, clean_rounds: 0 })
        }
        Outcome::Accepted => {
            let clean_rounds = before.clean_rounds.saturating_add(1);
            if clean_rounds < strike_decay_rounds {
                return Ok(Standing { strikes: before.strikes, clean_rounds });
            }
            Ok(Standing { strikes: before.strikes.saturating_sub(1), clean_rounds: 0 })
        }
    }
}

/// Fraction of the stake that an offence costs a member with `offences` before it.
pub fn slash_fraction(kind: OffenceKind, terms: &SlashTerms, offences: u32) -> Perbill {
    let asked = match kind {
        OffenceKind::Equivocation => terms.equivocation,
        OffenceKind::Outlier => {
            let parts = terms.outlier_base.deconstruct();
            Perbill::from_parts(parts.saturating_mul(offences.saturating_add(1)))
        }
    };
    min(asked, terms.cap)
}
