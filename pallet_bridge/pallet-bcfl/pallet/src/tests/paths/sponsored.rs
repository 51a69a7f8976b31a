// SPDX-License-Identifier: Apache-2.0
//! Whose fees a federation pays, and which.

use frame_support::{
    assert_ok,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::AccountId32;

use crate::{mock::*, *};

const FEE: Balance = 7;

/// A scene with an invitation of member 9 and money for fees.
fn with_purse(amount: Balance, test: impl FnOnce()) {
    let terms = |terms: &mut Terms| terms.admission = Admission::Invited;
    ExtBuilder::default().terms(terms).members(0).build_and_execute(|| {
        for index in [0, 1, 9] {
            admit(index, b"");
        }
        join(&member(0), STAKE).expect("joined");
        join(&member(1), STAKE).expect("joined");
        send(&stranger(), Call::fund_fees { federation: 0, amount }).expect("funded");
        test();
    });
}

/// Leave this much of an account's money to it.
fn keep(who: &AccountId32, amount: Balance) {
    let rest = Balances::free_balance(who) - amount;
    let moved = <Balances as Mutate<_>>::transfer(who, &stranger(), rest, Preservation::Preserve);
    assert_ok!(moved);
}

fn sponsor(who: &AccountId32, call: &Call<Test>) -> Option<FederationId> {
    Bcfl::sponsor_of(who, call, FEE)
}

fn unbond() -> Call<Test> {
    Call::unbond { federation: 0, amount: 1 }
}

fn own_calls(who: &AccountId32) -> Vec<Call<Test>> {
    let account = who.clone();
    let bound = None;
    vec![
        unbond(),
        Call::withdraw { federation: 0, account: account.clone() },
        Call::claim { federation: 0, account, rounds: Default::default() },
        Call::vote { federation: 0, proposal: 0, approve: true },
        Call::dispute { federation: 0, round: 0 },
        Call::register_attester { federation: 0, tip: hash(1) },
        Call::resign_attester { federation: 0 },
        Call::bind_node_key { federation: 0, bound },
    ]
}

#[test]
fn the_own_calls_of_a_member_without_money() {
    with_purse(1_000, || {
        keep(&member(0), EXISTENTIAL_DEPOSIT);
        for call in own_calls(&member(0)) {
            assert_eq!(sponsor(&member(0), &call), Some(0), "{call:?}");
        }
        let commit = commit_call(&member(0), (0, 0), hash(1));
        assert_eq!(sponsor(&member(0), &commit), Some(0));
    });
}

#[test]
fn nobody_who_can_pay() {
    with_purse(1_000, || {
        for call in own_calls(&member(0)) {
            assert_eq!(sponsor(&member(0), &call), None, "{call:?}");
        }
        keep(&member(0), EXISTENTIAL_DEPOSIT + FEE);
        assert_eq!(sponsor(&member(0), &unbond()), None);
        keep(&member(0), EXISTENTIAL_DEPOSIT + FEE - 1);
        assert_eq!(sponsor(&member(0), &unbond()), Some(0));
    });
}

#[test]
fn no_strangers_and_no_calls_for_others() {
    with_purse(1_000, || {
        keep(&member(8), EXISTENTIAL_DEPOSIT);
        keep(&member(0), EXISTENTIAL_DEPOSIT);
        for call in own_calls(&member(8)) {
            assert_eq!(sponsor(&member(8), &call), None, "{call:?}");
        }
        for call in [
            Call::withdraw { federation: 0, account: member(1) },
            Call::claim { federation: 0, account: member(1), rounds: Default::default() },
            Call::unbond { federation: 1, amount: 1 },
            Call::fund { federation: 0, amount: 1 },
            Call::fund_fees { federation: 0, amount: 1 },
            Call::seal { federation: 0, round: 0 },
            Call::close { federation: 0 },
        ] {
            assert_eq!(sponsor(&member(0), &call), None, "{call:?}");
        }
    });
}

#[test]
fn what_a_call_puts_on_hold_is_left_to_it() {
    with_purse(1_000, || {
        let join = |stake| Call::join { federation: 0, stake, terms_hash: terms_hash(0) };
        keep(&member(9), EXISTENTIAL_DEPOSIT + STAKE);
        assert_eq!(sponsor(&member(9), &join(STAKE)), Some(0));
        // It has the fee besides; and it has not the stake.
        assert_eq!(sponsor(&member(9), &join(STAKE - FEE)), None);
        assert_eq!(sponsor(&member(9), &join(STAKE + 1)), None);
        assert_ok!(join_of(9));
        let add = |amount| Call::add_stake { federation: 0, amount };
        keep(&member(0), EXISTENTIAL_DEPOSIT + 5);
        assert_eq!(sponsor(&member(0), &add(5)), Some(0));
        assert_eq!(sponsor(&member(0), &add(6)), None);
        // Members do not join.
        assert_eq!(sponsor(&member(0), &join(5)), None);
    });
}

fn join_of(index: u8) -> sp_runtime::DispatchResult {
    join(&member(index), STAKE)
}

#[test]
fn joining_only_by_invitation_that_holds() {
    let terms = |terms: &mut Terms| terms.admission = Admission::Vouched(2);
    ExtBuilder::default().terms(terms).members(0).build_and_execute(|| {
        for index in [0, 1] {
            admit(index, b"");
            join(&member(index), STAKE).expect("joined");
        }
        send(&stranger(), Call::fund_fees { federation: 0, amount: 1_000 }).expect("funded");
        keep(&member(9), EXISTENTIAL_DEPOSIT + STAKE);
        let join = Call::join { federation: 0, stake: STAKE, terms_hash: terms_hash(0) };
        assert_eq!(sponsor(&member(9), &join), None);
        invite(&member(0), 9, b"", 0).expect("vouched");
        assert_eq!(sponsor(&member(9), &join), None);
        invite(&member(1), 9, b"", 0).expect("vouched");
        assert_eq!(sponsor(&member(9), &join), Some(0));
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_eq!(sponsor(&member(9), &join), None);
    });
}

#[test]
fn as_often_as_a_day_has_calls() {
    with_purse(1_000, || {
        keep(&member(0), EXISTENTIAL_DEPOSIT);
        keep(&member(1), EXISTENTIAL_DEPOSIT);
        for _ in 0..3 {
            assert_eq!(sponsor(&member(0), &unbond()), Some(0));
            Bcfl::count_sponsored(0, &member(0));
        }
        assert_eq!(sponsor(&member(0), &unbond()), None);
        // Another one's count is its own, and the next day is another day.
        assert_eq!(sponsor(&member(1), &unbond()), Some(0));
        skip_to(100);
        assert_eq!(sponsor(&member(0), &unbond()), Some(0));
        Bcfl::count_sponsored(0, &member(0));
        let counted = Sponsorships::<Test>::get(0, member(0));
        assert_eq!((counted.day, counted.used), (1, 1));
    });
}

#[test]
fn as_long_as_there_is_money() {
    with_purse(EXISTENTIAL_DEPOSIT + FEE - 1, || {
        keep(&member(0), EXISTENTIAL_DEPOSIT);
        assert_eq!(sponsor(&member(0), &unbond()), None);
        let more = Call::fund_fees { federation: 0, amount: EXISTENTIAL_DEPOSIT };
        assert_ok!(send(&stranger(), more));
        assert_eq!(sponsor(&member(0), &unbond()), Some(0));
    });
}

#[test]
fn who_leaves_is_forgotten_and_so_are_the_invited_at_the_end() {
    with_purse(1_000, || {
        for index in [0, 1, 9] {
            Bcfl::count_sponsored(0, &member(index));
        }
        Bcfl::do_try_state().expect("a member, or invited");
        for index in [0, 1] {
            let account = member(index);
            assert_ok!(send(&account, Call::unbond { federation: 0, amount: STAKE }));
        }
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(18);
        for index in [0, 1] {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
            assert!(!Sponsorships::<Test>::contains_key(0, member(index)));
        }
        assert!(Sponsorships::<Test>::contains_key(0, member(9)));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert!(!Sponsorships::<Test>::contains_key(0, member(9)));
    });
}

#[test]
fn a_purse_is_nobody_s_escrow() {
    for id in [0, 1, u32::from_le_bytes(*b"fees"), u32::MAX] {
        for other in [0, 1, u32::from_le_bytes(*b"fees"), u32::MAX] {
            assert_ne!(Bcfl::purse_account(id), Bcfl::escrow_account(other));
        }
    }
}
