use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, Outcome::Accepted, *};

fn replace(who: &AccountId32) -> DispatchResult {
    send(who, Call::replace_coordinator { federation: 0, account: stranger() })
}

#[test]
fn success_by_the_coordinator_itself() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(replace(&coordinator()));
        let made = federation(0);
        assert_eq!((made.coordinator, made.founder), (stranger(), coordinator()));
        let replaced =
            Event::CoordinatorReplaced { federation: 0, old: coordinator(), new: stranger() };
        assert_eq!(events().last(), Some(&replaced));
        // The deposit stays the founder's.
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), DEPOSIT);
    });
}

#[test]
fn success_in_a_round_that_the_new_one_settles() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(replace(&coordinator()));
        let refused = settle(0, vec![verdict(0, Accepted)]);
        assert_noop!(refused, Error::<Test>::NotCoordinator);
        assert_ok!(settle_as_given(&stranger(), 0, vec![verdict(0, Accepted)]));
        assert_noop!(open_round(), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn success_by_the_council_forgives_the_failures_in_a_row() {
    let council_governs = |terms: &mut Terms| terms.governance = Governance::Council;
    ExtBuilder::default().terms(council_governs).members(1).round().build_and_execute(|| {
        skip_to(round(0).settle_until + 1);
        assert_ok!(send(&member(0), Call::abort { federation: 0, round: 0 }));
        assert_eq!(federation(0).failures_in_row, 1);
        assert_ok!(replace(&council()));
        assert_eq!((federation(0).failed_rounds, federation(0).failures_in_row), (1, 0));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(replace(&coordinator()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(replace(&coordinator()), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_the_governance() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [member(0), council(), stranger()] {
            assert_noop!(replace(&who), Error::<Test>::NotGovernance);
        }
    });
}
