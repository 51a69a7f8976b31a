// SPDX-License-Identifier: Apache-2.0
//! Shares that grow with the accepted rounds of a member.

use frame_support::{assert_noop, assert_ok};

use crate::{
    mock::{rewards::*, *},
    Outcome::*,
    *,
};

#[test]
fn share_of_a_newcomer_grows_and_the_rest_stays_in_the_escrow() {
    let tenure = |terms: &mut Terms| terms.tenure_rounds = 3;
    ExtBuilder::default().terms(tenure).members(3).build_and_execute(|| {
        play([Accepted, Excluded, Rejected]);
        assert_eq!((settlement(0).totals.rewards, settlement(0).unpaid), (300, 100));
        assert_eq!((commitment(0, 0).reward, federation(0).owed), (100, 100));
        play([Accepted, Accepted, Accepted]);
        assert_eq!((commitment(1, 0).reward, commitment(1, 1).reward), (66, 33));
        assert_eq!((settlement(1).unpaid, federation(0).owed), (132, 232));
        play([Accepted, Accepted, Excluded]);
        assert_eq!((commitment(2, 0).reward, commitment(2, 1).reward), (150, 100));
        assert_eq!([0, 1, 2].map(|index| participant(index).accepted), [3, 2, 1]);
        let rewarded = Event::Rewarded { federation: 0, round: 2, account: member(1), amount: 100 };
        assert!(events().contains(&rewarded));
        skip(4);
        assert_ok!(claim(0, &[0, 1, 2]));
        assert_eq!(gained(0), 100 + 66 + 150);
    });
}

#[test]
fn leaves_give_by_tenure_and_one_that_left_has_none() {
    let tenure = |terms: &mut Terms| terms.tenure_rounds = 2;
    ExtBuilder::default().terms(tenure).members(3).build_and_execute(|| {
        play([Accepted; 3]);
        let leaves = play_root([Accepted; 3]);
        assert_eq!((settlement(1).unpaid, federation(0).owed), (300, 450));
        leave(2);
        for index in [0, 2] {
            assert_ok!(apply(1, of(&leaves, index)));
        }
        assert_eq!((commitment(1, 0).reward, commitment(1, 2).reward), (100, 50));
        assert_eq!((settlement(1).unpaid, settlement(1).left.rewards), (250, 100));
        assert_eq!(federation(0).owed, 400);
    });
}

#[test]
fn tenure_of_one_round_and_rewards_of_nothing_change_nothing() {
    let change = |terms: &mut Terms| {
        terms.tenure_rounds = 1;
        terms.vesting_rounds = 1;
    };
    ExtBuilder::default().terms(change).members(3).build_and_execute(|| {
        play([Accepted; 3]);
        assert_eq!(settlement(0).unpaid, 300);
    });
    let none = |terms: &mut Terms| {
        terms.tenure_rounds = 5;
        terms.round_reward = 0;
    };
    vesting(2).terms(none).build_and_execute(|| {
        play([Accepted; 3]);
        play([Rejected, Accepted, Accepted]);
        assert_ok!(open_round());
        skip(4);
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 2 }));
        leave(0);
        assert_eq!(cuts(0), []);
    });
}
