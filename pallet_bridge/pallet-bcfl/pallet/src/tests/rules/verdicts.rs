// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use sp_runtime::Perbill;

use crate::{encoding::Leaf, mock::*, rules::*, Outcome::*, *};

fn split(budget: Balance, weights: &[u32]) -> Vec<Balance> {
    let accepted = |weight: &u32| Verdict { weight: *weight, ..verdict(0, Accepted) };
    let verdicts: Vec<_> = weights.iter().map(accepted).collect();
    split_rewards(budget, budget, &verdicts).expect("no overflow")
}

#[test]
fn rewards_are_parts_by_weight() {
    assert_eq!(split(100, &[1, 1, 2]), [25, 25, 50]);
    assert_eq!(split(100, &[1, 1, 1]), [33, 33, 34]);
    assert_eq!(split(2, &[1, 1, 1]), [0, 1, 1]);
    assert_eq!(split(7, &[0, 5, 0]), [0, 7, 0]);
}

#[test]
fn rewards_of_nothing_are_nothing() {
    assert_eq!(split(100, &[]), []);
    assert_eq!(split(100, &[0, 0]), [0, 0]);
    assert_eq!(split(0, &[1, 2]), [0, 0]);
}

#[test]
fn only_the_accepted_weigh() {
    let mut verdicts = vec![verdict(0, Rejected), verdict(1, Accepted), verdict(2, Excluded)];
    for verdict in &mut verdicts {
        verdict.weight = 9;
    }
    assert_eq!(split_rewards(10, 10, &verdicts), Ok(vec![0, 10, 0]));
}

#[test]
fn what_is_above_the_cap_is_nobodys() {
    let capped = |cap, weights: &[u32]| {
        let accepted = |weight: &u32| Verdict { weight: *weight, ..verdict(0, Accepted) };
        split_rewards(90, cap, &weights.iter().map(accepted).collect::<Vec<_>>())
    };
    assert_eq!(capped(40, &[1, 1, 1]), Ok(vec![30, 30, 30]));
    // The others get what they would have got.
    assert_eq!(capped(40, &[4, 4, 1]), Ok(vec![40, 40, 10]));
    assert_eq!(capped(29, &[1]), Ok(vec![29]));
    assert_eq!(capped(0, &[1, 2]), Ok(vec![0, 0]));
}

#[test]
fn claims_of_examples_have_two_limits() {
    let may = |num_examples, of_terms, vouched| {
        let terms = Terms { max_examples: of_terms, ..terms() };
        may_claim(num_examples, &terms, vouched)
    };
    assert!(may(u64::MAX, 0, 0));
    assert!(may(7, 7, 0) && may(7, 0, 7) && may(7, 7, 7) && may(7, 900, 7));
    assert!(!may(8, 7, 0) && !may(8, 0, 7) && !may(8, 7, 900) && !may(8, 900, 7));
    assert!(may(0, 1, 1));
}

proptest! {
    #[test]
    fn rewards_are_the_budget_to_the_planck(
        budget in any::<u128>(),
        weights in prop::collection::vec(any::<u32>(), 1..300),
    ) {
        let rewards = split(budget, &weights);
        let given = rewards.iter().try_fold(0_u128, |sum, reward| sum.checked_add(*reward));
        let all = if weights.iter().all(|weight| *weight == 0) { 0 } else { budget };
        prop_assert_eq!(given, Some(all));
        for (reward, weight) in rewards.iter().zip(&weights) {
            prop_assert!(*reward == 0 || *weight > 0);
        }
    }
}

#[test]
fn totals_must_be_possible() {
    let of = |accepted, rejected, excluded, strikes, rewards| Totals {
        accepted,
        rejected,
        excluded,
        strikes,
        rewards,
    };
    assert!(are_totals_possible(&of(1, 1, 1, 1, 300), 300, 3));
    assert!(are_totals_possible(&of(0, 0, 0, 0, 0), 300, 0));
    // Each commitment has a verdict.
    assert!(!are_totals_possible(&of(1, 1, 1, 1, 300), 300, 4));
    assert!(!are_totals_possible(&of(0, 0, 0, 0, 0), 300, 1));
    assert!(!are_totals_possible(&of(1, 1, 1, 1, 300), 300, 2));
    assert!(!are_totals_possible(&of(1, 1, 1, 0, 300), 300, 3));
    assert!(!are_totals_possible(&of(1, 1, 1, 2, 300), 300, 3));
    assert!(!are_totals_possible(&of(1, 1, 1, 1, 301), 300, 3));
    assert!(!are_totals_possible(&of(0, 3, 0, 3, 1), 300, 3));
    assert!(!are_totals_possible(&of(u32::MAX, 1, 0, 1, 0), 300, u32::MAX));
}

#[test]
fn leaves_must_be_sound() {
    assert!(is_leaf_sound(&leaf(0, Accepted, 5), &terms()));
    assert!(is_leaf_sound(&leaf(0, Rejected, 0), &terms()));
    assert!(is_leaf_sound(&leaf(0, Excluded, 0), &terms()));
    assert!(!is_leaf_sound(&leaf(0, Rejected, 5), &terms()));
    let capped = Terms { max_share: percent(25), round_reward: 202, ..terms() };
    assert!(is_leaf_sound(&leaf(0, Accepted, 50), &capped));
    assert!(!is_leaf_sound(&leaf(0, Accepted, 51), &capped));
    assert!(!is_leaf_sound(&leaf(0, Excluded, 5), &terms()));
    for (outcome, strikes) in [(Accepted, 1), (Rejected, 0), (Rejected, 2), (Excluded, 1)] {
        assert!(!is_leaf_sound(&Leaf { strikes, ..leaf(0, outcome, 0) }, &terms()));
    }
}

#[test]
fn exclusion_changes_no_standing() {
    let standing = Standing { strikes: 2, clean_rounds: 1, forgiven: 3 };
    assert_eq!(judge(standing, Excluded, 2), Ok(standing));
}

#[test]
fn order_is_strict() {
    let mut verdicts: Vec<_> = (0..3).map(|index| verdict(index, Accepted)).collect();
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    assert!(is_ascending(&verdicts));
    assert!(is_ascending(&[]));
    verdicts.swap(1, 2);
    assert!(!is_ascending(&verdicts));
}

#[test]
fn clean_rounds_forgive_one_strike_each_time() {
    let mut standing = Standing { strikes: 2, clean_rounds: 0, forgiven: 0 };
    let mut strikes = vec![];
    for _ in 0..6 {
        standing = judge(standing, Accepted, 2).expect("no overflow");
        strikes.push(standing.strikes);
    }
    assert_eq!(strikes, [2, 1, 1, 0, 0, 0]);
}

#[test]
fn strikes_do_not_overflow() {
    let worst = Standing { strikes: u32::MAX, clean_rounds: 0, forgiven: 0 };
    assert_eq!(judge(worst, Rejected, 1), Err(sp_runtime::ArithmeticError::Overflow));
}

#[test]
fn fractions_grow_to_the_cap_and_no_further() {
    let terms = terms();
    let fraction = |offences| slash_fraction(OffenceKind::Outlier, &terms, offences);
    assert_eq!(
        [0, 1, 2, 3, u32::MAX].map(fraction),
        [20, 40, 60, 60, 60].map(Perbill::from_percent)
    );
    assert_eq!(slash_fraction(OffenceKind::Equivocation, &terms, 9), percent(50));
}

#[test]
fn slash_takes_no_more_than_there_is() {
    type Member = Participant<<Test as Config>::MaxUnbonding>;
    let mut member = Member::new(10, (FIRST_TERMS, &terms()), 1);
    member.unbond(4, 1).expect("room");
    assert_eq!(member.slash(100), Ok(10));
    assert!(member.is_empty());
}
