// SPDX-License-Identifier: Apache-2.0
//! Rewards that vest: what waits for them, and what takes them before.

use frame_support::{assert_noop, assert_ok};

use crate::{
    mock::{
        committee::{dispute, lapse, report_two},
        rewards::*,
        *,
    },
    Outcome::*,
    *,
};

#[test]
fn reward_waits_until_enough_rounds_were_opened() {
    vesting(2).build_and_execute(|| {
        play([Accepted; 3]);
        skip(4);
        assert_noop!(claim(0, &[0]), Error::<Test>::RewardNotVested);
        play([Accepted; 3]);
        assert_noop!(claim(0, &[0]), Error::<Test>::RewardNotVested);
        assert_ok!(open_round());
        assert_ok!(claim(0, &[0]));
        assert_eq!(gained(0), 100);
        assert_noop!(claim(0, &[1]), Error::<Test>::SettlementDisputable);
    });
}

#[test]
fn reward_vests_by_blocks_where_no_rounds_follow() {
    for (rounds, vests_at) in [(0, 4), (1, 14), (32, 324)] {
        vesting(rounds).build_and_execute(|| {
            play([Accepted; 3]);
            let found = settlement(0);
            assert_eq!((found.dispute_until, found.vests_at), (4, vests_at));
            assert_eq!(found.claim_until, vests_at + 10);
            assert_eq!(federation(0).last_claim_until, vests_at + 10);
            skip_to(vests_at);
            assert!(claim(0, &[0]).is_err());
            skip(1);
            assert_ok!(claim(0, &[0]));
            let expire = Call::expire { federation: 0, round: 0 };
            skip_to(vests_at + 10);
            assert_noop!(send(&stranger(), expire.clone()), Error::<Test>::ClaimsOpen);
            skip(1);
            assert_ok!(send(&stranger(), expire));
        });
    }
}

#[test]
fn records_are_kept_as_long_as_claims_are_taken() {
    vesting(32).build_and_execute(|| {
        play([Accepted; 3]);
        let prune = Call::prune { federation: 0, round: 0, limit: 9 };
        assert!(round(0).settle_until + terms().retention_blocks < 334);
        skip_to(334);
        assert_noop!(send(&stranger(), prune.clone()), Error::<Test>::RetentionNotOver);
        skip(1);
        assert_ok!(send(&stranger(), prune));
    });
}

#[test]
fn closing_vests_what_is_earned() {
    vesting(32).build_and_execute(|| {
        play([Accepted; 3]);
        skip(4);
        assert_noop!(claim(0, &[0]), Error::<Test>::RewardNotVested);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        // Nobody is late who claims when blocks alone would have vested it.
        assert_eq!(federation(0).state, FederationState::Closing { ends: 335 });
        assert_ok!(claim(0, &[0]));
    });
}

#[test]
fn strikes_shrink_what_is_not_vested() {
    vesting(2).build_and_execute(|| {
        play([Accepted, Accepted, Accepted]);
        play([Rejected, Accepted, Accepted]);
        play([Rejected, Rejected, Accepted]);
        skip(4);
        let owed = federation(0).owed;
        assert_ok!(claim(0, &[0]));
        // 100, halved by the strikes of rounds 1 and 2.
        assert_eq!((gained(0), cuts(0)), (25, vec![(0, 75)]));
        assert_eq!(federation(0).owed, owed - 100);
        assert_eq!(commitment(0, 0).payout, Payout::Paid);
        let claimed = Event::Claimed { federation: 0, account: member(0), amount: 25 };
        assert_eq!(events().last(), Some(&claimed));
        assert_ok!(claim(2, &[0]));
        assert_eq!((gained(2), cuts(2)), (100, vec![]));
    });
}

#[test]
fn strike_after_vesting_takes_nothing() {
    vesting(1).build_and_execute(|| {
        play([Accepted; 3]);
        play([Accepted; 3]);
        play([Rejected, Accepted, Accepted]);
        skip(4);
        assert_ok!(claim(0, &[0]));
        assert_eq!(gained(0), 100);
        // The reward of round 1 was not vested when round 2 was opened.
        skip(20);
        assert_ok!(claim(0, &[1]));
        assert_eq!((gained(0), cuts(0)), (150, vec![(1, 50)]));
    });
}

#[test]
fn strikes_of_leaves_shrink_rewards_of_leaves() {
    vesting(1).build_and_execute(|| {
        let first = play_root([Accepted; 3]);
        let second = play_root([Rejected, Accepted, Accepted]);
        skip(4);
        assert_ok!(apply(1, of(&second, 0)));
        assert_ok!(apply(0, of(&first, 0)));
        assert_eq!(participant(0).struck.to_vec(), [1]);
        assert_ok!(claim(0, &[0]));
        assert_eq!((gained(0), cuts(0)), (50, vec![(0, 50)]));
        assert_eq!((settlement(0).unpaid, settlement(0).left.rewards), (200, 200));
    });
}

#[test]
fn whole_cut_pays_nothing_and_settles_the_debt() {
    let all = |terms: &mut Terms| terms.strike_cut = percent(100);
    vesting(1).terms(all).build_and_execute(|| {
        play([Accepted; 3]);
        play([Rejected, Accepted, Accepted]);
        skip(4);
        assert_ok!(claim(0, &[0]));
        assert_eq!((gained(0), cuts(0)), (0, vec![(0, 100)]));
        assert_eq!((settlement(0).unpaid, federation(0).owed), (200, 500));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn strikes_of_one_that_left_are_on_record() {
    vesting(1).build_and_execute(|| {
        play([Accepted; 3]);
        skip(4);
        leave(0);
        let struck = Struck::truncate_from(vec![1]);
        let record = Record { struck, ..Record::default() };
        Records::<Test>::insert(0, Subject::Account(member(0)), record);
        assert_ok!(claim(0, &[0]));
        assert_eq!((gained(0), cuts(0)), (50, vec![(0, 50)]));
    });
}

#[test]
fn slash_takes_the_rewards_that_were_not_vested() {
    vesting(2).build_and_execute(|| {
        for _ in 0..3 {
            play([Accepted; 3]);
        }
        assert_ok!(report_two(1, 2, 0));
        skip(4);
        let owed = federation(0).owed;
        assert_ok!(execute(2, 0));
        // Vested or not by now, no claim came between.
        assert_eq!(payouts(0, [0, 1, 2]), [Payout::Forfeited; 3]);
        assert_eq!(cuts(0), [(0, 100), (1, 100)]);
        assert_eq!(federation(0).owed, owed - 300);
        let forfeited = events().iter().find_map(|event| match event {
            Event::Slashed { forfeited, .. } => Some(*forfeited),
            _ => None,
        });
        assert_eq!(forfeited, Some(100));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
        assert_ok!(claim(1, &[0]));
    });
}

#[test]
fn slash_leaves_what_was_vested() {
    vesting(1).build_and_execute(|| {
        for _ in 0..3 {
            play([Accepted; 3]);
        }
        assert_ok!(report_two(1, 2, 0));
        skip(4);
        assert_ok!(execute(2, 0));
        assert_eq!(payouts(0, [0, 1, 2]), [Payout::Waiting, Payout::Forfeited, Payout::Forfeited]);
        assert_ok!(claim(0, &[0]));
        assert_eq!(cuts(0), [(1, 100)]);
    });
}

#[test]
fn slash_reaches_as_far_as_rewards_vest() {
    let small = |terms: &mut Terms| terms.round_reward = 30;
    vesting(32).terms(small).build_and_execute(|| {
        for _ in 0..34 {
            play([Accepted; 3]);
        }
        assert_ok!(report_two(1, 33, 0));
        skip(4);
        assert_ok!(execute(33, 0));
        let taken = (0..34).filter(|round| commitment(*round, 0).payout == Payout::Forfeited);
        assert_eq!(taken.collect::<Vec<_>>(), (1..34).collect::<Vec<_>>());
        assert_eq!(cuts(0).len(), 32);
        assert_ok!(claim(0, &[0]));
    });
}

#[test]
fn slash_without_vesting_takes_its_own_round_only() {
    vesting(0).build_and_execute(|| {
        for _ in 0..3 {
            play([Accepted; 3]);
        }
        assert_ok!(report_two(1, 1, 0));
        skip(4);
        assert_ok!(execute(1, 0));
        assert_eq!(payouts(0, [0, 1, 2]), [Payout::Waiting, Payout::Forfeited, Payout::Waiting]);
    });
}

#[test]
fn slash_takes_what_later_rounds_gave_and_verdicts_to_come() {
    vesting(2).build_and_execute(|| {
        let leaves = play_root([Accepted; 3]);
        play([Accepted; 3]);
        play([Accepted; 3]);
        assert_ok!(open_round());
        three_commit(3);
        assert_ok!(report_two(1, 1, 0));
        skip(4);
        assert_ok!(execute(1, 0));
        assert_eq!(payouts(0, [0, 1, 2, 3]), [Payout::Forfeited; 4]);
        assert_eq!(cuts(0), [(2, 100)]);
        // What the verdicts to come would have given is taken when they come.
        assert_ok!(apply(0, of(&leaves, 0)));
        assert_eq!((settlement(0).unpaid, settlement(0).left.rewards), (200, 200));
        assert_ok!(settle(3, (0..3).map(|index| verdict(index, Accepted)).collect()));
        assert_eq!(cuts(0), [(2, 100), (0, 100), (3, 100)]);
        assert_eq!((settlement(3).totals.rewards, settlement(3).unpaid), (300, 200));
    });
}

#[test]
fn reward_of_an_accused_waits_for_the_end_of_it() {
    vesting(2).build_and_execute(|| {
        play([Accepted; 3]);
        play([Accepted; 3]);
        assert_ok!(report_two(1, 1, 0));
        assert_ok!(dispute(1, 0));
        assert_ok!(open_round());
        skip(4);
        // Vested by now, but in reach of the offence of round 1.
        assert_noop!(claim(0, &[0]), Error::<Test>::OffencePending);
        assert_ok!(claim(2, &[0]));
        assert_ok!(lapse(1, 0));
        assert_ok!(claim(0, &[0]));
        assert_eq!((gained(0), cuts(0)), (100, vec![]));
    });
}

#[test]
fn leaving_with_strikes_takes_what_is_not_vested() {
    vesting(4).build_and_execute(|| {
        play([Accepted; 3]);
        let leaves = play_root([Accepted; 3]);
        play([Rejected, Accepted, Accepted]);
        let owed = federation(0).owed;
        leave(0);
        assert_eq!(payouts(0, [0, 1]), [Payout::Forfeited; 2]);
        assert_eq!((federation(0).owed, cuts(0)), (owed - 100, vec![(0, 100)]));
        assert_ok!(apply(1, of(&leaves, 0)));
        assert_eq!((federation(0).owed, cuts(0)), (owed - 200, vec![(0, 100), (1, 100)]));
    });
}

#[test]
fn leaving_freely_clean_or_late_takes_nothing() {
    let scenes: [(RoundId, Outcome, bool); 3] =
        [(4, Rejected, true), (4, Accepted, false), (1, Rejected, false)];
    for (rounds, outcome, freely) in scenes {
        vesting(rounds).build_and_execute(|| {
            play([Accepted; 3]);
            play([outcome, Accepted, Accepted]);
            Participants::<Test>::mutate(0, member(0), |found| {
                found.as_mut().expect("a member").exits_freely = freely;
            });
            leave(0);
            assert_eq!((commitment(0, 0).payout, cuts(0)), (Payout::Waiting, vec![]));
        });
    }
}
