// SPDX-License-Identifier: Apache-2.0
//! Disputes of one that staked all it has.

use frame_support::assert_ok;
use sp_runtime::traits::Dispatchable;

use crate::{mock::committee::*, mock::*, *};

/// Member 0 has all its money at stake and is accused in round 0; it objects.
fn disputed_from_stake(test: impl FnOnce(Balance)) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        let rest = Balances::free_balance(member(0)) - EXISTENTIAL_DEPOSIT - BOND + 1;
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: rest }));
        assert_ok!(dispute(0, 0));
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
        test(STAKE + rest);
    });
}

#[test]
fn bond_from_stake_is_burned_when_the_offence_is_upheld() {
    disputed_from_stake(|stake| {
        let (issuance, active) = (Balances::total_issuance(), federation(0).total_active);
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_eq!(Balances::total_issuance(), issuance - BOND);
        assert_eq!(held(HoldReason::Stake, &member(0)), stake - BOND);
        assert_eq!(participant(0).active, stake - BOND);
        assert_eq!(federation(0).total_active, active - BOND);
        let account = member(0);
        let upheld = Event::OffenceUpheld { federation: 0, round: 0, account, burned: BOND };
        assert_eq!(events().last(), Some(&upheld));
        assert_ok!(execute(0, 0));
        // Half of the stake at the offence.
        assert_eq!(held(HoldReason::Stake, &member(0)), stake - BOND - STAKE / 2);
    });
}

#[test]
fn bond_from_stake_never_moves_when_the_offence_is_overturned() {
    for by_deadline in [false, true] {
        disputed_from_stake(|stake| {
            let free = Balances::free_balance(member(0));
            if by_deadline {
                skip(4);
                assert_ok!(lapse(0, 0));
            } else {
                assert_ok!(resolve(&arbiter(), 0, false));
            }
            assert_eq!(held(HoldReason::Stake, &member(0)), stake);
            assert_eq!(Balances::free_balance(member(0)), free);
            let account = member(0);
            let overturned = Event::OffenceOverturned {
                federation: 0,
                round: 0,
                account,
                returned: 0,
                by_deadline,
            };
            assert_eq!(events().last(), Some(&overturned));
        });
    }
}

#[test]
fn bond_from_stake_is_made_of_unbonding_stake_last() {
    disputed_from_stake(|stake| {
        let amount = stake;
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount }));
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_eq!((participant(0).active, chunks(0)[0].0), (0, stake - BOND));
    });
}

#[test]
fn attester_that_loses_a_part_of_its_stake_has_to_register_again() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        let rest = Balances::free_balance(member(0)) - EXISTENTIAL_DEPOSIT - BOND + 1;
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: rest }));
        assert_ok!(register(0));
        assert_ok!(open_round());
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        assert_eq!(attester(0).and_then(|found| found.leaves), None);
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_eq!(attester(0).and_then(|found| found.leaves), Some(1));
    });
}

#[test]
fn bond_from_stake_is_what_other_offences_left() {
    let cap = |terms: &mut Terms| {
        terms.min_stake = 50;
        terms.slash.cap = percent(80);
        terms.slash.equivocation = percent(80);
    };
    ExtBuilder::default().terms(cap).members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(open_round());
        assert_ok!(report_two(2, 1, 0));
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 1 }));
        assert_ok!(open_round());
        assert_ok!(report_two(2, 2, 0));
        let value = Balances::free_balance(member(0)) - BOND;
        let all = pallet_balances::Call::transfer_keep_alive { dest: stranger(), value };
        let origin = RuntimeOrigin::signed(member(0));
        assert_ok!(Dispatchable::dispatch(RuntimeCall::from(all), origin));
        let object = |round| send(&member(0), Call::dispute { federation: 0, round });
        assert_ok!(object(2));
        skip(3);
        // 400 of 500, then the other 100.
        assert_ok!(execute(0, 0));
        assert_ok!(execute(1, 0));
        let (account, uphold) = (member(0), true);
        let resolve = Call::resolve { federation: 0, round: 2, account, uphold };
        assert_ok!(send(&arbiter(), resolve));
        let upheld =
            Event::OffenceUpheld { federation: 0, round: 2, account: member(0), burned: 0 };
        assert_eq!(events().last(), Some(&upheld));
        assert_ok!(execute(2, 0));
    });
}
