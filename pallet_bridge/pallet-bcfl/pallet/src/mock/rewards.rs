// SPDX-License-Identifier: Apache-2.0
//! Rounds in a row, and what members got of them.

use frame_support::assert_ok;

use super::*;
use crate::{Outcome::Accepted, *};

/// Three members; rewards vest over so many rounds, and each strike takes half of them. The terms
/// leave a strike in place, however many clean rounds follow.
pub fn vesting(vesting: RoundId) -> ExtBuilder {
    let change = move |terms: &mut Terms| {
        terms.vesting_rounds = vesting;
        terms.strike_cut = percent(50);
        terms.strikes_to_slash = 9;
        terms.strike_decay_rounds = 9;
    };
    ExtBuilder::default().terms(change).members(3)
}

/// A round with these verdicts on members 0, 1, ….
pub fn play(outcomes: [Outcome; 3]) -> RoundId {
    let round = federation(0).next_round;
    assert_ok!(open_round());
    three_commit(round);
    let verdicts = (0..3).zip(outcomes).map(|(index, outcome)| verdict(index, outcome)).collect();
    assert_ok!(settle(round, verdicts));
    round
}

/// As [`play`], by a root that nobody applies: each accepted one gets 100.
pub fn play_root(outcomes: [Outcome; 3]) -> Vec<ProvenLeaf> {
    let round = federation(0).next_round;
    assert_ok!(open_round());
    three_commit(round);
    let reward = |outcome| if outcome == Accepted { 100 } else { 0 };
    let leaves = (0..3).zip(outcomes).map(|(index, outcome)| leaf(index, outcome, reward(outcome)));
    settle_by_root(round, leaves.collect())
}

/// The leaf of `member(index)` among these.
pub fn of(proven: &[ProvenLeaf], index: u8) -> &ProvenLeaf {
    proven.iter().find(|one| one.leaf.account == member(index)).expect("a leaf")
}

/// Round and amount of what was cut of the rewards of `member(index)`.
pub fn cuts(index: u8) -> Vec<(RoundId, Balance)> {
    let cut = |event| match event {
        Event::RewardCut { round, account, amount, .. } if account == member(index) => {
            Some((round, amount))
        }
        _ => None,
    };
    events().into_iter().filter_map(cut).collect()
}

pub fn payouts<const N: usize>(index: u8, rounds: [RoundId; N]) -> [Payout; N] {
    rounds.map(|round| commitment(round, index).payout)
}

pub fn leave(index: u8) {
    assert_ok!(send(&member(index), Call::unbond { federation: 0, amount: STAKE }));
    skip(17);
    let account = member(index);
    assert_ok!(send(&member(index), Call::withdraw { federation: 0, account }));
    assert!(!Participants::<Test>::contains_key(0, member(index)));
}

pub fn gained(index: u8) -> Balance {
    Balances::free_balance(member(index)) + held(HoldReason::Stake, &member(index)) - ENDOWMENT
}
