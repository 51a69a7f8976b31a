// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{mock::committee::*, mock::*, *};

/// Member 0 is accused by the stranger, and disputes.
fn scene(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    ExtBuilder::default().terms(change).members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        test();
    });
}

/// As [`scene`], with a committee of all three, which judges.
fn judged_by_attesters(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    let judged = |terms: &mut Terms| {
        terms.arbiter = Arbiter::Attesters;
        change(terms);
    };
    with_committee(judged, || {
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        test();
    });
}

fn state() -> Option<OffenceState> {
    offence(0, 0).map(|found| found.state)
}

fn is_open() -> bool {
    matches!(state(), Some(OffenceState::Disputed(_)))
}

#[test]
fn upheld_burns_the_bond_and_lets_the_slash_follow() {
    scene(
        |_| {},
        || {
            let issuance = Balances::total_issuance();
            assert_ok!(resolve(&arbiter(), 0, true));
            assert_eq!(state(), Some(OffenceState::Upheld));
            assert_eq!(Balances::total_issuance(), issuance - BOND);
            assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
            let account = member(0);
            let upheld = Event::OffenceUpheld { federation: 0, round: 0, account, burned: BOND };
            assert_eq!(events().last(), Some(&upheld));
            // In the same block.
            assert_ok!(execute(0, 0));
            assert_eq!(held(HoldReason::Stake, &member(0)), 250);
            assert_noop!(execute(0, 0), Error::<Test>::OffenceNotFound);
        },
    );
}

#[test]
fn overturned_undoes_it_all() {
    scene(
        |_| {},
        || {
            let issuance = Balances::total_issuance();
            assert_ok!(resolve(&arbiter(), 0, false));
            assert_eq!(state(), Some(OffenceState::Overturned));
            assert_eq!(Balances::total_issuance(), issuance);
            assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE);
            let Participant { active, offences, pending_offences, .. } = participant(0);
            assert_eq!((active, offences, pending_offences), (STAKE, 0, 0));
            assert_eq!(round(0).pending_offences, 0);
            skip(20);
            assert_noop!(execute(0, 0), Error::<Test>::OffenceNotFound);
        },
    );
}

#[test]
fn overturned_member_commits_again_at_once() {
    scene(
        |_| {},
        || {
            assert_noop!(commit(0, 0), Error::<Test>::Suspended);
            assert_ok!(resolve(&arbiter(), 0, false));
            assert_ok!(commit(0, 0));
        },
    );
}

#[test]
fn overturning_one_of_two_leaves_the_other() {
    scene(
        |_| {},
        || {
            abort(0);
            assert_ok!(open_round());
            assert_ok!(report_two(2, 1, 0));
            assert_ok!(resolve(&arbiter(), 0, false));
            assert_eq!(participant(0).pending_offences, 1);
            assert!(participant(0).is_suspended(System::block_number()));
            skip(3);
            assert_ok!(execute(1, 0));
        },
    );
}

#[test]
fn overturned_reward_can_be_claimed() {
    let change = |terms: &mut Terms| terms.strikes_to_slash = 1;
    ExtBuilder::default().terms(change).members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Outcome::Accepted)]));
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        skip(4);
        assert_noop!(claim(0, &[0]), Error::<Test>::OffencePending);
        assert_ok!(lapse(0, 0));
        assert_ok!(claim(0, &[0]));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE + 300);
    });
}

#[test]
fn success_by_the_council() {
    let council_judges = |terms: &mut Terms| terms.arbiter = Arbiter::Council;
    scene(council_judges, || {
        assert_noop!(resolve(&arbiter(), 0, true), DispatchError::BadOrigin);
        assert_ok!(resolve(&council(), 0, true));
        assert_eq!(state(), Some(OffenceState::Upheld));
    });
}

#[test]
fn success_in_the_last_block() {
    scene(
        |_| {},
        || {
            skip(3);
            assert_ok!(resolve(&arbiter(), 0, true));
        },
    );
}

#[test]
fn committee_decides_by_its_quorum() {
    judged_by_attesters(
        |_| {},
        || {
            assert_ok!(resolve(&member(1), 0, true));
            assert!(is_open());
            let account = member(0);
            let voter = member(1);
            let voted =
                Event::DisputeVoted { federation: 0, round: 0, account, voter, uphold: true };
            assert_eq!(events().last(), Some(&voted));
            assert_ok!(resolve(&member(2), 0, true));
            assert_eq!(state(), Some(OffenceState::Upheld));
            assert_noop!(resolve(&member(2), 0, true), Error::<Test>::OffenceNotDisputed);
        },
    );
}

#[test]
fn committee_overturns_in_the_same_way() {
    judged_by_attesters(
        |_| {},
        || {
            assert_ok!(resolve(&member(1), 0, false));
            assert_ok!(resolve(&member(2), 0, false));
            assert_eq!(state(), Some(OffenceState::Overturned));
        },
    );
}

#[test]
fn divided_committee_decides_nothing() {
    judged_by_attesters(
        |_| {},
        || {
            assert_ok!(resolve(&member(1), 0, true));
            assert_ok!(resolve(&member(2), 0, false));
            assert!(is_open());
            skip(4);
            assert_ok!(lapse(0, 0));
        },
    );
}

#[test]
fn minority_never_decides_whatever_the_quorum() {
    let low = |terms: &mut Terms| terms.attest_quorum = percent(10);
    judged_by_attesters(low, || {
        assert_ok!(resolve(&member(2), 0, true));
        assert!(is_open());
    });
}

#[test]
fn committee_may_vote_by_stake() {
    let by_stake = |terms: &mut Terms| {
        terms.attest_by = Tally::Stake;
        terms.attest_quorum = percent(70);
    };
    judged_by_attesters(by_stake, || {
        // 600 and 700 of 1800: 72 %.
        assert_ok!(resolve(&member(1), 0, true));
        assert!(is_open());
        assert_ok!(resolve(&member(2), 0, true));
        assert_eq!(state(), Some(OffenceState::Upheld));
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(
        |_| {},
        || {
            let account = member(0);
            let resolve = |federation, round| {
                let account = account.clone();
                let call = Call::resolve { federation, round, account, uphold: true };
                send(&arbiter(), call)
            };
            assert_noop!(resolve(1, 0), Error::<Test>::FederationNotFound);
            assert_noop!(resolve(0, 1), Error::<Test>::RoundNotFound);
        },
    );
}

#[test]
fn fails_without_offence() {
    scene(
        |_| {},
        || {
            assert_noop!(resolve(&arbiter(), 1, true), Error::<Test>::OffenceNotFound);
        },
    );
}

#[test]
fn fails_without_dispute() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_noop!(resolve(&arbiter(), 0, true), Error::<Test>::OffenceNotDisputed);
    });
}

#[test]
fn fails_after_the_deadline() {
    scene(
        |_| {},
        || {
            skip(4);
            assert_noop!(resolve(&arbiter(), 0, true), Error::<Test>::DisputeClosed);
        },
    );
}

#[test]
fn fails_for_other_than_arbiter() {
    scene(
        |_| {},
        || {
            for who in [coordinator(), stranger(), member(0), council()] {
                assert_noop!(resolve(&who, 0, false), Error::<Test>::NotArbiter);
            }
        },
    );
}

#[test]
fn fails_for_an_arbiter_who_is_a_party() {
    for party in [member(0), stranger()] {
        let arbiter = Arbiter::Account(party.clone());
        scene(
            |terms| terms.arbiter = arbiter,
            || {
                assert_noop!(resolve(&party, 0, false), Error::<Test>::NotArbiter);
            },
        );
    }
}

#[test]
fn fails_for_an_arbiter_who_coordinates() {
    scene(
        |terms| terms.arbiter = Arbiter::Account(coordinator()),
        || {
            let answer = resolve(&coordinator(), 0, true);
            assert_noop!(answer, Error::<Test>::CoordinatorConflict);
        },
    );
}

#[test]
fn fails_for_the_accused_in_the_committee() {
    judged_by_attesters(
        |_| {},
        || {
            assert_noop!(resolve(&member(0), 0, false), Error::<Test>::NotArbiter);
        },
    );
}

#[test]
fn fails_without_seat() {
    judged_by_attesters(
        |_| {},
        || {
            assert_noop!(resolve(&arbiter(), 0, false), Error::<Test>::NotSeated);
        },
    );
}

#[test]
fn fails_for_a_void_seat() {
    judged_by_attesters(
        |_| {},
        || {
            assert_ok!(attest(0, 1, hash(8), 1));
            assert_ok!(attest(0, 1, hash(9), 1));
            assert_noop!(resolve(&member(1), 0, true), Error::<Test>::NotSeated);
        },
    );
}

#[test]
fn fails_for_a_second_vote() {
    judged_by_attesters(
        |_| {},
        || {
            assert_ok!(resolve(&member(1), 0, true));
            for uphold in [true, false] {
                assert_noop!(resolve(&member(1), 0, uphold), Error::<Test>::AlreadyVoted);
            }
        },
    );
}
