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
