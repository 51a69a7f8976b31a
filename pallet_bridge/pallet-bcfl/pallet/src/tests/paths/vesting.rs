// SPDX-License-Identifier: Apache-2.0
//! Rewards that vest: what waits for them, and what takes them before.

use frame_support::{assert_noop, assert_ok};

use crate::{
    mock::{
        committee::{dispute, lapse, report_two, resolve},
        *,
    },
    Outcome::*,
    *,
};

/// Three members; rewards vest over so many rounds, and each strike takes half of them. The terms
/// leave a strike in place, however many clean rounds follow.
fn scene(vesting: RoundId) -> ExtBuilder {
    let change = move |terms: &mut Terms| {
        terms.vesting_rounds = vesting;
        terms.strike_cut = percent(50);
        terms.strikes_to_slash = 9;
        terms.strike_decay_rounds = 9;
    };
    ExtBuilder::default().terms(change).members(3)
}

/// A round with these verdicts on members 0, 1, ….
fn play(outcomes: [Outcome; 3]) -> RoundId {
    let round = federation(0).next_round;
    assert_ok!(open_round());
    three_commit(round);
    let verdicts = (0..3).zip(outcomes).map(|(index, outcome)| verdict(index, outcome)).collect();
    assert_ok!(settle(round, verdicts));
    round
}

/// As [`play`], by a root that nobody applies: each accepted one gets 100.
fn play_root(outcomes: [Outcome; 3]) -> Vec<ProvenLeaf> {
    let round = federation(0).next_round;
    assert_ok!(open_round());
    three_commit(round);
    let reward = |outcome| if outcome == Accepted { 100 } else { 0 };
    let leaves = (0..3).zip(outcomes).map(|(index, outcome)| leaf(index, outcome, reward(outcome)));
    settle_by_root(round, leaves.collect())
}

/// The leaf of `member(index)` among these.
fn of(proven: &[ProvenLeaf], index: u8) -> &ProvenLeaf {
    proven.iter().find(|one| one.leaf.account == member(index)).expect("a leaf")
}

/// Round and amount of what was cut of the rewards of `member(index)`.
fn cuts(index: u8) -> Vec<(RoundId, Balance)> {
    let cut = |event| match event {
        Event::RewardCut { round, account, amount, .. } if account == member(index) => {
            Some((round, amount))
        }
        _ => None,
    };
    events().into_iter().filter_map(cut).collect()
}

fn payouts<const N: usize>(index: u8, rounds: [RoundId; N]) -> [Payout; N] {
    rounds.map(|round| commitment(round, index).payout)
}

fn leave(index: u8) {
    assert_ok!(send(&member(index), Call::unbond { federation: 0, amount: STAKE }));
    skip(17);
    let account = member(index);
    assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
    assert!(!Participants::<Test>::contains_key(0, member(index)));
}

fn gained(index: u8) -> Balance {
    Balances::free_balance(member(index)) + held(HoldReason::Stake, &member(index)) - ENDOWMENT
}

#[test]
fn reward_waits_until_enough_rounds_were_opened() {
    scene(2).build_and_execute(|| {
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
    for (vesting, vests_at) in [(0, 4), (1, 14), (32, 324)] {
        scene(vesting).build_and_execute(|| {
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
    scene(32).build_and_execute(|| {
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
    scene(32).build_and_execute(|| {
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
    scene(2).build_and_execute(|| {
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
    scene(1).build_and_execute(|| {
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
    scene(1).build_and_execute(|| {
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
    scene(1).terms(all).build_and_execute(|| {
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
    scene(1).build_and_execute(|| {
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
    scene(2).build_and_execute(|| {
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
    scene(1).build_and_execute(|| {
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
fn slash_without_vesting_takes_its_own_round_only() {
    scene(0).build_and_execute(|| {
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
    scene(2).build_and_execute(|| {
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
fn reward_in_reach_of_an_accusation_waits_for_its_end() {
    scene(2).build_and_execute(|| {
        play([Accepted; 3]);
        play([Accepted; 3]);
        assert_ok!(report_two(1, 1, 0));
        assert_ok!(dispute(1, 0));
        assert_ok!(open_round());
        skip(4);
        // Vested, but the offence of round 1 reaches it.
        assert_noop!(claim(0, &[0]), Error::<Test>::OffencePending);
        assert_ok!(claim(2, &[0]));
        assert_ok!(lapse(1, 0));
        assert_ok!(claim(0, &[0]));
        assert_eq!((gained(0), cuts(0)), (100, vec![]));
    });
}

#[test]
fn leaving_with_strikes_takes_what_is_not_vested() {
    scene(4).build_and_execute(|| {
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
    for (vesting, outcome, freely) in scenes {
        scene(vesting).build_and_execute(|| {
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
    scene(2).terms(none).build_and_execute(|| {
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

/// Member 0 has all its money at stake and is accused in round 0; it objects.
fn disputed_from_stake(test: impl FnOnce(Balance)) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        let rest = Balances::free_balance(member(0)) - EXISTENTIAL_DEPOSIT - BOND + 1;
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: rest }));
        assert_ok!(dispute(0, 0));
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
        test(STAKE + rest);
    });
}

#[test]
fn bond_from_stake_is_burned_when_the_offence_is_upheld() {
    disputed_from_stake(|stake| {
        let (issuance, active) = (Balances::total_issuance(), federation(0).total_active);
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_eq!(Balances::total_issuance(), issuance - BOND);
        assert_eq!(held(HoldReason::Stake, &member(0)), stake - BOND);
        assert_eq!(participant(0).active, stake - BOND);
        assert_eq!(federation(0).total_active, active - BOND);
        let account = member(0);
        let upheld = Event::OffenceUpheld { federation: 0, round: 0, account, burned: BOND };
        assert_eq!(events().last(), Some(&upheld));
        assert_ok!(execute(0, 0));
        // Half of the stake at the offence.
        assert_eq!(held(HoldReason::Stake, &member(0)), stake - BOND - STAKE / 2);
    });
}

#[test]
fn bond_from_stake_never_moves_when_the_offence_is_overturned() {
    for by_deadline in [false, true] {
        disputed_from_stake(|stake| {
            let free = Balances::free_balance(member(0));
            if by_deadline {
                skip(4);
                assert_ok!(lapse(0, 0));
            } else {
                assert_ok!(resolve(&arbiter(), 0, false));
            }
            assert_eq!(held(HoldReason::Stake, &member(0)), stake);
            assert_eq!(Balances::free_balance(member(0)), free);
            let account = member(0);
            let overturned = Event::OffenceOverturned {
                federation: 0,
                round: 0,
                account,
                returned: 0,
                by_deadline,
            };
            assert_eq!(events().last(), Some(&overturned));
        });
    }
}

#[test]
fn bond_from_stake_is_made_of_unbonding_stake_last() {
    disputed_from_stake(|stake| {
        let amount = stake;
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount }));
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_eq!((participant(0).active, chunks(0)[0].0), (0, stake - BOND));
    });
}
