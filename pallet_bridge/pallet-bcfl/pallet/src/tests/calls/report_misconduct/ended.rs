// SPDX-License-Identifier: Apache-2.0
//! Rounds that have ended, and what comes after.

use super::*;

/// Settle round 0 by a list in which member 0 is rejected for its first and last time.
fn settled_with_an_offence() {
    skip_to(7);
    let verdicts = vec![verdict(0, Rejected), verdict(1, Accepted), verdict(2, Accepted)];
    assert_ok!(settle(0, verdicts));
    assert_eq!(offence(0, 0).map(|offence| offence.kind), Some(OffenceKind::Outlier));
}

#[test]
fn success_for_a_settled_round_voids_it() {
    scene(
        |terms| terms.strikes_to_slash = 1,
        || {
            settled_with_an_offence();
            assert_eq!(federation(0).model, Some(MODEL));
            assert_ok!(report(other_model()));
            assert_eq!(round(0).state, RoundState::Voided);
            let after = federation(0);
            assert_eq!((after.owed, after.failed_rounds), (300, 1));
            // The next round starts from where this one did.
            assert_eq!(after.model, Some(round(0).base_model));
            let voided =
                Event::RoundVoided { federation: 0, round: 0, who: stranger(), released: 300 };
            assert_eq!(events().last(), Some(&voided));
            // Rewards are not paid: a part of the bond is, to the rejected too.
            skip(5);
            assert_ok!(claim(1, &[0]));
            assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 100);
            // The streak that it ended costs nothing, and is called off by anyone.
            assert_noop!(execute(0, 0), Error::<Test>::RoundVoided);
            assert_ok!(lapse(0, 0));
            assert_eq!((participant(0).pending_offences, participant(0).offences), (0, 0));
            assert_ok!(claim(0, &[0]));
        },
    );
}

#[test]
fn upheld_streak_waits_until_its_settlement_is_beyond_reports() {
    scene(
        |terms| terms.strikes_to_slash = 1,
        || {
            settled_with_an_offence();
            assert_ok!(dispute(0, 0));
            assert_ok!(resolve(&arbiter(), 0, true));
            assert_noop!(execute(0, 0), Error::<Test>::DisputeWindowOpen);
            assert_ok!(report(other_model()));
            skip(5);
            assert_noop!(execute(0, 0), Error::<Test>::RoundVoided);
            assert_ok!(lapse(0, 0));
            assert_eq!(participant(0).active, STAKE);
        },
    );
}

/// What is not claimed until a federation is closed is its founder's, and no debt.
#[test]
fn compensation_in_a_federation_that_closes() {
    scene(
        |_| {},
        || {
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
            assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
            assert_ok!(report(other_model()));
            assert_ok!(claim(1, &[0]));
            let FederationState::Closing { ends } = federation(0).state else { panic!("closing") };
            skip_to(ends);
            for index in 0..3 {
                let account = member(index);
                assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
            }
            assert_ok!(claim(0, &[0]));
            assert_ok!(send(&stranger(), Call::close { federation: 0 }));
            assert_noop!(claim(2, &[0]), Error::<Test>::FederationNotActive);
            assert_ok!(send(&stranger(), Call::expire { federation: 0, round: 0 }));
            assert_eq!(federation(0).owed, 0);
            assert_ok!(send(&coordinator(), Call::withdraw_bond { federation: 0 }));
            assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 0);
        },
    );
}

/// A round under old terms costs what they say, whatever the new ones are.
#[test]
fn terms_of_the_round_say_what_it_costs() {
    scene(
        |_| {},
        || {
            let version = round(0).terms_version;
            FederationTerms::<Test>::mutate(0, version + 1, |later| {
                *later = FederationTerms::<Test>::get(0, version);
                later.as_mut().expect("there").misconduct = percent(1);
            });
            Federations::<Test>::mutate(0, |found| {
                found.as_mut().expect("there").terms_version = version + 1;
            });
            assert_ok!(report(other_model()));
            assert_eq!(bond(), Some(200));
        },
    );
}

#[test]
fn success_for_an_aborted_round() {
    scene(
        |_| {},
        || {
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
            assert_ok!(report(other_model()));
            assert_eq!((round(0).state, federation(0).failed_rounds), (RoundState::Aborted, 1));
            assert_ok!(claim(0, &[0]));
        },
    );
}

#[test]
fn later_round_keeps_its_model() {
    scene(
        |_| {},
        || {
            skip_to(7);
            assert_ok!(settle(0, vec![verdict(1, Accepted)]));
            assert_ok!(open_round());
            Federations::<Test>::mutate(0, |found| {
                // As if round 1 were settled.
                found.as_mut().expect("there").model = Some(hash(0x42));
            });
            assert_ok!(report(other_model()));
            assert_eq!(federation(0).model, Some(hash(0x42)));
        },
    );
}
