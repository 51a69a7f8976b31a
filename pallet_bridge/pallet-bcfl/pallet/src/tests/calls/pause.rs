// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok, traits::Get};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{
    mock::{successors::*, *},
    *,
};

fn pause(who: &AccountId32, until: BlockNumber) -> DispatchResult {
    send(who, Call::pause { federation: 0, until })
}

#[test]
fn success_makes_the_time_without_a_round_count_later() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(open_round());
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
            assert_ok!(pause(&coordinator(), 200));
            assert_eq!(events().last(), Some(&Event::Paused { federation: 0, until: 200 }));
            skip_to(200 + IDLE);
            assert_noop!(take_over(0), Error::<Test>::TakeoverTooEarly);
            skip(1);
            assert_ok!(take_over(0));
        },
    );
}

#[test]
fn success_only_until_the_next_round() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(open_round());
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
            assert_ok!(pause(&coordinator(), 200));
            assert_ok!(open_round());
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 1 }));
            skip(IDLE + 1);
            assert_ok!(take_over(0));
        },
    );
}

#[test]
fn success_does_not_help_after_a_round_that_was_late() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(open_round());
            skip_to(round(0).settle_until + 1);
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
            assert_ok!(pause(&coordinator(), 200));
            assert_ok!(take_over(0));
            // Nor is it the next one's.
            assert_eq!(Offices::<Test>::get(0).and_then(|office| office.pause), None);
        },
    );
}

#[test]
fn fails_while_a_round_is_open() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(open_round());
            assert_noop!(pause(&coordinator(), 200), Error::<Test>::RoundInProgress);
        },
    );
}

#[test]
fn fails_for_too_long_a_time() {
    with_successors(
        1,
        |_| (),
        || {
            let most = System::block_number()
                + <<Test as Config>::MaxRetentionBlocks as Get<BlockNumber>>::get();
            assert_noop!(pause(&coordinator(), most + 1), Error::<Test>::PauseTooLong);
            assert_ok!(pause(&coordinator(), most));
        },
    );
}

#[test]
fn fails_for_others_and_without_successors() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(pause(&coordinator(), 9), Error::<Test>::NoSuccession);
        assert_noop!(pause(&stranger(), 9), Error::<Test>::NotCoordinator);
        let unknown = send(&coordinator(), Call::pause { federation: 9, until: 9 });
        assert_noop!(unknown, Error::<Test>::FederationNotFound);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(pause(&coordinator(), 9), Error::<Test>::FederationNotActive);
    });
}
