// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

fn withdraw(index: u8) -> DispatchResult {
    send(&stranger(), Call::withdraw { federation: 0, account: member(index) })
}

fn unbond(amount: Balance) {
    assert_ok!(send(&member(0), Call::unbond { federation: 0, amount }));
}

fn is_member(index: u8) -> bool {
    Participants::<Test>::contains_key(0, member(index))
}

#[test]
fn success_for_ripe_chunks_only() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        unbond(100);
        skip(1);
        unbond(200);
        skip_to(18);
        assert_ok!(withdraw(0));
        assert_eq!(held(HoldReason::Stake, &member(0)), 400);
        assert_eq!(chunks(0), [(200, 19)]);
        let withdrawn = Event::Withdrawn { federation: 0, account: member(0), amount: 100 };
        assert_eq!(events().last(), Some(&withdrawn));
    });
}

#[test]
fn success_and_leaves_without_stake() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        unbond(STAKE);
        skip(17);
        assert_ok!(withdraw(0));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT);
        assert!(!is_member(0));
        assert_eq!(federation(0).members, 0);
        assert_eq!(events().last(), Some(&Event::Left { federation: 0, account: member(0) }));
    });
}

#[test]
fn success_and_rewards_wait_for_their_claim() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
        skip(17);
        assert_ok!(withdraw(1));
        assert!(!is_member(1));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT);
        assert_eq!((federation(0).owed, federation(0).total_active), (300, 2 * STAKE));
    });
}

#[test]
fn success_and_stays_while_suspended() {
    let long = |terms: &mut Terms| terms.cooldown_blocks = 40;
    ExtBuilder::default().terms(long).members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        skip(3);
        assert_ok!(execute(0, 0));
        unbond(STAKE / 2);
        skip(20);
        // The stake goes, the member stays: joining again must not end the cool-down.
        assert_ok!(withdraw(0));
        assert!(is_member(0));
        assert_noop!(withdraw(0), Error::<Test>::NothingToWithdraw);
        skip(20);
        assert_ok!(withdraw(0));
        assert!(!is_member(0));
    });
}

/// Leaving takes rewards that are not vested of a member with strikes: only the member decides that.
#[test]
fn success_by_others_lets_nobody_leave_with_strikes() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        let amount = participant(0).active;
        unbond(amount);
        skip(17);
        assert_ok!(withdraw(0));
        assert_eq!(held(HoldReason::Stake, &member(0)), 0);
        assert!(is_member(0));
        assert_noop!(withdraw(0), Error::<Test>::NothingToWithdraw);
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert!(!is_member(0));
    });
}

#[test]
fn success_for_all_stake_when_the_federation_is_over() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        unbond(100);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        assert_ok!(withdraw(0));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT);
        assert!(!is_member(0));
    });
}

#[test]
fn success_for_member_slashed_to_nothing() {
    let all = |terms: &mut Terms| {
        terms.slash.cap = percent(80);
        terms.slash.equivocation = percent(80);
    };
    ExtBuilder::default().terms(all).members(1).round().build_and_execute(|| {
        equivocate(0);
        skip(3);
        assert_ok!(send(
            &stranger(),
            Call::execute_slash { federation: 0, round: 0, account: member(0) }
        ));
        unbond(100);
        skip(17);
        // Still awaited by round 0: the stake goes, the member stays.
        assert_ok!(withdraw(0));
        assert!(is_member(0));
        assert_noop!(withdraw(0), Error::<Test>::NothingToWithdraw);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(withdraw(0));
        assert!(!is_member(0));
    });
}

#[test]
fn fails_before_the_chunk_is_ripe() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        unbond(100);
        skip(16);
        assert_noop!(withdraw(0), Error::<Test>::NothingToWithdraw);
    });
}

#[test]
fn fails_for_active_stake() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(withdraw(0), Error::<Test>::NothingToWithdraw);
    });
}

#[test]
fn fails_for_pending_offence() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        unbond(100);
        equivocate_with_rest();
        skip(17);
        assert_noop!(withdraw(0), Error::<Test>::OffencePending);
    });
}

fn equivocate_with_rest() {
    equivocate(0);
    assert_eq!(participant(0).pending_offences, 1);
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(withdraw(0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(withdraw(0), Error::<Test>::NotParticipant);
    });
}
