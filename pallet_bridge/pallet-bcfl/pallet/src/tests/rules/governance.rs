// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use sp_runtime::{ArithmeticError, Perbill};

use crate::governance_rules::*;

fn count(ayes: u128, nays: u128) -> Count {
    Count { ayes, nays, electorate: 100 }
}

fn percent(value: u32) -> Perbill {
    Perbill::from_percent(value)
}

#[test]
fn quorum_and_threshold_are_met_to_the_planck() {
    let cases = [
        // ayes, nays, quorum, threshold
        ((30, 10), (40, 75), true),
        ((30, 10), (41, 75), false),
        ((30, 10), (40, 76), false),
        ((29, 11), (40, 75), false),
        ((51, 49), (100, 51), true),
        ((100, 0), (100, 100), true),
        ((99, 1), (100, 100), false),
    ];
    for ((ayes, nays), (quorum, threshold), approved) in cases {
        let answer = is_approved(&count(ayes, nays), percent(quorum), percent(threshold));
        assert_eq!(answer, approved, "{ayes}:{nays} at {quorum} and {threshold}");
    }
}

#[test]
fn a_tie_or_no_vote_at_all_does_not_approve() {
    assert!(!is_approved(&count(50, 50), percent(0), percent(50)));
    assert!(!is_approved(&count(0, 0), percent(0), percent(0)));
    assert!(!is_approved(&count(20, 30), percent(0), percent(0)));
}

#[test]
fn fractions_round_up() {
    let third = Perbill::from_rational(1u32, 3u32);
    let count = Count { ayes: 3, nays: 0, electorate: 10 };
    assert!(!is_approved(&count, third, percent(50)));
    assert!(is_approved(&Count { ayes: 4, ..count }, third, percent(50)));
}

#[test]
fn votes_end_before_the_delay() {
    let rules = VotingRules::for_failing_coordinator(5, 6, 3).expect("small numbers");
    assert_eq!((rules.voting_blocks, rules.delay_blocks), (14, 3));
    assert_eq!(rules.schedule(10), Ok((24, 28)));
}

#[test]
fn blocks_beyond_the_last_are_an_overflow() {
    let overflow = Err(ArithmeticError::Overflow);
    assert_eq!(VotingRules::for_failing_coordinator(u32::MAX, 1, 1), overflow);
    let rules = VotingRules::for_failing_coordinator(1, 1, 1).expect("small numbers");
    assert_eq!(rules.schedule(u32::MAX), Err(ArithmeticError::Overflow));
}

proptest! {
    #[test]
    fn more_approval_never_turns_a_decision_down(
        ayes in 0..u128::MAX / 4,
        more in 0..u128::MAX / 4,
        nays in 0..u128::MAX / 4,
        electorate in any::<u128>(),
        quorum in 0u32..=100,
        threshold in 0u32..=100,
    ) {
        let (quorum, threshold) = (percent(quorum), percent(threshold));
        let before = Count { ayes, nays, electorate };
        let after = Count { ayes: ayes + more, ..before };
        if is_approved(&before, quorum, threshold) {
            prop_assert!(is_approved(&after, quorum, threshold));
        }
    }
}

#[test]
fn stake_weighs_in_proportion_to_its_age() {
    let cases = [
        // stake, age, aging, weight
        ((900, 0, 0), 900),
        ((900, 0, 7), 0),
        ((900, 3, 7), 385),
        ((900, 6, 7), 771),
        ((900, 7, 7), 900),
        ((900, 8, 7), 900),
        ((u128::MAX, 1, 2), u128::MAX / 2),
        ((u128::MAX, u32::MAX - 1, u32::MAX), u128::MAX - u128::MAX / u128::from(u32::MAX)),
    ];
    for ((stake, age, aging), weight) in cases {
        assert_eq!(aged(stake, age, aging), weight, "{stake} of {age} in {aging}");
    }
}

#[test]
fn group_has_no_more_than_its_share() {
    let share = percent(25);
    assert_eq!(within_share(10, 0, 101, share), 10);
    assert_eq!(within_share(30, 0, 101, share), 25);
    assert_eq!(within_share(30, 24, 101, share), 1);
    assert_eq!(within_share(30, 25, 101, share), 0);
    // Not even when what is there is more than the share.
    assert_eq!(within_share(30, 90, 101, share), 0);
    assert_eq!(within_share(200, 0, 101, percent(100)), 101);
}

#[test]
fn half_of_all_decides_whatever_the_motion_says() {
    assert!(is_approved_by_half(&count(26, 24)));
    assert!(!is_approved_by_half(&count(25, 25)));
    assert!(!is_approved_by_half(&count(49, 0)));
}

proptest! {
    #[test]
    fn age_never_adds_weight_beyond_the_stake(stake: u128, age: u32, aging: u32) {
        prop_assert!(aged(stake, age, aging) <= stake);
        prop_assert!(aged(stake, age, aging) <= aged(stake, age.saturating_add(1), aging));
    }
}
