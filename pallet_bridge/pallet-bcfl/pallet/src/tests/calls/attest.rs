// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::committee::*, mock::*, *};

fn scene(test: impl FnOnce()) {
    with_committee(|_| {}, test);
}

fn seat(round: RoundId, index: u8) -> Seat {
    let seats = Committees::<Test>::get(0, round).expect("a committee");
    seats.into_iter().find(|seat| seat.account == member(index)).expect("a seat")
}

#[test]
fn success() {
    scene(|| {
        let said = statement(0, ROOT);
        assert_ok!(attest(0, 0, said, 1));
        assert_eq!(seat(0, 0).said, Some(said));
        assert_eq!(attester(0).map(|attester| attester.tip), Some(link(0, 1)));
        let context = Bcfl::context((0, 0), &member(0));
        let seed = randomness::mix(sp_core::H256::zero(), &context, link(0, 1));
        let Federation { seed: stored, seed_at, seeded, .. } = federation(0);
        assert_eq!((stored, seed_at, seeded), (seed, 2, true));
        let account = member(0);
        let attested = Event::Attested { federation: 0, round: 0, account, statement: said };
        assert_eq!(events().last(), Some(&attested));
    });
}

#[test]
fn success_after_the_settlement() {
    scene(|| {
        assert_ok!(settle_root(0));
        skip_to(12);
        assert_ok!(attest(0, 0, statement(0, ROOT), 1));
        assert_eq!(attester(0).map(|attester| attester.missed), Some(0));
    });
}

#[test]
fn chain_goes_on_from_round_to_round() {
    scene(|| {
        assert_ok!(attest(0, 0, hash(9), 1));
        abort(0);
        skip(1);
        next_sealed();
        assert_noop!(attest(1, 0, hash(9), 1), Error::<Test>::WrongPreimage);
        assert_ok!(attest(1, 0, hash(9), 2));
        assert_eq!(federation(0).seed_at, 3);
    });
}

#[test]
fn abstention_counts_for_nothing_and_may_be_replaced() {
    scene(|| {
        let nothing = sp_core::H256::zero();
        assert_ok!(attest(0, 0, nothing, 1));
        assert!(!seat(0, 0).is_for(nothing));
        let seed = federation(0).seed;
        // No second reveal: the preimage is not looked at.
        assert_ok!(attest(0, 0, hash(9), 7));
        assert!(seat(0, 0).is_for(hash(9)));
        assert_eq!(federation(0).seed, seed);
        assert_noop!(attest(0, 0, nothing, 2), Error::<Test>::AlreadyAttested);
    });
}

#[test]
fn second_statement_is_an_offence() {
    scene(|| {
        assert_ok!(attest(0, 0, hash(8), 1));
        assert_ok!(attest(0, 0, hash(9), 2));
        let seat = seat(0, 0);
        assert!(!seat.is_for(hash(8)) && !seat.is_for(hash(9)));
        let offence = offence(0, 0).expect("an offence");
        assert_eq!(offence.kind, OffenceKind::AttesterEquivocation);
        assert_eq!((offence.amount, offence.reporter), (250, None));
        assert_eq!((participant(0).pending_offences, round(0).pending_offences), (1, 1));
        // The chain did not move: the second preimage revealed nothing.
        assert_eq!(attester(0).map(|attester| attester.tip), Some(link(0, 1)));
        assert_noop!(attest(0, 0, hash(7), 2), Error::<Test>::AlreadyAttested);
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(participant(0).active, 250);
        // What it registered with is gone.
        assert_eq!(attester(0).and_then(|attester| attester.leaves), Some(5));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene(|| {
        assert_noop!(attest(1, 0, hash(9), 1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_aborted_round() {
    scene(|| {
        abort(0);
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn fails_before_the_seal() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        assert_ok!(register(0));
        assert_ok!(open_round());
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::RoundNotSealed);
    });
}

#[test]
fn fails_after_the_deadline() {
    scene(|| {
        skip_to(13);
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::SettleWindowClosed);
    });
}

#[test]
fn fails_for_coordinator() {
    scene(|| {
        Federations::<Test>::mutate(0, |federation| {
            federation.as_mut().expect("there").coordinator = member(0);
        });
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::CoordinatorConflict);
    });
}

#[test]
fn fails_without_seat() {
    let one = |terms: &mut Terms| terms.committee_size = 1;
    with_committee(one, || {
        assert_eq!(seated(0), [2]);
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::NotSeated);
    });
}

#[test]
fn success_for_one_who_resigned_and_sits() {
    scene(|| {
        assert_ok!(resign(0));
        assert!(attester(0).is_some_and(|attester| attester.leaves == Some(2)));
        assert_ok!(attest(0, 0, hash(9), 1));
    });
}

#[test]
fn fails_for_one_who_is_no_attester_any_more() {
    scene(|| {
        Attesters::<Test>::remove(0, member(0));
        Federations::<Test>::mutate(0, |made| made.as_mut().expect("it is there").attesters -= 1);
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::NotAttester);
    });
}

#[test]
fn success_with_stake_on_its_way_out() {
    scene(|| {
        assert_ok!(resign(0));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(attest(0, 0, hash(9), 1));
    });
}

#[test]
fn fails_with_too_little_stake() {
    scene(|| {
        put_terms(|terms| terms.min_stake = STAKE + 1);
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::StakeTooLow);
        assert_ok!(attest(0, 1, hash(9), 1));
    });
}

#[test]
fn fails_for_suspended_member() {
    scene(|| {
        assert_ok!(report_two(2, 0, 0));
        assert_noop!(attest(0, 0, hash(9), 1), Error::<Test>::Suspended);
    });
}

#[test]
fn fails_for_the_same_statement_again() {
    scene(|| {
        assert_ok!(attest(0, 0, hash(9), 1));
        assert_noop!(attest(0, 0, hash(9), 2), Error::<Test>::AlreadyAttested);
    });
}

#[test]
fn fails_for_wrong_preimage() {
    scene(|| {
        for back in [0, 2, 12] {
            assert_noop!(attest(0, 0, hash(9), back), Error::<Test>::WrongPreimage);
        }
    });
}
