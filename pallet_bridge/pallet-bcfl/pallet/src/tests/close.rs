use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

fn close(who: &AccountId32) -> DispatchResult {
    send(who, Call::close { federation: 0 })
}

#[test]
fn success_begins() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        assert_eq!(federation(0).state, FederationState::Closing { ends: 15 });
        assert_eq!(events().last(), Some(&Event::Closing { federation: 0, ends: 15 }));
    });
}

#[test]
fn success_ends_with_nothing_held() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(close(&coordinator()));
        skip(14);
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
            assert_eq!(held(HoldReason::Stake, &member(index)), 0);
        }
        assert_ok!(close(&stranger()));
        assert_eq!(federation(0).state, FederationState::Closed);
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), 0);
        assert_eq!(Balances::free_balance(Bcfl::escrow_account(0)), 0);
        assert_eq!(Balances::free_balance(coordinator()), ENDOWMENT - 300);
        let returned = FUNDS - 300 + EXISTENTIAL_DEPOSIT;
        assert_eq!(events().last(), Some(&Event::Closed { federation: 0, returned }));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(close(&coordinator()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_others_while_active() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(close(&member(0)), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_for_open_round() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(close(&coordinator()), Error::<Test>::RoundInProgress);
    });
}

#[test]
fn fails_before_the_end() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        skip(13);
        assert_noop!(close(&coordinator()), Error::<Test>::ClosingNotOver);
    });
}

#[test]
fn fails_while_members_remain() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        skip(14);
        assert_noop!(close(&coordinator()), Error::<Test>::MembersRemain);
    });
}

#[test]
fn fails_for_closed_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        skip(14);
        assert_ok!(close(&coordinator()));
        assert_noop!(close(&coordinator()), Error::<Test>::FederationNotActive);
    });
}
