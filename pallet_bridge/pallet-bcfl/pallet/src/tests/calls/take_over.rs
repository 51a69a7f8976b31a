// SPDX-License-Identifier: Apache-2.0

use frame_support::{
    assert_noop, assert_ok,
    storage::with_transaction,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::{AccountId32, TransactionOutcome};

use crate::{
    mock::{successors::*, votes::*, *},
    Outcome::Accepted,
    *,
};

const NO_CHANGE: fn(&mut Terms) = |_| ();

/// Round 0 passes its deadline with three commitments.
fn late() {
    assert_ok!(open_round());
    three_commit(0);
    skip_to(round(0).settle_until + 1);
}

fn in_office() -> AccountId32 {
    federation(0).coordinator
}

#[test]
fn success_after_a_round_that_is_late() {
    let with_bond = |terms: &mut Terms| terms.coordinator_bond = 90;
    with_successors(2, with_bond, || {
        late();
        assert_ok!(take_over(0));
        assert_eq!(in_office(), successor(0));
        assert_eq!(round(0).state, RoundState::Aborted);
        assert_eq!(federation(0).failures_in_row, 1);
        let (old, new) = (coordinator(), successor(0));
        let taken = Event::TakenOver { federation: 0, old: old.clone(), new: new.clone() };
        assert_eq!(events().last(), Some(&taken));
        // Each answers with its own money, and the old one until its rounds are beyond reports.
        let free_at = federation(0).liable_until + 1;
        assert_eq!(Bonds::<Test>::get(0, old).and_then(|bond| bond.free_at), Some(free_at));
        let bond = Bond { amount: 90, free_at: None };
        assert_eq!(Bonds::<Test>::get(0, &new), Some(bond));
        assert_eq!(held(HoldReason::CoordinatorBond, &new), 90);
        let base_model = hash(2);
        assert_ok!(send(&new, Call::open_round { federation: 0, base_model }));
    });
}

#[test]
fn success_goes_on_from_the_model_of_the_last_settled_round() {
    with_successors(1, NO_CHANGE, || {
        assert_ok!(open_round());
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        assert_ok!(open_round());
        skip_to(round(1).settle_until + 1);
        assert_ok!(take_over(0));
        let other = Call::open_round { federation: 0, base_model: hash(2) };
        assert_noop!(send(&successor(0), other), Error::<Test>::ModelNotContinued);
        let same = Call::open_round { federation: 0, base_model: MODEL };
        assert_ok!(send(&successor(0), same));
    });
}

#[test]
fn the_one_deposed_can_do_nothing_any_more() {
    with_successors(1, NO_CHANGE, || {
        late();
        assert_ok!(take_over(0));
        assert_noop!(settle(0, vec![verdict(0, Accepted)]), Error::<Test>::RoundNotOpen);
        assert_noop!(open_round(), Error::<Test>::NotCoordinator);
        let pause = Call::pause { federation: 0, until: 999 };
        assert_noop!(send(&coordinator(), pause), Error::<Test>::NotCoordinator);
        let open = Call::open_round { federation: 0, base_model: hash(2) };
        assert_ok!(send(&successor(0), open));
        for index in 0..3 {
            assert_ok!(commit(1, index));
        }
        assert_noop!(commit_batch(1, vec![]), Error::<Test>::NotCoordinator);
        assert_noop!(settle(1, vec![]), Error::<Test>::NotCoordinator);
        let early = Call::abort { federation: 0, round: 1 };
        assert_noop!(send(&coordinator(), early), Error::<Test>::SettleWindowOpen);
    });
}

#[test]
fn two_at_once_take_one_place() {
    with_successors(2, NO_CHANGE, || {
        late();
        skip(TURN);
        assert_ok!(take_over(0));
        assert_noop!(take_over(1), Error::<Test>::TakeoverTooEarly);
        assert_noop!(take_over(0), Error::<Test>::NotSuccessor);
        assert_eq!(in_office(), successor(0));
    });
}

#[test]
fn success_in_turns() {
    with_successors(3, NO_CHANGE, || {
        late();
        for index in [1, 2] {
            assert_noop!(take_over(index), Error::<Test>::TakeoverTooEarly);
        }
        skip(TURN - 1);
        assert_noop!(take_over(1), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_noop!(take_over(2), Error::<Test>::TakeoverTooEarly);
        assert_ok!(take_over(1));
        // The list is a ring: after the second the third comes, then the first.
        skip(IDLE);
        assert_noop!(take_over(2), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        skip(TURN);
        assert_ok!(take_over(0));
    });
}

#[test]
fn fails_while_the_coordinator_does_its_work() {
    with_successors(1, NO_CHANGE, || {
        // Before the first round there is no deadline.
        skip(500);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        assert_ok!(open_round());
        three_commit(0);
        skip_to(round(0).settle_until);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        assert_ok!(settle(0, vec![]));
        skip(IDLE);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        assert_ok!(open_round());
        skip(1);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
    });
}

#[test]
fn success_after_too_long_without_a_round() {
    with_successors(1, NO_CHANGE, || {
        assert_ok!(open_round());
        three_commit(0);
        assert_ok!(settle(0, vec![]));
        skip(IDLE);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_ok!(take_over(0));
    });
}

#[test]
fn who_ends_a_late_round_does_not_matter_but_another_round_does() {
    with_successors(1, NO_CHANGE, || {
        late();
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(with_transaction(|| TransactionOutcome::Rollback(take_over(0))));
        assert_ok!(open_round());
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
    });
}

#[test]
fn who_came_has_its_own_time() {
    with_successors(2, NO_CHANGE, || {
        late();
        assert_ok!(take_over(0));
        skip(IDLE);
        assert_noop!(take_over(1), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_ok!(take_over(1));
        // As one that governance put there while a round was open.
        let open = Call::open_round { federation: 0, base_model: hash(2) };
        assert_ok!(send(&successor(1), open));
        let replace = Call::replace_coordinator { federation: 0, account: coordinator() };
        assert_ok!(send(&successor(1), replace));
        skip(IDLE);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_ok!(take_over(0));
        assert_eq!(round(1).state, RoundState::Aborted);
    });
}

#[test]
fn silent_attesters_depose_nobody_before_the_time() {
    let coupled = |terms: &mut Terms| terms.coupling = Coupling::Full;
    with_successors(1, coupled, || {
        assert_ok!(open_round());
        let until = round(0).settle_until;
        skip_to(until + 1);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        skip_to(until + IDLE);
        assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
        skip(1);
        assert_ok!(take_over(0));
    });
}

#[test]
fn friends_that_take_turns_do_not_forgive_each_other() {
    with_successors(2, NO_CHANGE, || {
        late();
        assert_ok!(take_over(0));
        let open = Call::open_round { federation: 0, base_model: hash(2) };
        assert_ok!(send(&successor(0), open));
        skip_to(round(1).settle_until + 1);
        assert_ok!(take_over(1));
        assert_eq!(federation(0).failures_in_row, terms().max_failed_rounds);
        assert_ok!(propose(0, Proposal::Coordinator(member(0))));
    });
}

#[test]
fn fails_without_money_for_the_bond_and_changes_nothing() {
    let with_bond = |terms: &mut Terms| terms.coordinator_bond = 90;
    with_successors(1, with_bond, || {
        late();
        let all = Balances::free_balance(successor(0)) - 50;
        assert_ok!(Balances::transfer(&successor(0), &stranger(), all, Preservation::Preserve));
        assert!(take_over(0).is_err());
        assert_eq!((in_office(), round(0).state), (coordinator(), RoundState::Open));
    });
}

#[test]
fn fails_for_others_than_those_in_force() {
    with_successors(1, NO_CHANGE, || {
        late();
        for who in [stranger(), member(0), coordinator(), successor(1)] {
            let taken = send(&who, Call::take_over { federation: 0 });
            assert_noop!(taken, Error::<Test>::NotSuccessor);
        }
        // Announced is not in force: members leave before.
        assert_ok!(name(&coordinator(), succession(2)));
        skip(TURN);
        assert_noop!(take_over(1), Error::<Test>::NotSuccessor);
        skip_to(System::block_number() - TURN + terms().notice_blocks);
        assert_ok!(take_over(1));
    });
}

#[test]
fn fails_without_successors() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip(99);
        assert_noop!(take_over(0), Error::<Test>::NoSuccession);
        let unknown = send(&successor(0), Call::take_over { federation: 9 });
        assert_noop!(unknown, Error::<Test>::FederationNotFound);
    });
}
