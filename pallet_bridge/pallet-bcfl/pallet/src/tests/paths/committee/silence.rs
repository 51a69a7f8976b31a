// SPDX-License-Identifier: Apache-2.0
//! What silence costs, and whom.

use super::*;

/// After the deadline of round 0 anyone ends it. Returns the coordinator's failures.
fn failures_by_deadline() -> u32 {
    skip_to(13);
    assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
    federation(0).failed_rounds
}

#[test]
fn silence_of_the_committee_is_not_the_coordinators_failure() {
    with_committee(full, || assert_eq!(failures_by_deadline(), 0));
    let flexible = |terms: &mut Terms| terms.coupling = Coupling::Flexible;
    with_committee(flexible, || {
        assert_ok!(attest(0, 2, statement(0, ROOT), 1));
        assert_eq!(failures_by_deadline(), 0);
    });
}

#[test]
fn what_silence_did_not_keep_from_its_quorum_is_the_coordinators_failure() {
    // It needs nobody's word.
    with_committee(|_| {}, || assert_eq!(failures_by_deadline(), 1));
    // The quorum is there.
    with_committee(full, || {
        for index in [0, 2] {
            assert_ok!(attest(0, index, statement(0, ROOT), 1));
        }
        assert_eq!(failures_by_deadline(), 1);
    });
    // Two abstain: the silent one could not make it.
    with_committee(full, || {
        for index in [0, 1] {
            assert_ok!(attest(0, index, Default::default(), 1));
        }
        assert_eq!(failures_by_deadline(), 1);
    });
    // All say something else.
    with_committee(full, || {
        for index in 0..3 {
            assert_ok!(attest(0, index, statement(0, hash(index)), 1));
        }
        assert_eq!(failures_by_deadline(), 1);
    });
    // Nobody sits.
    ExtBuilder::default().terms(full).members(3).build_and_execute(|| {
        next_sealed();
        assert_eq!(failures_by_deadline(), 1);
    });
}

fn silence_costs(terms: &mut Terms) {
    full(terms);
    terms.silence = percent(15);
}

#[test]
fn silent_seat_that_signed_the_terms_pays() {
    with_committee(silence_costs, || {
        assert_ok!(attest(0, 1, statement(0, ROOT), 1));
        assert_ok!(attest(0, 2, Default::default(), 1));
        // The one that is silent would have made it two of three.
        assert_eq!(failures_by_deadline(), 0);
        let silent = Offence {
            kind: OffenceKind::Silence,
            stake: 500,
            amount: 75,
            executable_at: 16,
            reporter: None,
            state: OffenceState::Pending,
        };
        assert_eq!([0, 1, 2].map(|index| offence(0, index)), [Some(silent), None, None]);
        assert_eq!((round(0).pending_offences, participant(0).pending_offences), (1, 1));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(participant(0).active, 425);
    });
}

#[test]
fn silence_in_a_settled_round_is_noted_once() {
    let loose = |terms: &mut Terms| terms.silence = percent(12);
    with_committee(loose, || {
        finish(0);
        skip(11);
        for round in 1..4 {
            assert_ok!(open_round());
            assert_ok!(send(&coordinator(), Call::abort { federation: 0, round }));
        }
        assert_eq!(offence(0, 1).map(|silent| silent.amount), Some(72));
        assert_eq!(round(0).pending_offences, 3);
        assert_eq!((round(1).pending_offences, participant(1).offences), (0, 1));
    });
}

#[test]
fn silence_of_the_suspended_is_none() {
    with_committee(silence_costs, || {
        assert_ok!(report_two(30, 0, 0));
        assert_eq!(failures_by_deadline(), 0);
        assert_eq!(offence(0, 0).map(|it| it.kind), Some(OffenceKind::Equivocation));
        next_sealed_by(&[1, 2]);
        skip(11);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 1 }));
        assert_eq!(offence(1, 0), None);
    });
}

/// Open a round that these commit in, as far as they may.
fn next_sealed_by(members: &[u8]) {
    let number = federation(0).next_round;
    assert_ok!(open_round());
    for index in members {
        let _ = commit(number, *index);
    }
}

#[test]
fn silence_in_a_round_without_commitments_is_none() {
    with_committee(silence_costs, || {
        abort(0);
        skip(1);
        assert_ok!(open_round());
        skip(11);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 1 }));
        assert_eq!((offence(1, 0), offence(1, 1)), (None, None));
        assert_eq!(attester(0).map(|attester| attester.missed), Some(1));
    });
}

/// Terms that a seat never signed cost it nothing.
#[test]
fn silence_under_terms_that_nobody_signed_is_none() {
    with_committee(silence_costs, || {
        let version = round(0).terms_version;
        Participants::<Test>::mutate(0, member(1), |member| {
            member.as_mut().expect("there").terms_version = version - 1;
        });
        failures_by_deadline();
        assert!(offence(0, 0).is_some() && offence(0, 1).is_none() && offence(0, 2).is_some());
    });
}

/// Who resigned and unbonded sits as long as the seed draws it: its stake stays for the round, and
/// silence costs of it.
#[test]
fn silence_reaches_stake_on_its_way_out() {
    with_committee(silence_costs, || {
        for index in 0..3 {
            assert_ok!(attest(0, index, statement(0, ROOT), 1));
        }
        finish(0);
        assert_ok!(resign(2));
        let amount = participant(2).active;
        assert_ok!(send(&member(2), Call::unbond { federation: 0, amount }));
        let before = chunks(2)[0].1;
        skip_to(before - 2);
        assert_ok!(open_round());
        assert!(seated(1).contains(&2));
        let (_, until) = chunks(2)[0];
        assert_eq!(until, participant(2).liable_until + 1);
        assert!(until > before);
        for index in [0, 1] {
            assert_ok!(commit(1, index));
        }
        skip_to(round(1).settle_until + 1);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 1 }));
        let silent = offence(1, 2).expect("silence is an offence");
        assert_eq!((silent.kind, silent.amount), (OffenceKind::Silence, amount * 15 / 100));
        skip(4);
        assert_ok!(execute(1, 2));
        assert_eq!(chunks(2)[0].0, amount - amount * 15 / 100);
    });
}

/// A coordinator that calls one round after the other off keeps nobody's stake for ever.
#[test]
fn committee_that_sits_again_keeps_no_stake() {
    with_committee(silence_costs, || {
        for index in 0..3 {
            assert_ok!(attest(0, index, statement(0, ROOT), 1));
        }
        finish(0);
        assert_ok!(resign(2));
        let amount = participant(2).active;
        assert_ok!(send(&member(2), Call::unbond { federation: 0, amount }));
        let mut until = None;
        for number in 1..4 {
            assert_ok!(open_round());
            assert!(seated(number).contains(&2));
            assert_eq!(*until.get_or_insert(chunks(2)[0].1), chunks(2)[0].1);
            skip(2);
            abort(number);
        }
    });
}
