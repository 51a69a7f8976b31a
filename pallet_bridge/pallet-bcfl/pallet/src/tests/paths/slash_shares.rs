// SPDX-License-Identifier: Apache-2.0
//! Where the money of a slash goes.

use frame_support::{assert_ok, traits::fungible::Inspect};

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(test);
}

fn slashed() -> (Balance, Balance, Option<sp_runtime::AccountId32>, Balance) {
    let found = events().into_iter().rev().find_map(|event| match event {
        Event::Slashed { burned, shared, reporter, forfeited, .. } => {
            Some((burned, shared, reporter, forfeited))
        }
        _ => None,
    });
    found.expect("a slash")
}

#[test]
fn reporter_gets_its_share_and_the_rest_burns() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        let (issuance, before) = (Balances::total_issuance(), Balances::free_balance(stranger()));
        skip(3);
        assert_ok!(execute(0, 0));
        // A fifth of 250.
        assert_eq!(slashed(), (200, 50, Some(stranger()), 0));
        assert_eq!(Balances::free_balance(stranger()), before + 50);
        assert_eq!(Balances::total_issuance(), issuance - 200);
        assert_eq!(participant(0).suspended_until, 4 + 4);
        assert_eq!(federation(0).total_active, 3 * STAKE - 250);
    });
}

#[test]
fn share_is_of_what_is_really_taken() {
    let all = |terms: &mut Terms| {
        terms.slash.cap = percent(80);
        terms.slash.equivocation = percent(80);
    };
    ExtBuilder::default().terms(all).members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        abort(0);
        assert_ok!(open_round());
        assert_ok!(report_two(2, 1, 0));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_ok!(execute(1, 0));
        // 400 were asked for and 100 left.
        assert_eq!(slashed(), (80, 20, Some(stranger()), 0));
    });
}

#[test]
fn nobody_shares_in_what_the_batch_found() {
    scene(|| {
        equivocate(0);
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(slashed(), (250, 0, None, 0));
    });
}

#[test]
fn neither_coordinator_nor_offender_shares() {
    for who in [1, 10] {
        scene(|| {
            let before = Balances::total_balance(&account(who));
            assert_ok!(report_two(who, 0, 0));
            skip(3);
            assert_ok!(execute(0, 0));
            assert_eq!(slashed(), (250, 0, None, 0));
            assert!(Balances::total_balance(&account(who)) <= before);
        });
    }
}

#[test]
fn reporter_who_became_coordinator_does_not_share() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        let account = stranger();
        let call = Call::replace_coordinator { federation: 0, account };
        assert_ok!(send(&coordinator(), call));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(slashed(), (250, 0, None, 0));
    });
}

#[test]
fn reporter_that_can_not_be_paid_does_not_stop_the_slash() {
    let little = |terms: &mut Terms| terms.reporter_share = percent(1);
    ExtBuilder::default().terms(little).members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        // The reporter's account is gone, and 2 planck are less than it needs to live.
        let rest = pallet_balances::Call::transfer_all { dest: account(20), keep_alive: false };
        use sp_runtime::traits::Dispatchable;
        assert_ok!(RuntimeCall::from(rest).dispatch(RuntimeOrigin::signed(stranger())));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(slashed(), (250, 0, None, 0));
    });
}

#[test]
fn reward_of_the_round_is_forfeited() {
    scene(|| {
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Outcome::Accepted), verdict(1, Outcome::Accepted)]));
        assert_ok!(report_two(2, 0, 0));
        skip(4);
        let funds = Bcfl::escrow_funds(0);
        assert_ok!(execute(0, 0));
        assert_eq!(slashed().3, 150);
        assert_eq!((federation(0).owed, settlement(0).unpaid), (150, 150));
        assert_eq!(Bcfl::escrow_funds(0), funds);
        assert!(claim(0, &[0]).is_err());
        assert_ok!(claim(1, &[0]));
        assert_eq!(federation(0).owed, 0);
    });
}

#[test]
fn slashed_attester_has_to_register_again() {
    with_committee(
        |_| {},
        || {
            assert_ok!(report_two(2, 0, 0));
            skip(3);
            assert_ok!(execute(0, 0));
            assert_eq!(attester(0).and_then(|attester| attester.leaves), Some(5));
        },
    );
}
