// SPDX-License-Identifier: Apache-2.0

use crate::{
    mock::{account, percent, terms},
    terms_rules::*,
    *,
};

type Change = fn(&mut Terms);

/// Terms with room for change in both directions.
fn middle() -> Terms {
    let mut terms = terms();
    terms.notice_blocks = 30;
    terms.max_examples = 90;
    terms.max_share = percent(40);
    terms.coordinator_bond = 70;
    terms.misconduct = percent(10);
    terms.silence = percent(5);
    terms.aging_blocks = 12;
    terms.max_vote_share = percent(50);
    terms.lock_blocks = 8;
    terms.tenure_rounds = 4;
    terms.vesting_rounds = 6;
    terms.strike_cut = percent(20);
    terms
}

fn changed(change: Change) -> Terms {
    let mut terms = middle();
    change(&mut terms);
    terms
}

/// Each with what makes it worse first, and then the same term changed the other way.
const ONE_WAY: [(Change, Change); 30] = [
    (|t| t.slash.equivocation = percent(51), |t| t.slash.equivocation = percent(49)),
    (|t| t.slash.mismatch = percent(41), |t| t.slash.mismatch = percent(39)),
    (|t| t.slash.outlier_base = percent(21), |t| t.slash.outlier_base = percent(19)),
    (|t| t.slash.cap = percent(61), |t| t.slash.cap = percent(59)),
    (|t| t.misconduct = percent(9), |t| t.misconduct = percent(11)),
    (|t| t.silence = percent(6), |t| t.silence = percent(4)),
    (|t| t.min_stake = 101, |t| t.min_stake = 99),
    (|t| t.commit_blocks = 4, |t| t.commit_blocks = 6),
    (|t| t.dispute_blocks = 2, |t| t.dispute_blocks = 4),
    (|t| t.claim_blocks = 9, |t| t.claim_blocks = 11),
    (|t| t.settle_blocks = 6, |t| t.settle_blocks = 4),
    (|t| t.unbonding_blocks = 18, |t| t.unbonding_blocks = 16),
    (|t| t.cooldown_blocks = 5, |t| t.cooldown_blocks = 3),
    (|t| t.lock_blocks = 9, |t| t.lock_blocks = 7),
    (|t| t.notice_blocks = 29, |t| t.notice_blocks = 31),
    (|t| t.strikes_to_slash = 2, |t| t.strikes_to_slash = 4),
    (|t| t.strike_decay_rounds = 3, |t| t.strike_decay_rounds = 1),
    (|t| t.round_reward = 299, |t| t.round_reward = 301),
    (|t| t.max_share = percent(39), |t| t.max_share = percent(41)),
    (|t| t.reporter_share = percent(21), |t| t.reporter_share = percent(19)),
    (|t| t.dispute_bond = 41, |t| t.dispute_bond = 39),
    (|t| t.coordinator_bond = 69, |t| t.coordinator_bond = 71),
    (|t| t.tenure_rounds = 5, |t| t.tenure_rounds = 3),
    (|t| t.vesting_rounds = 7, |t| t.vesting_rounds = 5),
    (|t| t.strike_cut = percent(21), |t| t.strike_cut = percent(19)),
    (|t| t.max_examples = 89, |t| t.max_examples = 91),
    (|t| t.max_failed_rounds = 3, |t| t.max_failed_rounds = 1),
    (|t| t.max_examples = 1, |t| t.max_examples = 0),
    (|t| t.unbonding_blocks = 1_000, |t| t.retention_blocks = 21),
    (|t| t.lock_blocks = 1_000, |t| t.max_participants = 3),
];

/// What is worse whatever way it changes.
const EITHER_WAY: [Change; 14] = [
    |t| t.arbiter = Arbiter::Account(account(9)),
    |t| t.coupling = Coupling::Full,
    |t| t.committee_size = 2,
    |t| t.committee_size = 4,
    |t| t.attest_quorum = percent(61),
    |t| t.attest_quorum = percent(59),
    |t| t.attest_by = Tally::Stake,
    |t| t.governance = Governance::Council,
    |t| t.admission = Admission::Vouched(3),
    |t| t.max_vote_share = percent(49),
    |t| t.max_vote_share = percent(51),
    |t| t.aging_blocks = 11,
    |t| t.aging_blocks = 13,
    |t| t.quorum = Quorum::Count(2),
];

#[test]
fn each_term_is_worse_in_its_own_direction() {
    assert!(!is_worse(&middle(), &middle()));
    for (place, (worse, better)) in ONE_WAY.into_iter().enumerate() {
        assert!(is_worse(&middle(), &changed(worse)), "the worse of {place}");
        assert!(!is_worse(&middle(), &changed(better)), "the better of {place}");
    }
    for (place, change) in EITHER_WAY.into_iter().enumerate() {
        assert!(is_worse(&middle(), &changed(change)), "{place}");
    }
}

#[test]
fn one_worse_term_is_not_made_good_by_others() {
    let mut terms = middle();
    terms.round_reward = 90_000;
    terms.slash.mismatch = percent(0);
    assert!(!is_worse(&middle(), &terms));
    terms.claim_blocks = 1;
    assert!(is_worse(&middle(), &terms));
}

#[test]
fn no_limit_of_examples_is_the_greatest() {
    let none = changed(|t| t.max_examples = 0);
    assert!(is_worse(&none, &middle()));
    assert!(!is_worse(&middle(), &none));
}

#[test]
fn members_decide_who_judges_governs_and_comes_in() {
    let theirs: [Change; 10] = [
        |t| t.arbiter = Arbiter::Council,
        |t| t.coupling = Coupling::Flexible,
        |t| t.committee_size = 4,
        |t| t.attest_quorum = percent(1),
        |t| t.attest_by = Tally::Stake,
        |t| t.governance = Governance::Council,
        |t| t.admission = Admission::Invited,
        |t| t.max_vote_share = percent(51),
        |t| t.reporter_share = percent(21),
        |t| t.reporter_share = percent(0),
    ];
    for (place, change) in theirs.into_iter().enumerate() {
        assert!(needs_members(&middle(), &changed(change)), "{place}");
    }
    let others: [Change; 3] =
        [|t| t.round_reward = 1, |t| t.slash.cap = percent(1), |t| t.unbonding_blocks = 999];
    for change in others {
        assert!(!needs_members(&middle(), &changed(change)));
    }
}
