// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{
    mock::committee::{dispute, report_two},
    mock::*,
    *,
};

fn execute(round: RoundId) -> DispatchResult {
    send(&stranger(), Call::execute_slash { federation: 0, round, account: member(0) })
}

fn unbond(amount: Balance) {
    assert_ok!(send(&member(0), Call::unbond { federation: 0, amount }));
}

fn scene() -> ExtBuilder {
    ExtBuilder::default().members(1).round()
}

#[test]
fn success() {
    scene().build_and_execute(|| {
        equivocate(0);
        let issuance = Balances::total_issuance();
        skip(3);
        assert_ok!(execute(0));
        assert_eq!(Balances::total_issuance(), issuance - 250);
        assert_eq!(held(HoldReason::Stake, &member(0)), 250);
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE);
        assert_eq!((participant(0).active, participant(0).pending_offences), (250, 0));
        assert_eq!(offence(0, 0).map(|offence| offence.state), Some(OffenceState::Executed));
        assert_eq!(participant(0).suspended_until, 4 + 4);
        let slashed = Event::Slashed {
            federation: 0,
            round: 0,
            account: member(0),
            kind: OffenceKind::Equivocation,
            amount: 250,
            burned: 250,
            shared: 0,
            reporter: None,
            forfeited: 0,
        };
        assert_eq!(events().last(), Some(&slashed));
    });
}

#[test]
fn success_takes_active_stake_then_the_oldest_chunk() {
    scene().build_and_execute(|| {
        unbond(100);
        skip(1);
        unbond(200);
        equivocate(0);
        skip(3);
        assert_ok!(execute(0));
        // Half of 500: all 200 active, 50 of the oldest 100.
        assert_eq!(participant(0).active, 0);
        assert_eq!(chunks(0), [(50, 18), (200, 19)]);
    });
}

#[test]
fn success_takes_what_is_left() {
    let change = |terms: &mut Terms| {
        terms.slash.cap = percent(80);
        terms.slash.equivocation = percent(80);
    };
    ExtBuilder::default().terms(change).members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(open_round());
        assert_ok!(report_two(1, 1, 0));
        skip(3);
        // Both ask for 400 of 500: the second finds 100.
        assert_ok!(execute(0));
        assert_ok!(execute(1));
        let slashed = Event::Slashed {
            federation: 0,
            round: 1,
            account: member(0),
            kind: OffenceKind::Equivocation,
            amount: 400,
            burned: 100,
            shared: 0,
            reporter: None,
            forfeited: 0,
        };
        assert_eq!(events().last(), Some(&slashed));
        assert_eq!(held(HoldReason::Stake, &member(0)), 0);
    });
}

#[test]
fn success_for_an_amount_of_nothing() {
    let free = |terms: &mut Terms| terms.slash.equivocation = percent(0);
    ExtBuilder::default().terms(free).members(1).round().build_and_execute(|| {
        equivocate(0);
        skip(3);
        assert_ok!(execute(0));
        assert_eq!(participant(0).pending_offences, 0);
    });
}

#[test]
fn success_after_the_federation_closes() {
    scene().build_and_execute(|| {
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(20);
        assert_ok!(execute(0));
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account: member(0) }));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(execute(0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_without_offence() {
    scene().build_and_execute(|| {
        assert_noop!(execute(0), Error::<Test>::OffenceNotFound);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene().build_and_execute(|| {
        assert_noop!(execute(1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_in_the_dispute_window() {
    scene().build_and_execute(|| {
        equivocate(0);
        skip(2);
        assert_noop!(execute(0), Error::<Test>::DisputeWindowOpen);
    });
}

#[test]
fn fails_while_it_is_disputed() {
    scene().build_and_execute(|| {
        equivocate(0);
        assert_ok!(dispute(0, 0));
        skip(3);
        assert_noop!(execute(0), Error::<Test>::DisputeOpen);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene().build_and_execute(|| {
        equivocate(0);
        skip(3);
        assert_ok!(execute(0));
        assert_noop!(execute(0), Error::<Test>::OffenceNotFound);
    });
}
