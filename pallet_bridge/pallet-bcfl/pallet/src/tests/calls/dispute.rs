// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        test();
    });
}

#[test]
fn success() {
    scene(|| {
        skip(2);
        assert_ok!(dispute(0, 0));
        let dispute = Dispute { bond: BOND, until: 6, upheld: 0, overturned: 0, from_stake: false };
        assert_eq!(offence(0, 0).map(|found| found.state), Some(OffenceState::Disputed(dispute)));
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), BOND);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE);
        let account = member(0);
        let disputed =
            Event::OffenceDisputed { federation: 0, round: 0, account, bond: BOND, until: 6 };
        assert_eq!(events().last(), Some(&disputed));
        // No slash until it is decided, however long that takes.
        skip(50);
        assert_noop!(execute(0, 0), Error::<Test>::DisputeOpen);
    });
}

#[test]
fn success_without_bond() {
    let free = |terms: &mut Terms| terms.dispute_bond = 0;
    ExtBuilder::default().terms(free).members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(dispute(0, 0));
        skip(4);
        assert_ok!(lapse(0, 0));
    });
}

#[test]
fn stake_is_locked_while_it_lasts() {
    scene(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(dispute(0, 0));
        skip(40);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::OffencePending);
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(|| {
        let dispute = |federation, round| send(&member(0), Call::dispute { federation, round });
        assert_noop!(dispute(1, 0), Error::<Test>::FederationNotFound);
        assert_noop!(dispute(0, 1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_without_offence() {
    scene(|| {
        assert_noop!(dispute(0, 1), Error::<Test>::OffenceNotFound);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        assert_noop!(dispute(0, 0), Error::<Test>::AlreadyDisputed);
    });
}

#[test]
fn fails_once_it_may_be_executed() {
    scene(|| {
        skip(3);
        assert_noop!(dispute(0, 0), Error::<Test>::DisputeClosed);
    });
}

#[test]
fn fails_once_it_was_upheld() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_noop!(dispute(0, 0), Error::<Test>::DisputeClosed);
    });
}

#[test]
fn fails_once_it_was_executed_or_overturned() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, false));
        assert_noop!(dispute(0, 0), Error::<Test>::OffenceNotFound);
    });
    scene(|| {
        skip(3);
        assert_ok!(execute(0, 0));
        assert_noop!(dispute(0, 0), Error::<Test>::OffenceNotFound);
    });
}

#[test]
fn success_with_a_part_of_the_stake_for_one_that_staked_all() {
    scene(|| {
        let rest = Balances::free_balance(member(0)) - EXISTENTIAL_DEPOSIT - BOND + 1;
        let all = Call::add_stake { federation: 0, amount: rest };
        assert_ok!(send(&member(0), all));
        assert_ok!(dispute(0, 0));
        let dispute = Dispute { bond: BOND, until: 4, upheld: 0, overturned: 0, from_stake: true };
        assert_eq!(offence(0, 0).map(|found| found.state), Some(OffenceState::Disputed(dispute)));
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
    });
}

#[test]
fn fails_for_a_bond_above_balance_and_stake() {
    let dear = |terms: &mut Terms| terms.dispute_bond = 600;
    ExtBuilder::default().terms(dear).members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        let rest = Balances::free_balance(member(0)) - 600;
        let all = pallet_balances::Call::transfer_keep_alive { dest: stranger(), value: rest };
        let origin = RuntimeOrigin::signed(member(0));
        assert_ok!(sp_runtime::traits::Dispatchable::dispatch(RuntimeCall::from(all), origin));
        assert_noop!(dispute(0, 0), TokenError::FundsUnavailable);
    });
}
