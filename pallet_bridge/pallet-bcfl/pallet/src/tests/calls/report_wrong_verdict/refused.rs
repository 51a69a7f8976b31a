// SPDX-License-Identifier: Apache-2.0
//! When a settlement stands.

use super::*;

fn stands() {
    assert_noop!(report(), Error::<Test>::NotRefuted);
    assert_eq!(round(0).state, RoundState::Settled);
}

#[test]
fn nothing_to_refute() {
    scene(
        |_| {},
        || {
            let call = Call::report_wrong_verdict { federation: 7, round: 0 };
            assert_noop!(send(&stranger(), call), Error::<Test>::FederationNotFound);
            let call = Call::report_wrong_verdict { federation: 0, round: 7 };
            assert_noop!(send(&stranger(), call), Error::<Test>::RoundNotFound);
            assert_noop!(report(), Error::<Test>::RoundNotSettled);
        },
    );
}

#[test]
fn once() {
    settled(
        |_| {},
        || {
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            assert_ok!(report());
            assert_noop!(report(), Error::<Test>::RoundVoided);
            assert_noop!(refute(2), Error::<Test>::RoundNotOpen);
        },
    );
}

#[test]
fn without_a_committee() {
    scene(
        |terms| terms.committee_size = 0,
        || {
            assert_ok!(settle_root(0));
            stands();
        },
    );
}

#[test]
fn half_of_the_votes() {
    settled(
        |terms| {
            terms.committee_size = 2;
            terms.attest_quorum = percent(50);
        },
        || {
            assert_ok!(refute(1));
            stands();
            assert_ok!(refute(2));
            assert_ok!(report());
        },
    );
}

#[test]
fn half_of_the_stake() {
    settled(
        |terms| {
            terms.attest_by = Tally::Stake;
            terms.attest_quorum = percent(10);
        },
        || {
            // 900 of 1800, as if member 2 had 900: exactly a half.
            Committees::<Test>::mutate(0, 0, |seats| {
                for seat in seats.as_mut().expect("a committee").iter_mut() {
                    seat.weight = if seat.account == member(2) { 900 } else { 450 };
                }
            });
            assert_ok!(refute(2));
            stands();
            assert_ok!(refute(0));
            assert_ok!(report());
        },
    );
}

#[test]
fn silent_seats_count_in_the_whole() {
    settled(
        |terms| terms.attest_quorum = percent(10),
        || {
            assert_ok!(refute(0));
            stands();
        },
    );
}

#[test]
fn more_than_half_and_less_than_the_quorum() {
    settled(
        |terms| terms.attest_quorum = percent(70),
        || {
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            stands();
            assert_ok!(refute(2));
            assert_ok!(report());
        },
    );
}

#[test]
fn two_of_three_with_too_little_stake() {
    settled(
        |terms| {
            terms.attest_by = Tally::Stake;
            terms.attest_quorum = percent(62);
        },
        || {
            // 1100 of 1800.
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            stands();
        },
    );
}

#[test]
fn a_seat_that_said_both() {
    settled(
        |_| {},
        || {
            assert_ok!(attest(0, 0, statement(0, ROOT), 1));
            skip_to(settlement(0).dispute_until);
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            let kind = offence(0, 0).map(|found| found.kind);
            assert_eq!(kind, Some(OffenceKind::AttesterEquivocation));
            stands();
        },
    );
}

#[test]
fn a_refutation_of_another_settlement() {
    settled(
        |_| {},
        || {
            for index in 0..3 {
                assert_ok!(attest(0, index, refutation(0, hash(5)), 1));
            }
            stands();
        },
    );
}

#[test]
fn too_late() {
    settled(
        |_| {},
        || {
            assert_ok!(refute(0));
            assert_ok!(refute(1));
            skip_to(settlement(0).dispute_until + 1);
            assert_noop!(report(), Error::<Test>::ReportWindowClosed);
        },
    );
}
