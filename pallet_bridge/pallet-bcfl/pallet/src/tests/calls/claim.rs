// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, Outcome::*, *};

/// Round 0 is settled: member 0 rejected, members 1 and 2 share 300. Its dispute window is over.
fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(4);
        test();
    });
}

#[test]
fn success() {
    scene(|| {
        assert_ok!(claim(1, &[0]));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 150);
        assert_eq!((settlement(0).unpaid, federation(0).owed), (150, 150));
        assert_eq!(commitment(0, 1).payout, Payout::Paid);
        assert_eq!(Bcfl::escrow_funds(0), FUNDS - 150);
        let claimed = Event::Claimed { federation: 0, account: member(1), amount: 150 };
        assert_eq!(events().last(), Some(&claimed));
    });
}

#[test]
fn success_for_several_rounds_at_once() {
    scene(|| {
        round_that_rejects_member_0();
        skip(4);
        assert_ok!(claim(1, &[1, 0]));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 300);
        assert_eq!(federation(0).owed, 300);
    });
}

#[test]
fn success_for_one_who_left() {
    scene(|| {
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
        skip(17);
        let account = member(1);
        assert_ok!(send(&member(1), Call::withdraw { federation: 0, account }));
        assert!(!Participants::<Test>::contains_key(0, member(1)));
        assert_ok!(claim(1, &[0]));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT + 150);
    });
}

#[test]
fn success_after_the_deadline_until_it_expires() {
    scene(|| {
        skip_to(settlement(0).claim_until + 1);
        assert_ok!(claim(1, &[0]));
        assert_ok!(send(&stranger(), Call::expire { federation: 0, round: 0 }));
        assert_noop!(claim(2, &[0]), Error::<Test>::RoundExpired);
    });
}

#[test]
fn success_with_the_last_coin_keeps_the_escrow_alive() {
    let reward = |terms: &mut Terms| terms.round_reward = FUNDS;
    ExtBuilder::default().terms(reward).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(4);
        assert_ok!(claim(1, &[0]));
        assert_ok!(claim(2, &[0]));
        assert_eq!(Balances::free_balance(Bcfl::escrow_account(0)), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn round_named_twice_pays_once() {
    scene(|| {
        assert_ok!(claim(1, &[0, 0]));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 150);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(claim(0, &[0]), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closed_federation() {
    scene(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_noop!(claim(1, &[0]), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene(|| {
        assert_noop!(claim(1, &[0, 1]), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_open_and_aborted_rounds() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_noop!(claim(0, &[0]), Error::<Test>::RoundNotSettled);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_noop!(claim(0, &[0]), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn fails_in_the_dispute_window() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip_to(settlement(0).dispute_until);
        assert_noop!(claim(1, &[0]), Error::<Test>::SettlementDisputable);
        skip(1);
        assert_ok!(claim(1, &[0]));
    });
}

#[test]
fn fails_while_an_offence_waits_and_after_its_slash() {
    let long = |terms: &mut Terms| terms.quorum = Quorum::Window;
    ExtBuilder::default().terms(long).members(3).round().build_and_execute(|| {
        three_commit(0);
        skip_to(11);
        equivocate(0);
        assert_ok!(settle(0, (0..3).map(|index| verdict(index, Accepted)).collect()));
        skip(4);
        assert_noop!(claim(0, &[0]), Error::<Test>::OffencePending);
        assert_ok!(execute(0, 0));
        assert_eq!((commitment(0, 0).payout, federation(0).owed), (Payout::Forfeited, 200));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
        assert_ok!(claim(1, &[0]));
    });
}

#[test]
fn fails_for_nothing_earned() {
    scene(|| {
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
        assert_noop!(claim(9, &[0]), Error::<Test>::NothingToClaim);
        assert_noop!(claim(1, &[]), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        assert_ok!(claim(1, &[0]));
        assert_noop!(claim(1, &[0]), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn fails_for_a_dead_account_and_less_than_the_existential_deposit() {
    let tiny = |terms: &mut Terms| terms.round_reward = 4;
    ExtBuilder::default().terms(tiny).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
        skip(17);
        let account = member(1);
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        let all = pallet_balances::Call::transfer_all { dest: stranger(), keep_alive: false };
        let origin = RuntimeOrigin::signed(member(1));
        assert_ok!(sp_runtime::traits::Dispatchable::dispatch(RuntimeCall::from(all), origin));
        assert_noop!(claim(1, &[0]), TokenError::BelowMinimum);
    });
}
