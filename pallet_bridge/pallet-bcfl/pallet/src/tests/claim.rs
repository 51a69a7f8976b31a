use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

fn claim(index: u8) -> DispatchResult {
    send(&stranger(), Call::claim { federation: 0, account: member(index) })
}

#[test]
fn success() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(claim(1));
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 150);
        assert_eq!((participant(1).credits, federation(0).owed), (0, 150));
        assert_eq!(Bcfl::escrow_funds(0), FUNDS - 150);
        let claimed = Event::Claimed { federation: 0, account: member(1), amount: 150 };
        assert_eq!(events().last(), Some(&claimed));
    });
}

#[test]
fn success_with_the_last_coin_keeps_the_escrow_alive() {
    let reward = |terms: &mut Terms| terms.round_reward = FUNDS;
    ExtBuilder::default().terms(reward).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(claim(1));
        assert_ok!(claim(2));
        assert_eq!(Balances::free_balance(Bcfl::escrow_account(0)), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(claim(0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(claim(0), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_without_credits() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_noop!(claim(0), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn fails_for_the_second_time() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(claim(1));
        assert_noop!(claim(1), Error::<Test>::NothingToClaim);
    });
}
