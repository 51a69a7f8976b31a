// SPDX-License-Identifier: Apache-2.0

use sp_core::H256;
use sp_io::hashing::blake2_256;

use crate::{draw::*, Balance};

fn seed(number: u32) -> H256 {
    blake2_256(&number.to_le_bytes()).into()
}

fn candidates() -> Vec<(u8, Balance)> {
    vec![(1, 100), (2, 200), (3, 300), (4, 400)]
}

fn accounts(drawn: Vec<(u8, Balance)>) -> Vec<u8> {
    drawn.into_iter().map(|(account, _)| account).collect()
}

const DRAWS: u32 = 20_000;

/// Four standard deviations of a share with chance `permille`, in 20,000 draws; the seeds are
/// fixed, so the test is not a matter of luck.
fn is_near(hits: u32, permille: f64) {
    let chance = permille / 1000.0;
    let bound = 4.0 * (chance * (1.0 - chance) / f64::from(DRAWS)).sqrt();
    let share = f64::from(hits) / f64::from(DRAWS);
    assert!((share - chance).abs() < bound, "{share} is not {chance} within {bound}");
}

#[test]
fn first_seat_goes_by_weight() {
    let mut hits = [0; 5];
    for number in 0..DRAWS {
        hits[usize::from(accounts(draw(seed(number), 0, candidates(), 1))[0])] += 1;
    }
    for (account, permille) in [(1, 100.0), (2, 200.0), (3, 300.0), (4, 400.0)] {
        is_near(hits[account], permille);
    }
}

#[test]
fn second_seat_goes_by_the_weight_that_is_left() {
    // P(second = 1) = sum over the first f of w_f / 1000 * 100 / (1000 - w_f).
    let chance = (200.0 * 100.0 / 800.0) + (300.0 * 100.0 / 700.0) + (400.0 * 100.0 / 600.0);
    let is_second = |number| accounts(draw(seed(number), 0, candidates(), 2))[1] == 1;
    let hits = (0..DRAWS).filter(|number| is_second(*number)).count();
    is_near(u32::try_from(hits).expect("small"), chance);
}

#[test]
fn nobody_sits_twice_and_all_sit_when_there_is_room() {
    for number in 0..100 {
        let mut all = accounts(draw(seed(number), 0, candidates(), 32));
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4]);
    }
}

#[test]
fn order_of_the_candidates_does_not_matter() {
    let mut turned = candidates();
    turned.reverse();
    for number in 0..100 {
        let one = draw(seed(number), 7, candidates(), 3);
        assert_eq!(one, draw(seed(number), 7, turned.clone(), 3));
    }
}

#[test]
fn seed_and_federation_change_the_draw() {
    let differs = |one: &dyn Fn(u32) -> Vec<(u8, Balance)>,
                   other: &dyn Fn(u32) -> Vec<(u8, Balance)>| {
        (0..20).any(|number| one(number) != other(number))
    };
    let base = |number| draw(seed(number), 0, candidates(), 2);
    assert!(differs(&base, &|number| draw(seed(number + 1), 0, candidates(), 2)));
    assert!(differs(&base, &|number| draw(seed(number), 1, candidates(), 2)));
    assert!(!differs(&base, &base));
}

#[test]
fn without_weight_nobody_is_drawn() {
    assert_eq!(draw::<u8>(seed(0), 0, vec![], 3), []);
    assert_eq!(draw(seed(0), 0, vec![(1, 0), (2, 0)], 3), []);
    assert_eq!(draw(seed(0), 0, vec![(1, 0), (2, 1)], 3), [(2, 1)]);
    assert_eq!(draw(seed(0), 0, candidates(), 0), []);
}

#[test]
fn greatest_weights_do_not_overflow() {
    let drawn = draw(seed(0), 0, vec![(1, Balance::MAX), (2, Balance::MAX), (3, 1)], 3);
    assert_eq!(drawn.len(), 1, "the weights beyond the type's range are not reached: {drawn:?}");
}

#[test]
fn heaviest_come_first_and_ties_go_by_account() {
    let some = vec![(4, 5), (3, 9), (2, 5), (1, 0)];
    assert_eq!(accounts(heaviest(some.clone(), 2)), [3, 2]);
    assert_eq!(accounts(heaviest(some, 32)), [3, 2, 4]);
}
