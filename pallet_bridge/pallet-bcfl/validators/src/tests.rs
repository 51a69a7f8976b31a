// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{mock::*, Error, Event, Validators};

fn add(validator: Account) -> Result<(), DispatchError> {
    ValidatorSet::add_validator(RuntimeOrigin::root(), validator)
}

fn remove(validator: Account) -> Result<(), DispatchError> {
    ValidatorSet::remove_validator(RuntimeOrigin::root(), validator)
}

fn list() -> Vec<Account> {
    Validators::<Test>::get().into_inner()
}

fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

#[test]
fn the_list_starts_as_the_session_s() {
    new_test_ext().execute_with(|| {
        assert_eq!(list(), [1, 2, 3]);
        assert_eq!(Session::validators(), [1, 2, 3]);
    });
}

#[test]
fn added_validator_is_in_force_after_the_next_session() {
    new_test_ext().execute_with(|| {
        assert_ok!(add(4));
        assert_eq!(list(), [1, 2, 3, 4]);
        assert_eq!(events(), [Event::ValidatorAdded { validator: 4 }]);
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3]);
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
    });
}

#[test]
fn removed_validator_leaves_after_the_next_session() {
    new_test_ext().execute_with(|| {
        assert_ok!(remove(1));
        assert_eq!(list(), [2, 3]);
        assert_eq!(events(), [Event::ValidatorRemoved { validator: 1 }]);
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3]);
        next_session();
        assert_eq!(Session::validators(), [2, 3]);
    });
}

#[test]
fn change_that_is_taken_back_changes_one_session() {
    new_test_ext().execute_with(|| {
        assert_ok!(add(4));
        next_session();
        assert_ok!(remove(4));
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3]);
    });
}

#[test]
fn a_set_that_stays_is_not_queued_again() {
    new_test_ext().execute_with(|| {
        next_session();
        next_session();
        let queued = RuntimeEvent::Session(pallet_session::Event::NewQueued);
        assert!(System::events().iter().all(|record| record.event != queued));
    });
}

#[test]
fn validator_without_keys_is_left_out_and_comes_back_with_new_ones() {
    new_test_ext().execute_with(|| {
        assert_ok!(Session::purge_keys(RuntimeOrigin::signed(3)));
        next_session();
        next_session();
        assert_eq!(Session::validators(), [1, 2]);
        assert_eq!(list(), [1, 2, 3]);
        pallet_session::NextKeys::<Test>::insert(3, Keys::from(33));
        next_session();
        next_session();
        assert_eq!(Session::validators(), [1, 2, 3]);
    });
}

#[test]
fn set_in_force_stays_when_nobody_has_keys() {
    new_test_ext().execute_with(|| {
        for account in 1..=3 {
            assert_ok!(Session::purge_keys(RuntimeOrigin::signed(account)));
        }
        next_session();
        // The session has nobody to queue, and says that nothing changed: no handler is told.
        assert!(!pallet_session::QueuedChanged::<Test>::get());
        assert_eq!(list(), [1, 2, 3]);
    });
}

#[test]
fn add_fails_for_others_than_the_origin() {
    new_test_ext().execute_with(|| {
        let answer = ValidatorSet::add_validator(RuntimeOrigin::signed(1), 4);
        assert_noop!(answer, DispatchError::BadOrigin);
    });
}

#[test]
fn add_fails_for_validator() {
    new_test_ext().execute_with(|| {
        assert_noop!(add(1), Error::<Test>::AlreadyValidator);
    });
}

#[test]
fn add_fails_without_session_keys() {
    new_test_ext().execute_with(|| {
        assert_noop!(add(5), Error::<Test>::NoSessionKeys);
    });
}

#[test]
fn add_fails_for_full_list() {
    new_test_ext().execute_with(|| {
        assert_ok!(add(4));
        pallet_session::NextKeys::<Test>::insert(5, Keys::from(5));
        assert_noop!(add(5), Error::<Test>::TooManyValidators);
    });
}

#[test]
fn remove_fails_for_others_than_the_origin() {
    new_test_ext().execute_with(|| {
        let answer = ValidatorSet::remove_validator(RuntimeOrigin::signed(1), 1);
        assert_noop!(answer, DispatchError::BadOrigin);
    });
}

#[test]
fn remove_fails_for_unknown_account() {
    new_test_ext().execute_with(|| {
        assert_noop!(remove(4), Error::<Test>::NotValidator);
    });
}

#[test]
fn remove_fails_below_the_minimum() {
    new_test_ext().execute_with(|| {
        assert_ok!(remove(1));
        assert_noop!(remove(2), Error::<Test>::TooFewValidators);
    });
}
