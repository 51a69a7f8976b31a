// SPDX-License-Identifier: Apache-2.0
//! Who is drawn, and what a settlement needs of the committee.

mod silence;

use frame_support::{assert_noop, assert_ok};

use crate::{mock::committee::*, mock::*, *};

fn full(terms: &mut Terms) {
    terms.coupling = Coupling::Full;
}

/// Let all three attest in their round, so that a seed is there, and settle it.
fn make_seed() {
    for index in 0..3 {
        assert_ok!(attest(0, index, hash(9), 1));
    }
    finish(0);
    skip(1);
}

#[test]
fn first_committee_is_the_heaviest() {
    let two = |terms: &mut Terms| terms.committee_size = 2;
    with_committee(two, || {
        assert_eq!(seated(0), [2, 1]);
        let drawn =
            Event::CommitteeSeated { federation: 0, round: 0, seats: 2, seed: Default::default() };
        assert!(events().contains(&drawn));
    });
}

#[test]
fn later_committees_are_drawn_by_the_seed() {
    let two = |terms: &mut Terms| terms.committee_size = 2;
    with_committee(two, || {
        for index in [1, 2] {
            assert_ok!(attest(0, index, hash(9), 1));
        }
        finish(0);
        skip(1);
        next_sealed();
        let weights = [(member(0), 500), (member(1), 600), (member(2), 700)];
        let drawn = draw::draw(federation(0).seed, 0, weights.to_vec(), 2);
        let expected: Vec<_> = drawn.into_iter().map(|(account, _)| account).collect();
        let seats = Committees::<Test>::get(0, 1).expect("a committee");
        assert_eq!(seats.into_iter().map(|seat| seat.account).collect::<Vec<_>>(), expected);
    });
}

#[test]
fn without_size_there_is_no_committee() {
    let none = |terms: &mut Terms| terms.committee_size = 0;
    with_committee(none, || {
        assert_eq!(Committees::<Test>::get(0, 0), None);
    });
}

#[test]
fn no_more_than_the_registered_sit() {
    with_committee(|terms| terms.committee_size = 5, || assert_eq!(seated(0), [2, 1, 0]));
}

#[test]
fn who_came_after_the_round_opened_is_not_drawn_by_its_seed() {
    let four = |terms: &mut Terms| {
        terms.committee_size = 4;
        terms.max_participants = 5;
    };
    with_committee(four, || {
        // Before any reveal, but in the round whose reveals make the seed.
        assert_ok!(join(&member(3), 500));
        assert_ok!(register(3));
        make_seed();
        next_sealed();
        assert!(!seated(1).contains(&3));
        // The reveals of round 1 make a seed that nobody knew when it came.
        assert_ok!(attest(1, 0, hash(9), 2));
        finish(1);
        skip(1);
        next_sealed();
        assert!(seated(2).contains(&3));
    });
}

#[test]
fn added_stake_does_not_move_the_draw() {
    with_committee(
        |terms| terms.committee_size = 2,
        || {
            assert_ok!(attest(0, 1, hash(9), 1));
            finish(0);
            skip(1);
            next_sealed();
            let before = seated(1);
            finish(1);
            assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: 100_000 }));
            next_sealed();
            assert_eq!(seated(2), before);
        },
    );
}

#[test]
fn who_is_silent_for_three_rounds_is_dropped() {
    with_committee(
        |_| {},
        || {
            for round in 0..3 {
                for index in [1, 2] {
                    assert_ok!(attest(round, index, hash(9), round + 1));
                }
                assert_ok!(settle_root(round));
                skip(20);
                assert_ok!(send(&coordinator(), Call::fund { federation: 0, amount: 300 }));
                next_sealed();
                let missed = attester(0).map(|attester| attester.missed);
                assert_eq!(missed, (round < 2).then_some(round + 1));
            }
            let dropped = Event::AttesterDropped { federation: 0, account: member(0), missed: 3 };
            assert!(events().contains(&dropped));
            assert!(!seated(3).contains(&0));
            assert_eq!(federation(0).attesters, 2);
        },
    );
}

#[test]
fn late_word_clears_the_misses() {
    with_committee(
        |_| {},
        || {
            finish(0);
            skip(11);
            next_sealed();
            assert_eq!(attester(0).map(|attester| attester.missed), Some(1));
            // In the next round, and after its settlement.
            finish(1);
            assert_ok!(attest(1, 0, hash(9), 1));
            assert_eq!(attester(0).map(|attester| attester.missed), Some(0));
        },
    );
}

#[test]
fn rounds_in_a_hurry_drop_nobody() {
    with_committee(
        |_| {},
        || {
            // All in one block: nobody had the time to speak.
            for round in 0..5 {
                finish(round);
                next_sealed();
            }
            assert_eq!(attester(0).map(|attester| attester.missed), Some(0));
            assert_ok!(attest(0, 0, hash(9), 1));
        },
    );
}

#[test]
fn round_that_was_called_off_leaves_its_committee() {
    with_committee(
        |terms| terms.committee_size = 2,
        || {
            for round in 0..4 {
                assert_eq!(seated(round), [2, 1]);
                assert_ok!(attest(round, 1, hash(9), round + 1));
                abort(round);
                skip(1);
                next_sealed();
            }
            let silent = Committees::<Test>::get(0, 4).expect("a committee");
            assert!(silent.iter().all(|seat| seat.said.is_none()));
        },
    );
}

#[test]
fn aborts_of_the_coordinator_are_no_misses() {
    with_committee(
        |_| {},
        || {
            for round in 0..4 {
                abort(round);
                next_sealed();
            }
            assert_eq!(attester(0).map(|attester| attester.missed), Some(0));
        },
    );
}

#[test]
fn aborts_by_deadline_are_misses() {
    with_committee(
        |_| {},
        || {
            assert_ok!(attest(0, 1, Default::default(), 1));
            skip_to(13);
            assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
            let missed = |index| attester(index).map(|attester| attester.missed);
            assert_eq!([missed(0), missed(1), missed(2)], [Some(1), Some(0), Some(1)]);
            next_sealed();
            assert_eq!(missed(0), Some(1));
        },
    );
}

#[test]
fn begins_anew_when_all_of_the_seed_have_gone() {
    with_committee(
        |terms| terms.max_participants = 4,
        || {
            assert_ok!(attest(0, 0, hash(9), 1));
            finish(0);
            for index in 0..3 {
                assert_ok!(resign(index));
            }
            skip(1);
            next_sealed();
            assert_ok!(attest(1, 1, hash(9), 1));
            finish(1);
            skip(1);
            assert_ok!(join(&member(3), 500));
            assert_ok!(register(3));
            next_sealed();
            assert_eq!(seated(2), [3]);
            assert!(!federation(0).seeded);
        },
    );
}

#[test]
fn full_coupling_needs_the_quorum() {
    with_committee(full, || {
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
        let said = statement(0, ROOT);
        assert_ok!(attest(0, 0, said, 1));
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
        assert_ok!(attest(0, 1, said, 1));
        assert_ok!(settle_root(0));
    });
}

#[test]
fn quorum_is_of_exactly_this_statement() {
    with_committee(full, || {
        assert_ok!(attest(0, 0, statement(0, ROOT), 1));
        assert_ok!(attest(0, 1, statement(0, hash(1)), 1));
        assert_ok!(attest(0, 2, statement(1, ROOT), 1));
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
    });
}

#[test]
fn void_seat_does_not_count() {
    with_committee(full, || {
        let said = statement(0, ROOT);
        for index in [0, 1] {
            assert_ok!(attest(0, index, said, 1));
        }
        assert_ok!(attest(0, 1, hash(9), 2));
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
    });
}

#[test]
fn quorum_may_go_by_stake() {
    let by_stake = |terms: &mut Terms| {
        full(terms);
        terms.attest_by = Tally::Stake;
        terms.attest_quorum = percent(65);
    };
    with_committee(by_stake, || {
        let said = statement(0, ROOT);
        // 500 and 600 of 1800, then all.
        assert_ok!(attest(0, 0, said, 1));
        assert_ok!(attest(0, 1, said, 1));
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
        assert_ok!(attest(0, 2, said, 1));
        assert_ok!(settle_root(0));
    });
}

#[test]
fn any_seat_settles_under_full_coupling() {
    with_committee(full, || {
        let said = statement(0, ROOT);
        for index in [0, 1] {
            assert_ok!(attest(0, index, said, 1));
        }
        let settle = |who| settle_root_as_given(&who, 0, ROOT, all_accepted());
        assert_noop!(settle(stranger()), Error::<Test>::NotCoordinator);
        assert_ok!(settle(member(2)));
    });
}

#[test]
fn flexible_coupling_needs_the_quorum_for_strikes_only() {
    let flexible = |terms: &mut Terms| terms.coupling = Coupling::Flexible;
    let strict = Totals { accepted: 2, rejected: 1, strikes: 1, rewards: 300, excluded: 0 };
    let settle = || settle_root_as_given(&coordinator(), 0, ROOT, strict);
    with_committee(flexible, || {
        assert_noop!(settle(), Error::<Test>::NotAttested);
        for index in [0, 1] {
            assert_ok!(attest(0, index, statement(0, ROOT), 1));
        }
        assert_ok!(settle());
    });
    with_committee(flexible, || {
        assert_ok!(settle_root(0));
    });
}

#[test]
fn round_that_misses_its_quorum_costs_nobody_anything() {
    with_committee(full, || {
        assert_ok!(attest(0, 0, statement(0, ROOT), 1));
        skip_to(13);
        assert_noop!(settle_root(0), Error::<Test>::SettleWindowClosed);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
        let Federation { owed, reserved, failed_rounds, open_round, .. } = federation(0);
        // Two were silent, and one of them would have made the quorum.
        assert_eq!((owed, reserved, failed_rounds, open_round), (0, 0, 0, None));
        for index in 0..3 {
            let stake = STAKE + Balance::from(index) * 100;
            assert_eq!(participant(index).active, stake);
        }
    });
}

#[test]
fn full_coupling_without_attesters_settles_nothing() {
    ExtBuilder::default().terms(full).members(3).build_and_execute(|| {
        next_sealed();
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
    });
}
