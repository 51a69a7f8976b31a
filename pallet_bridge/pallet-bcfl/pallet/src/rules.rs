// SPDX-License-Identifier: Apache-2.0
//! The decisions, as functions of plain values: no storage, no money, no events.
use alloc::vec::Vec;
use core::cmp::min;
use sp_runtime::{
    helpers_128bit::multiply_by_rational_with_rounding, traits::Get, AccountId32, ArithmeticError,
    Perbill, Rounding,
};

use crate::{
    encoding::Leaf, Admission, Arbiter, Balance, BlockNumber, Coupling, Governance, MaxVouchers,
    OffenceKind, Outcome, ProvenLeaf, Quorum, Terms, Totals, Verdict,
};

/// Greatest `vesting_rounds`.
pub const MAX_VESTING_ROUNDS: u32 = 32;

/// The runtime's ranges for terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Least `min_stake`.
    pub min_stake: Balance,
    /// Greatest `max_participants`.
    pub max_participants: u32,
    /// Greatest commit, settle, dispute and voting window.
    pub max_window: BlockNumber,
    /// Greatest `unbonding_blocks`, `claim_blocks`, `cooldown_blocks`, `delay_blocks`,
    /// `notice_blocks`, `lock_blocks` and `aging_blocks`.
    pub max_unbonding_blocks: BlockNumber,
    /// Greatest `retention_blocks`.
    pub max_retention_blocks: BlockNumber,
    /// Greatest `round_reward`.
    pub max_round_reward: Balance,
    /// Greatest `strikes_to_slash`, `strike_decay_rounds`, `max_failed_rounds` and
    /// `tenure_rounds`.
    pub max_strikes: u32,
    /// Greatest `slash.cap`.
    pub max_slash: Perbill,
    /// Greatest `reporter_share`.
    pub max_reporter_share: Perbill,
    /// Greatest `dispute_bond`.
    pub max_dispute_bond: Balance,
    /// Greatest `committee_size`.
    pub max_committee: u32,
    /// Greatest `coordinator_bond`.
    pub max_coordinator_bond: Balance,
}

/// What is wrong with terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TermsFault {
    /// A term is out of its range.
    OutOfRange,
    /// Stake could leave before an offence is executed.
    UnbondingTooShort,
    /// Terms could change before stake has left.
    NoticeTooShort,
}

/// Check terms against the runtime's ranges and against each other.
pub fn check_terms(terms: &Terms, limits: &Limits) -> Result<(), TermsFault> {
    let in_range = are_stakes_in_range(terms, limits)
        && are_times_in_range(terms, limits)
        && are_votes_in_range(terms, limits)
        && is_trust_in_range(terms, limits);
    if !in_range {
        return Err(TermsFault::OutOfRange);
    }
    // Reports come until `dispute_blocks` after the settlement; as long again a slash waits.
    let reportable = terms
        .commit_blocks
        .saturating_add(terms.settle_blocks)
        .saturating_add(terms.dispute_blocks)
        .saturating_add(terms.dispute_blocks);
    let voting = match terms.governance {
        Governance::Members { voting_blocks, .. } => voting_blocks,
        Governance::Coordinator | Governance::Council => 0,
    };
    if terms.unbonding_blocks <= reportable || terms.unbonding_blocks <= voting {
        return Err(TermsFault::UnbondingTooShort);
    }
    if terms.notice_blocks < terms.unbonding_blocks {
        return Err(TermsFault::NoticeTooShort);
    }
    Ok(())
}

fn are_stakes_in_range(terms: &Terms, limits: &Limits) -> bool {
    let quorum = match terms.quorum {
        Quorum::Window => true,
        Quorum::Count(count) => (1..=terms.max_participants).contains(&count),
        Quorum::Stake(stake) => stake > 0,
    };
    let slash = &terms.slash;
    terms.min_stake >= limits.min_stake
        && (1..=limits.max_participants).contains(&terms.max_participants)
        && quorum
        && terms.round_reward <= limits.max_round_reward
        && slash.equivocation <= slash.cap
        && slash.mismatch <= slash.cap
        && slash.outlier_base <= slash.cap
        && slash.cap <= limits.max_slash
        && terms.reporter_share <= limits.max_reporter_share
        && terms.dispute_bond <= limits.max_dispute_bond
}

fn are_times_in_range(terms: &Terms, limits: &Limits) -> bool {
    let window = 1..=limits.max_window;
    let strikes = 1..=limits.max_strikes;
    window.contains(&terms.commit_blocks)
        && window.contains(&terms.settle_blocks)
        && window.contains(&terms.dispute_blocks)
        && terms.unbonding_blocks <= limits.max_unbonding_blocks
        && (1..=limits.max_unbonding_blocks).contains(&terms.claim_blocks)
        && terms.cooldown_blocks <= limits.max_unbonding_blocks
        && terms.notice_blocks <= limits.max_unbonding_blocks
        && terms.lock_blocks <= limits.max_unbonding_blocks
        && terms.aging_blocks <= limits.max_unbonding_blocks
        && terms.retention_blocks >= terms.dispute_blocks.saturating_add(terms.claim_blocks)
        && terms.retention_blocks <= limits.max_retention_blocks
        && strikes.contains(&terms.strikes_to_slash)
        && strikes.contains(&terms.strike_decay_rounds)
        && strikes.contains(&terms.max_failed_rounds)
}

fn are_votes_in_range(terms: &Terms, limits: &Limits) -> bool {
    let needs_committee = terms.coupling != Coupling::Loose || terms.arbiter == Arbiter::Attesters;
    let has_committee = terms.committee_size > 0 && !terms.attest_quorum.is_zero();
    let governance = match terms.governance {
        Governance::Coordinator | Governance::Council => true,
        Governance::Members { quorum, threshold, voting_blocks, delay_blocks } => {
            !quorum.is_zero()
                && threshold >= Perbill::from_percent(50)
                && (1..=limits.max_window).contains(&voting_blocks)
                && delay_blocks <= limits.max_unbonding_blocks
        }
    };
    terms.committee_size <= limits.max_committee
        && (has_committee || !needs_committee)
        && governance
}

/// Admission, shares, bonds and what follows of them.
fn is_trust_in_range(terms: &Terms, limits: &Limits) -> bool {
    let admission = match terms.admission {
        Admission::Open | Admission::Invited => true,
        Admission::Vouched(vouchers) => (1..=MaxVouchers::get()).contains(&vouchers),
    };
    admission
        && !terms.max_share.is_zero()
        && !terms.max_vote_share.is_zero()
        && terms.coordinator_bond <= limits.max_coordinator_bond
        && terms.silence <= terms.slash.cap
        && terms.tenure_rounds <= limits.max_strikes
        && terms.vesting_rounds <= MAX_VESTING_ROUNDS
}

/// True when the verdicts are in strictly ascending order of their accounts.
pub fn is_ascending(verdicts: &[Verdict]) -> bool {
    verdicts.iter().zip(verdicts.iter().skip(1)).all(|(one, next)| one.account < next.account)
}

/// Rewards of verdicts in their order: each gets its part of the budget by weight, rounded so that
/// all parts together are the budget to the planck.
///
/// The i-th gets `floor(budget * sum(weights up to i) / total)` less the same up to `i - 1`. Only
/// accepted verdicts weigh; when none does, nothing is given. None gets more than `cap`: what is
/// above it is nobody's, and stays in the escrow. So who keeps the others out gains nothing.
pub fn split_rewards(
    budget: Balance,
    cap: Balance,
    verdicts: &[Verdict],
) -> Result<Vec<Balance>, ArithmeticError> {
    let weight = |verdict: &Verdict| match verdict.outcome {
        Outcome::Accepted => u128::from(verdict.weight),
        Outcome::Rejected | Outcome::Excluded => 0,
    };
    let sum = |sum: u128, verdict: &Verdict| sum.checked_add(weight(verdict));
    let total = verdicts.iter().try_fold(0, sum).ok_or(ArithmeticError::Overflow)?;
    let (mut before, mut given) = (0_u128, 0);
    let mut rewards = Vec::with_capacity(verdicts.len());
    for verdict in verdicts {
        before = sum(before, verdict).ok_or(ArithmeticError::Overflow)?;
        let until = match total {
            0 => 0,
            _ => multiply_by_rational_with_rounding(budget, before, total, Rounding::Down)
                .ok_or(ArithmeticError::Overflow)?,
        };
        let part = until.checked_sub(given).ok_or(ArithmeticError::Underflow)?;
        rewards.push(min(part, cap));
        given = until;
    }
    Ok(rewards)
}

/// What one verdict uses of a settlement's totals.
pub fn totals_of(outcome: Outcome, reward: Balance) -> Totals {
    let count = |of| u32::from(outcome == of);
    Totals {
        accepted: count(Outcome::Accepted),
        rejected: count(Outcome::Rejected),
        excluded: count(Outcome::Excluded),
        strikes: count(Outcome::Rejected),
        rewards: reward,
    }
}

/// True when totals can be those of a round with this budget and so many commitments: each has a
/// verdict.
pub fn are_totals_possible(totals: &Totals, budget: Balance, commitments: u32) -> bool {
    totals.count().is_ok_and(|count| count == commitments)
        && totals.strikes == totals.rejected
        && totals.rewards <= budget
        && (totals.rewards == 0 || totals.accepted > 0)
}

/// True when a leaf's strikes and reward fit its outcome, and the greatest share of one account.
pub fn is_leaf_sound(leaf: &Leaf, terms: &Terms) -> bool {
    match leaf.outcome {
        Outcome::Accepted => leaf.strikes == 0 && leaf.reward <= greatest_reward(terms),
        Outcome::Rejected => leaf.strikes == 1 && leaf.reward == 0,
        Outcome::Excluded => leaf.strikes == 0 && leaf.reward == 0,
    }
}

/// True when a member may claim so many examples: not above the terms, nor above what those who
/// admitted it vouch for. Zero is no limit.
pub fn may_claim(num_examples: u64, terms: &Terms, vouched: u64) -> bool {
    [terms.max_examples, vouched].iter().all(|limit| *limit == 0 || num_examples <= *limit)
}

/// Greatest reward of one account in one round.
pub fn greatest_reward(terms: &Terms) -> Balance {
    terms.max_share.mul_floor(terms.round_reward)
}

/// True when no leaf is this account's: the two next to its place have no leaf between them.
pub fn is_left_out(
    account: &AccountId32,
    before: Option<&ProvenLeaf>,
    after: Option<&ProvenLeaf>,
    count: u32,
) -> bool {
    let is_below = before.is_none_or(|proven| proven.leaf.account < *account);
    let is_above = after.is_none_or(|proven| *account < proven.leaf.account);
    let index = |proven: &ProvenLeaf| proven.index;
    let first_after = after.map_or(count, index);
    let places_before = before.map_or(0, |proven| proven.index.saturating_add(1));
    is_below && is_above && first_after == places_before
}

/// So many forgiven strikes make the next ones last one time longer.
const FORGIVEN_A_STEP: u32 = 4;
/// How many times longer a strike lasts at most.
const MOST_STEPS: u32 = 3;
/// How many times longer than a first strike each forgiven one is remembered.
const TIMES_TO_FORGET: u32 = 2;

/// Strikes and clean rounds of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Rejections not yet forgiven.
    pub strikes: u32,
    /// Accepted rounds in a row since the last rejection, or since one of them was forgiven or
    /// forgotten.
    pub clean_rounds: u32,
    /// Strikes that were forgiven and are not forgotten.
    pub forgiven: u32,
}

impl Standing {
    /// Clean rounds that forgive the next strike, or with none left forget one that was forgiven.
    ///
    /// Who is rejected by mistake now and then has forgotten them all before the next: each lasts
    /// `strike_decay_rounds`. Who lives just below an offence piles them up, and waits up to four
    /// times as long.
    fn needed(&self, strike_decay_rounds: u32) -> u32 {
        let times = match self.strikes {
            0 => TIMES_TO_FORGET,
            _ => min(self.forgiven / FORGIVEN_A_STEP, MOST_STEPS).saturating_add(1),
        };
        strike_decay_rounds.saturating_mul(times)
    }
}

/// Standing after one more verdict.
pub fn judge(
    before: Standing,
    outcome: Outcome,
    strike_decay_rounds: u32,
) -> Result<Standing, ArithmeticError> {
    match outcome {
        Outcome::Excluded => Ok(before),
        Outcome::Rejected => {
            let strikes = before.strikes.checked_add(1).ok_or(ArithmeticError::Overflow)?;
            Ok(Standing { strikes, clean_rounds: 0, ..before })
        }
        Outcome::Accepted => {
            let clean_rounds = before.clean_rounds.saturating_add(1);
            if clean_rounds < before.needed(strike_decay_rounds) {
                return Ok(Standing { clean_rounds, ..before });
            }
            Ok(match before.strikes.checked_sub(1) {
                Some(strikes) => Standing {
                    strikes,
                    clean_rounds: 0,
                    forgiven: before.forgiven.saturating_add(1),
                },
                None => Standing {
                    strikes: 0,
                    clean_rounds: 0,
                    forgiven: before.forgiven.saturating_sub(1),
                },
            })
        }
    }
}

/// Fraction of the stake that an offence costs a member with `offences` before it.
pub fn slash_fraction(kind: OffenceKind, terms: &Terms, offences: u32) -> Perbill {
    let asked = match kind {
        OffenceKind::Equivocation
        | OffenceKind::AttesterEquivocation
        | OffenceKind::FalseAttestation => terms.slash.equivocation,
        OffenceKind::Mismatch => terms.slash.mismatch,
        OffenceKind::Silence => terms.silence,
        OffenceKind::Outlier => {
            let parts = terms.slash.outlier_base.deconstruct();
            Perbill::from_parts(parts.saturating_mul(offences.saturating_add(1)))
        }
    };
    min(asked, terms.slash.cap)
}
