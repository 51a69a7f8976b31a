// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

fn unbond(amount: Balance) -> DispatchResult {
    send(&member(0), Call::unbond { federation: 0, amount })
}

#[test]
fn success() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(400));
        assert_eq!(participant(0).active, 100);
        assert_eq!(chunks(0), [(400, 18)]);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE);
        let unbonding =
            Event::Unbonding { federation: 0, account: member(0), amount: 400, until: 18 };
        assert_eq!(events().last(), Some(&unbonding));
    });
}

#[test]
fn success_for_all() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(STAKE));
        assert_eq!(participant(0).active, 0);
        assert_eq!(federation(0).members, 1);
    });
}

#[test]
fn success_while_closing() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_ok!(unbond(STAKE));
    });
}

#[test]
fn success_not_before_what_the_member_took_part_in_is_over() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        Participants::<Test>::mutate(0, member(0), |found| {
            found.as_mut().expect("there").takes_part_until(30);
        });
        assert_ok!(unbond(100));
        assert_eq!(chunks(0), [(100, 31)]);
        // Rounds of others hold nobody.
        Federations::<Test>::mutate(0, |found| {
            found.as_mut().expect("there").liable_until = 50;
        });
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: 100 }));
        assert_eq!(chunks(1), [(100, 18)]);
    });
}

#[test]
fn success_not_before_an_older_chunk() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(100));
        FederationTerms::<Test>::mutate(0, FIRST_TERMS, |terms| {
            terms.as_mut().expect("there").unbonding_blocks = 2;
        });
        assert_ok!(unbond(50));
        assert_eq!(chunks(0), [(100, 18), (50, 18)]);
    });
}

/// Announce terms, and wait until they are in force if asked to.
fn announce(change: impl FnOnce(&mut Terms), in_force: bool) {
    Bcfl::come_into_force(0, &mut federation(0));
    let mut terms = FederationTerms::<Test>::get(0, federation(0).terms_version).expect("there");
    change(&mut terms);
    assert_ok!(send(&coordinator(), Call::set_terms { federation: 0, terms }));
    if in_force {
        skip_the_notice();
    }
}

/// 100 blocks became 806,400 for stake that was in, once.
fn longer(terms: &mut Terms) {
    (terms.unbonding_blocks, terms.notice_blocks) = (900, 900);
}

#[test]
fn success_at_once_while_worse_terms_wait() {
    let locked = |terms: &mut Terms| terms.lock_blocks = 300;
    ExtBuilder::default().terms(locked).members(1).build_and_execute(|| {
        skip(4);
        assert_noop!(unbond(100), Error::<Test>::StakeLocked);
        announce(|terms| terms.min_stake = 101, false);
        assert_ok!(unbond(100));
        assert_eq!(chunks(0), [(100, 5)]);
        assert!(participant(0).exits_freely);
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE - 100);
    });
}

#[test]
fn success_at_once_frees_what_is_on_its_way_already() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_ok!(unbond(300));
        skip(2);
        announce(longer, false);
        assert_ok!(unbond(200));
        assert_eq!(chunks(0), [(300, 3), (200, 3)]);
    });
}

#[test]
fn success_at_once_not_before_what_the_member_took_part_in_is_over() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        Participants::<Test>::mutate(0, member(0), |found| {
            found.as_mut().expect("there").takes_part_until(12);
        });
        announce(longer, false);
        assert_ok!(unbond(STAKE));
        assert_eq!(chunks(0), [(STAKE, 13)]);
    });
}

#[test]
fn success_at_once_under_worse_terms_that_the_member_did_not_sign() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        announce(longer, true);
        sign_those_in_force(1);
        assert_ok!(unbond(STAKE));
        assert_eq!(federation(0).terms_version, 2);
        assert_eq!(chunks(0), [(STAKE, 18)]);
        // Who signed them waits, but no longer than when it came.
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
        assert_eq!(chunks(1), [(STAKE, 18 + 17)]);
        assert_eq!((participant(0).exits_freely, participant(1).exits_freely), (true, false));
    });
}

/// As by a commitment in a round under them.
fn sign_those_in_force(index: u8) {
    let mut found = federation(0);
    Bcfl::come_into_force(0, &mut found);
    let version = found.terms_version;
    let terms = FederationTerms::<Test>::get(0, version).expect("there");
    Participants::<Test>::mutate(0, member(index), |member| {
        member.as_mut().expect("there").consents(version, &terms);
    });
}

#[test]
fn worse_terms_of_long_ago_count_as_long_as_they_are_not_signed() {
    let change = |terms: &mut Terms| terms.commit_blocks = 4;
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        announce(change, true);
        announce(|terms| terms.cooldown_blocks = 0, true);
        // The last change was none to the worse, but what is in force is worse than what it signed.
        assert_ok!(unbond(100));
        assert!(participant(0).exits_freely);
    });
}

#[test]
fn better_terms_set_nobody_free() {
    let keep = |terms: &mut Terms| terms.lock_blocks = 60;
    ExtBuilder::default().terms(keep).members(1).round().build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        announce(|terms| terms.cooldown_blocks = 0, false);
        assert_noop!(unbond(1), Error::<Test>::StakeLocked);
        skip_the_notice();
        assert_noop!(unbond(1), Error::<Test>::StakeLocked);
        skip_to(61);
        assert_ok!(unbond(1));
        assert_eq!(chunks(0), [(1, 78)]);
        assert!(!participant(0).exits_freely);
    });
}

#[test]
fn shorter_unbonding_is_for_all() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        FederationTerms::<Test>::mutate(0, FIRST_TERMS, |terms| {
            terms.as_mut().expect("there").unbonding_blocks = 6;
        });
        assert_ok!(unbond(50));
        assert_eq!(chunks(0), [(50, 7)]);
    });
}

#[test]
fn who_stays_under_worse_terms_does_not_leave_because_of_them() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        announce(|terms| terms.dispute_bond = 41, false);
        assert_ok!(unbond(1));
        assert!(participant(0).exits_freely);
        skip_the_notice();
        sign_those_in_force(0);
        assert!(!participant(0).exits_freely);
    });
}

#[test]
fn lock_ends_with_the_federation() {
    let locked = |terms: &mut Terms| terms.lock_blocks = 300;
    ExtBuilder::default().terms(locked).members(1).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_ok!(unbond(STAKE));
    });
}

#[test]
fn fails_for_locked_stake() {
    let locked = |terms: &mut Terms| terms.lock_blocks = 25;
    ExtBuilder::default().terms(locked).members(1).build_and_execute(|| {
        skip_to(25);
        assert_noop!(unbond(STAKE), Error::<Test>::StakeLocked);
        skip_to(26);
        assert_ok!(unbond(STAKE));
    });
}

#[test]
fn fails_for_rest_below_min_stake() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(401), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_more_than_active() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(STAKE + 1), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_too_many_chunks() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for _ in 0..3 {
            assert_ok!(unbond(1));
        }
        assert_noop!(unbond(1), Error::<Test>::TooManyUnbonding);
        skip(17);
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert_ok!(unbond(1));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(unbond(1), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(unbond(1), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_zero() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(unbond(0), Error::<Test>::ZeroAmount);
    });
}
