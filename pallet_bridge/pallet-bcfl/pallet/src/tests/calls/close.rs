// SPDX-License-Identifier: Apache-2.0

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
        assert_eq!(federation(0).state, FederationState::Closing { ends: 18 });
        assert_eq!(events().last(), Some(&Event::Closing { federation: 0, ends: 18 }));
    });
}

#[test]
fn success_ends_with_nothing_held() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(close(&coordinator()));
        skip(17);
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
            assert_eq!(held(HoldReason::Stake, &member(index)), 0);
        }
        assert_ok!(close(&stranger()));
        assert_eq!(federation(0).state, FederationState::Closed);
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), 0);
        assert_eq!(Balances::free_balance(Bcfl::escrow_account(0)), 0);
        // Nobody claimed in all the time that there was.
        assert_eq!(Balances::free_balance(coordinator()), ENDOWMENT);
        let refunded = Event::Refunded { federation: 0, account: coordinator(), amount: FUNDS };
        assert_eq!(events().last(), Some(&refunded));
        assert!(events().contains(&Event::Closed { federation: 0, left: FUNDS }));
    });
}

#[test]
fn success_waits_for_the_last_claims() {
    let long = |terms: &mut Terms| {
        terms.claim_blocks = 30;
        terms.retention_blocks = 33;
    };
    ExtBuilder::default().terms(long).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(close(&coordinator()));
        assert_eq!(settlement(0).claim_until, 34);
        assert_eq!(federation(0).state, FederationState::Closing { ends: 35 });
    });
}

#[test]
fn success_drops_terms_that_wait() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::set_terms { federation: 0, terms: terms() }));
        skip(1);
        assert_ok!(close(&coordinator()));
        assert_eq!((federation(0).pending_terms, federation(0).terms_version), (None, 1));
        assert_eq!(stored_terms(), [1]);
    });
}

#[test]
fn success_removes_invitations_and_records_in_steps() {
    let invited = |terms: &mut Terms| terms.admission = Admission::Invited;
    ExtBuilder::default().terms(invited).members(0).build_and_execute(|| {
        for index in 0..70 {
            admit(index, b"south");
        }
        Records::<Test>::insert(0, Subject::Account(member(3)), Record::default());
        assert_ok!(close(&coordinator()));
        skip(17);
        assert_ok!(close(&stranger()));
        assert_eq!(Records::<Test>::iter_prefix(0).count(), 0);
        assert_eq!(Invitations::<Test>::iter_prefix(0).count(), 6);
        assert_ok!(close(&stranger()));
        assert_eq!(Invitations::<Test>::iter_prefix(0).count(), 0);
        assert_noop!(close(&stranger()), Error::<Test>::FederationNotActive);
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
        skip(16);
        assert_noop!(close(&coordinator()), Error::<Test>::ClosingNotOver);
    });
}

#[test]
fn fails_while_members_remain() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        skip(17);
        assert_noop!(close(&coordinator()), Error::<Test>::MembersRemain);
    });
}

#[test]
fn fails_for_closed_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(close(&coordinator()));
        skip(17);
        assert_ok!(close(&coordinator()));
        assert_noop!(close(&coordinator()), Error::<Test>::FederationNotActive);
    });
}
