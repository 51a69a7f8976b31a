// SPDX-License-Identifier: Apache-2.0
//! When rewards vest, what is left of them, and how long strikes last.

use crate::{
    mock::*,
    money_rules::*,
    rules::{judge, Standing},
    Outcome::*,
    *,
};

const CLEAN: Standing = Standing { strikes: 0, clean_rounds: 0, forgiven: 0 };

fn at(next_round: RoundId, now: BlockNumber) -> Moment {
    Moment { next_round, now, is_ending: false }
}

fn cutting(vesting_rounds: RoundId, cut: u32) -> Terms {
    Terms { vesting_rounds, strike_cut: percent(cut), ..terms() }
}

#[test]
fn reward_vests_by_rounds_by_blocks_or_at_the_end() {
    for vesting in [1, 2, 32] {
        assert!(!is_vested(7, vesting, 90, at(7 + vesting, 90)));
        assert!(is_vested(7, vesting, 90, at(8 + vesting, 0)));
        assert!(is_vested(7, vesting, 90, at(8, 91)));
        assert!(is_vested(7, vesting, 90, Moment { is_ending: true, ..at(8, 0) }));
    }
    assert!(is_vested(7, 0, 90, at(8, 0)));
    assert!(!is_vested(RoundId::MAX, 32, 90, at(RoundId::MAX, 90)));
}

#[test]
fn vesting_time_is_that_of_the_rounds() {
    assert_eq!(vests_at(4, &terms()), Ok(4));
    assert_eq!(vests_at(4, &cutting(1, 0)), Ok(14));
    assert_eq!(vests_at(4, &cutting(32, 0)), Ok(324));
    assert!(vests_at(BlockNumber::MAX, &cutting(1, 0)).is_err());
}

#[test]
fn strikes_cut_what_the_round_before_them_left() {
    let left = |struck: &[RoundId], cut| left_after_strikes(101, 5, struck, &cutting(2, cut));
    assert_eq!(left(&[], 50), 101);
    // Its own round, one before it, and one after it vested.
    assert_eq!(left(&[5, 4, 8, 0, RoundId::MAX], 50), 101);
    assert_eq!(left(&[6], 50), 50);
    assert_eq!(left(&[7], 50), 50);
    assert_eq!(left(&[6, 7], 50), 25);
    assert_eq!((left(&[6], 100), left(&[6], 0)), (0, 101));
    assert_eq!(left_after_strikes(101, 5, &[6, 7], &cutting(0, 100)), 101);
    let all: Vec<RoundId> = (0..=40).collect();
    assert_eq!(left_after_strikes(1 << 40, 5, &all, &cutting(32, 50)), 1 << 8);
}

#[test]
fn latest_strikes_are_remembered() {
    let mut struck = Struck::default();
    for round in 0..40 {
        note_strike(&mut struck, round);
    }
    assert_eq!(struck.to_vec(), (8..40).collect::<Vec<_>>());
}

#[test]
fn share_grows_with_tenure() {
    let shares = |tenure| [0, 1, 2, 3, u32::MAX].map(|done| with_tenure(301, done, tenure));
    assert_eq!(shares(0), [Ok(301); 5]);
    assert_eq!(shares(1), [Ok(301); 5]);
    assert_eq!(shares(4), [Ok(75), Ok(150), Ok(225), Ok(301), Ok(301)]);
    assert_eq!(with_tenure(0, 0, 4), Ok(0));
    assert_eq!(with_tenure(Balance::MAX, 0, 2), Ok(Balance::MAX / 2));
}

/// Clean rounds until one strike of a member is forgiven that had so many forgiven before.
fn rounds_to_forgive(forgiven: u32, decay: u32) -> u32 {
    let mut standing = Standing { strikes: 1, forgiven, ..CLEAN };
    let mut rounds = 0;
    while standing.strikes > 0 {
        standing = judge(standing, Accepted, decay).expect("no overflow");
        rounds += 1;
    }
    assert_eq!(standing.forgiven, forgiven.saturating_add(1));
    rounds
}

#[test]
fn each_fourth_forgiven_strike_makes_the_next_ones_last() {
    let rounds = |forgiven| rounds_to_forgive(forgiven, 3);
    assert_eq!([0, 3, 4, 7, 8, 12, 16, u32::MAX].map(rounds), [3, 3, 6, 6, 9, 12, 12, 12]);
}

#[test]
fn forgiven_strikes_are_forgotten_in_clean_rounds() {
    let mut standing = Standing { forgiven: 2, ..CLEAN };
    let mut forgiven = vec![];
    for outcome in [Accepted; 6].into_iter().chain([Excluded]).chain([Accepted; 8]) {
        standing = judge(standing, outcome, 3).expect("no overflow");
        forgiven.push(standing.forgiven);
    }
    assert_eq!(forgiven, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
}

#[test]
fn rejection_keeps_what_was_forgiven() {
    let before = Standing { strikes: 1, clean_rounds: 5, forgiven: 3 };
    let after = Standing { strikes: 2, clean_rounds: 0, forgiven: 3 };
    assert_eq!(judge(before, Rejected, 6), Ok(after));
}

/// SplitMix64: the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    fn percent(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100
    }
}

/// Offences of a member that is rejected in so many of 100 rounds, five strikes each, and the
/// round of the first.
fn offences(numbers: &mut Numbers, rejected: u64, rounds: u32) -> (u32, Option<u32>) {
    let (mut standing, mut offences, mut first) = (CLEAN, 0, None);
    for round in 0..rounds {
        let outcome = if numbers.percent() < rejected { Rejected } else { Accepted };
        standing = judge(standing, outcome, 2).expect("no overflow");
        if standing.strikes == 5 {
            standing.strikes = 0;
            offences += 1;
            first = first.or(Some(round));
        }
    }
    (offences, first)
}

#[test]
fn honest_members_are_hardly_ever_slashed() {
    // With 5 % false rejections, for each seed: offences of 200 members in 3,000 rounds.
    let all = [1, 2, 3, 4, 14].map(|seed| -> u32 {
        let mut numbers = Numbers(seed);
        (0..200).map(|_| offences(&mut numbers, 5, 3_000).0).sum()
    });
    assert_eq!(all, [6, 4, 2, 4, 1]);
}

#[test]
fn members_rejected_in_two_of_five_rounds_are_slashed_soon() {
    let mut numbers = Numbers(14);
    let mut firsts: Vec<u32> =
        (0..200).map(|_| offences(&mut numbers, 40, 300).1.expect("an offence")).collect();
    firsts.sort();
    assert!(firsts[100] < 25, "half of them: {}", firsts[100]);
    assert!(firsts[180] < 40, "nine of ten: {}", firsts[180]);
}

/// Share of the rounds in which a member strikes that stops one strike below an offence.
fn pulses(forgets: impl Fn(Standing) -> bool) -> f64 {
    let (mut standing, mut strikes) = (CLEAN, 0_u32);
    for _ in 0..10_000 {
        let strikes_now = standing.strikes < 4 && !forgets(standing);
        strikes += u32::from(strikes_now);
        let outcome = if strikes_now { Rejected } else { Accepted };
        standing = judge(standing, outcome, 2).expect("no overflow");
    }
    f64::from(strikes) / 10_000.0
}

#[test]
fn life_just_below_an_offence_gets_slow() {
    // Under strikes that all last two rounds it is every third round.
    assert!(pulses(|_| false) < 1.0 / 8.5);
    // Nor does it help to let all be forgotten each time.
    assert!(pulses(|standing| standing.strikes > 0 || standing.forgiven > 0) < 1.0 / 6.5);
    let waits = std::cell::Cell::new(false);
    let in_bursts = |standing: Standing| {
        waits.set(standing.strikes == 4 || (waits.get() && standing.forgiven > 0));
        waits.get() || standing.forgiven > 0
    };
    assert!(pulses(in_bursts) < 1.0 / 6.5);
}
