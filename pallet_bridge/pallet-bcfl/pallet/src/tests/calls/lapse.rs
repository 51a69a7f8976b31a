// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(report_two(2, 0, 0));
        test();
    });
}

#[test]
fn success() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        skip(4);
        assert_ok!(lapse(0, 0));
        assert_eq!(offence(0, 0).map(|found| found.state), Some(OffenceState::Overturned));
        assert_eq!(held(HoldReason::DisputeBond, &member(0)), 0);
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE);
        assert_eq!(participant(0).active, STAKE);
        assert!(!participant(0).is_suspended(System::block_number()));
        let overturned = Event::OffenceOverturned {
            federation: 0,
            round: 0,
            account: member(0),
            returned: BOND,
            by_deadline: true,
        };
        assert_eq!(events().last(), Some(&overturned));
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(|| {
        let account = member(0);
        let lapse = |federation, round| {
            send(&stranger(), Call::lapse { federation, round, account: account.clone() })
        };
        assert_noop!(lapse(1, 0), Error::<Test>::FederationNotFound);
        assert_noop!(lapse(0, 1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_without_offence() {
    scene(|| {
        assert_noop!(lapse(0, 1), Error::<Test>::OffenceNotFound);
    });
}

#[test]
fn fails_without_dispute() {
    scene(|| {
        skip(20);
        assert_noop!(lapse(0, 0), Error::<Test>::OffenceNotDisputed);
    });
}

#[test]
fn fails_until_the_deadline_is_over() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        skip(3);
        assert_noop!(lapse(0, 0), Error::<Test>::DisputeOpen);
    });
}

#[test]
fn fails_once_it_was_upheld() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        assert_ok!(resolve(&arbiter(), 0, true));
        skip(20);
        assert_noop!(lapse(0, 0), Error::<Test>::OffenceNotDisputed);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        assert_ok!(dispute(0, 0));
        skip(4);
        assert_ok!(lapse(0, 0));
        assert_noop!(lapse(0, 0), Error::<Test>::OffenceNotFound);
    });
}
