// SPDX-License-Identifier: Apache-2.0

mod refused;

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::committee::*, mock::*, *};

/// Three seats with weights of 500, 600 and 700, in a round whose coordinator has a bond of 800: 600
/// of it are at stake.
fn scene(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    let change = |terms: &mut Terms| {
        terms.coordinator_bond = 800;
        terms.misconduct = percent(75);
        change(terms);
    };
    with_committee(change, test);
}

/// The same, settled by a root.
fn settled(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    scene(change, || {
        assert_ok!(settle_root(0));
        test();
    });
}

fn report() -> DispatchResult {
    send(&stranger(), Call::report_wrong_verdict { federation: 0, round: 0 })
}

fn refute(index: u8) -> DispatchResult {
    attest(0, index, refutation(0, ROOT), 1)
}

#[test]
fn success() {
    settled(
        |_| {},
        || {
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            let failed = federation(0).failed_rounds;
            assert_ok!(report());
            assert_eq!(round(0).state, RoundState::Voided);
            // 600 are taken: 100 for each commitment, the rest burned. Nobody gets a share.
            let refuted = Event::RoundRefuted {
                federation: 0,
                round: 0,
                model: MODEL,
                report: REPORT,
                root: ROOT,
            };
            let proved = Event::MisconductProved {
                federation: 0,
                round: 0,
                coordinator: coordinator(),
                taken: 600,
                burned: 300,
                shared: 0,
                compensation: 300,
                reporter: None,
            };
            let voided =
                Event::RoundVoided { federation: 0, round: 0, who: stranger(), released: 300 };
            assert_eq!(events()[events().len() - 3..], [refuted, proved, voided]);
            assert_eq!(Balances::free_balance(stranger()), ENDOWMENT);
            let after = federation(0);
            assert_eq!((after.owed, after.failed_rounds), (300, failed + 1));
            assert_eq!(after.model, Some(round(0).base_model));
            // Nobody attested it, so nobody else pays. Who was harmed is paid.
            assert_eq!(round(0).pending_offences, 0);
            assert_ok!(claim(1, &[0]));
        },
    );
}

#[test]
fn success_of_a_list() {
    let list = || (0..3).map(|index| verdict(index, Outcome::Rejected)).collect();
    scene(
        |_| {},
        || {
            assert_ok!(settle(0, list()));
            let settled = settlement(0);
            let (_, refuted) = Bcfl::words_on((0, 0), &round(0), &settled);
            for index in [0, 1] {
                assert_ok!(attest(0, index, refuted, 1));
            }
            assert_eq!((participant(1).strikes, participant(1).struck.to_vec()), (1, vec![0]));
            assert_ok!(report());
            assert_eq!((settlement(0).unpaid, federation(0).owed), (0, 300));
            // What the list gave at once is taken back.
            for index in 0..3 {
                assert_eq!((participant(index).strikes, participant(index).struck.len()), (0, 0));
                let (account, strikes) = (member(index), 0);
                assert!(events().contains(&Event::StrikeForgiven {
                    federation: 0,
                    round: 0,
                    account,
                    strikes
                }));
            }
        },
    );
}

#[test]
fn who_attested_it_pays() {
    settled(
        |_| {},
        || {
            assert_ok!(attest(0, 2, statement(0, ROOT), 1));
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
            let found = offence(0, 2).expect("an offence");
            // Half of the stake of 700, as for two statements.
            assert_eq!((found.kind, found.amount), (OffenceKind::FalseAttestation, 350));
            assert_eq!((found.reporter, found.executable_at), (None, System::block_number() + 3));
            assert_eq!((offence(0, 0), offence(0, 1)), (None, None));
            // It does not lapse with what rested on the settlement.
            assert_noop!(lapse(0, 2), Error::<Test>::OffenceNotDisputed);
            assert_noop!(execute(0, 2), Error::<Test>::DisputeWindowOpen);
            skip(3);
            assert_ok!(execute(0, 2));
            assert_eq!(participant(2).active, 350);
            assert!(attester(2).is_some_and(|found| found.leaves.is_some()));
        },
    );
}

#[test]
fn who_attested_it_may_object() {
    settled(
        |_| {},
        || {
            assert_ok!(attest(0, 2, statement(0, ROOT), 1));
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
            assert_ok!(dispute(0, 2));
            assert_ok!(resolve(&arbiter(), 2, false));
            assert_eq!(offence(0, 2).map(|found| found.state), Some(OffenceState::Overturned));
            assert_eq!(participant(2).pending_offences, 0);
        },
    );
}

#[test]
fn what_rested_on_the_settlement_shields_nobody() {
    settled(
        |terms| terms.attest_quorum = percent(30),
        || {
            // A mismatch of member 2, seen by itself: a mild offence that goes with the settlement.
            let mut member = participant(2);
            let mut record = round(0);
            let (account, terms) = (account(12), terms());
            let kind = OffenceKind::Mismatch;
            let place = (0, 0);
            let is_new =
                Bcfl::record_offence(place, &mut record, &account, &mut member, kind, None, &terms);
            assert_ok!(is_new, true);
            Rounds::<Test>::insert(0, 0, record);
            Participants::<Test>::insert(0, &account, member);
            let said = statement(0, ROOT);
            Committees::<Test>::mutate(0, 0, |seats| {
                let seats = seats.as_mut().expect("a committee");
                let seat = seats.iter_mut().find(|seat| seat.account == account);
                seat.expect("a seat").said = Some(said);
            });
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
            let found = offence(0, 2).expect("an offence");
            assert_eq!(found.kind, OffenceKind::FalseAttestation);
            assert_eq!((participant(2).pending_offences, round(0).pending_offences), (1, 1));
        },
    );
}

#[test]
fn a_refutation_comes_until_the_end_of_the_dispute_window() {
    scene(
        |_| {},
        || {
            skip_to(round(0).settle_until);
            assert_ok!(settle_root(0));
            skip_to(settlement(0).dispute_until);
            let other = attest(0, 0, statement(0, ROOT), 1);
            assert_eq!(other, Err(Error::<Test>::SettleWindowClosed.into()));
            let of_another = attest(0, 0, refutation(0, hash(5)), 1);
            assert_eq!(of_another, Err(Error::<Test>::SettleWindowClosed.into()));
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
        },
    );
}

#[test]
fn an_abstention_may_be_followed_by_a_refutation() {
    settled(
        |terms| terms.silence = percent(10),
        || {
            for index in [0, 1] {
                assert_ok!(attest(0, index, Default::default(), 1));
                // It is no second reveal: the preimage is not looked at.
                assert_ok!(attest(0, index, refutation(0, ROOT), 9));
            }
            assert_ok!(report());
            assert_eq!((offence(0, 0), offence(0, 1)), (None, None));
        },
    );
}

#[test]
fn who_is_slow_is_not_silent() {
    // The next round opens after the time to speak, and in the time to refute.
    scene(
        |terms| {
            terms.silence = percent(10);
            terms.attest_quorum = percent(100);
        },
        || {
            skip_to(round(0).settle_until);
            assert_ok!(settle_root(0));
            skip(1);
            assert_ok!(refute(0));
            assert_ok!(open_round());
            assert_eq!(offence(0, 0), None);
            // Silence is what it was before: until the time to settle is over. To refute stays open.
            let silent = offence(0, 1).map(|found| found.kind);
            assert_eq!(silent, Some(OffenceKind::Silence));
        },
    );
}

#[test]
fn what_a_seat_settled_takes_no_bond() {
    scene(
        |terms| {
            terms.coupling = Coupling::Full;
            terms.attest_quorum = percent(30);
        },
        || {
            assert_ok!(attest(0, 2, statement(0, ROOT), 1));
            assert_ok!(settle_root_as_given(&member(2), 0, ROOT, all_accepted()));
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
            assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 800);
            assert_eq!(round(0).state, RoundState::Voided);
            let kind = offence(0, 2).map(|found| found.kind);
            assert_eq!(kind, Some(OffenceKind::FalseAttestation));
        },
    );
}
