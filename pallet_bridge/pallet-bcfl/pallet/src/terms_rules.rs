// SPDX-License-Identifier: Apache-2.0
//! How new terms compare with those before them, as functions of plain values.
use crate::{BlockNumber, Terms};

/// True when the new terms are worse for a member than the old ones in any respect, whatever they
/// improve in others. What can be meant well or ill, like another arbiter, counts as worse: it
/// lets members leave, and binds nobody who has not signed it.
pub fn is_worse(old: &Terms, new: &Terms) -> bool {
    costs_more(old, new) || pays_less(old, new) || takes_longer(old, new) || decides_else(old, new)
}

/// Stake is easier to lose, or more of it is needed.
fn costs_more(old: &Terms, new: &Terms) -> bool {
    new.slash.equivocation > old.slash.equivocation
        || new.slash.mismatch > old.slash.mismatch
        || new.slash.outlier_base > old.slash.outlier_base
        || new.slash.cap > old.slash.cap
        || new.silence > old.silence
        || new.strikes_to_slash < old.strikes_to_slash
        || new.strike_decay_rounds > old.strike_decay_rounds
        || new.strike_cut > old.strike_cut
        || new.reporter_share > old.reporter_share
        || new.dispute_bond > old.dispute_bond
        || new.min_stake > old.min_stake
}

/// Work earns less or later, or the coordinator answers with less.
fn pays_less(old: &Terms, new: &Terms) -> bool {
    new.round_reward < old.round_reward
        || new.max_share < old.max_share
        || new.tenure_rounds > old.tenure_rounds
        || new.vesting_rounds > old.vesting_rounds
        || most_examples(new) < most_examples(old)
        || new.misconduct < old.misconduct
        || new.coordinator_bond < old.coordinator_bond
}

/// There is less time to act, or more to wait.
fn takes_longer(old: &Terms, new: &Terms) -> bool {
    let grows = |of: fn(&Terms) -> BlockNumber| of(new) > of(old);
    let shrinks = |of: fn(&Terms) -> BlockNumber| of(new) < of(old);
    shrinks(|terms| terms.commit_blocks)
        || shrinks(|terms| terms.dispute_blocks)
        || shrinks(|terms| terms.claim_blocks)
        || shrinks(|terms| terms.notice_blocks)
        || grows(|terms| terms.settle_blocks)
        || grows(|terms| terms.unbonding_blocks)
        || grows(|terms| terms.cooldown_blocks)
        || grows(|terms| terms.lock_blocks)
        || new.max_failed_rounds > old.max_failed_rounds
}

/// Others judge, count or come in, or when a round seals is another matter.
fn decides_else(old: &Terms, new: &Terms) -> bool {
    others_decide(old, new) || new.quorum != old.quorum || new.aging_blocks != old.aging_blocks
}

/// True when the new terms change what a coordinator that governs must leave to the members: who
/// judges, who is paid for reports, who governs, who comes in, and whether more of the sponsors'
/// money is spent on a round, or goes to one account.
pub fn needs_members(old: &Terms, new: &Terms) -> bool {
    others_decide(old, new)
        || new.reporter_share != old.reporter_share
        || new.round_reward > old.round_reward
        || new.max_share > old.max_share
}

fn others_decide(old: &Terms, new: &Terms) -> bool {
    new.arbiter != old.arbiter
        || new.coupling != old.coupling
        || new.committee_size != old.committee_size
        || new.attest_quorum != old.attest_quorum
        || new.attest_by != old.attest_by
        || new.governance != old.governance
        || new.max_vote_share != old.max_vote_share
        || new.admission != old.admission
}

/// Most examples as a number that compares: none stands for any.
fn most_examples(terms: &Terms) -> u64 {
    match terms.max_examples {
        0 => u64::MAX,
        most => most,
    }
}
