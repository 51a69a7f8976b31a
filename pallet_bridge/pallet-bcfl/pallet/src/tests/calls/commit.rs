// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, *};

#[test]
fn success() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip(5);
        assert_ok!(commit(0, 0));
        let stored = Commitments::<Test>::get((0, 0, member(0)));
        assert_eq!(stored, Some(Commitment::new(hash(0), 10, 6, STAKE)));
        assert_eq!(round(0).commitments, 1);
        let committed = Event::Committed {
            federation: 0,
            round: 0,
            account: member(0),
            commitment: hash(0),
            num_examples: 10,
        };
        assert_eq!(events().last(), Some(&committed));
    });
}

#[test]
fn success_and_seals_by_quorum() {
    ExtBuilder::default().members(4).round().build_and_execute(|| {
        for index in 0..3 {
            assert_eq!(round(0).sealed_at, None);
            assert_ok!(commit(0, index));
        }
        assert_eq!(round(0).sealed_at, Some(1));
        let sealed =
            Event::RoundSealed { federation: 0, round: 0, commitments: 3, stake: 3 * STAKE };
        assert_eq!(events().last(), Some(&sealed));
        assert_noop!(commit(0, 3), Error::<Test>::CommitWindowClosed);
    });
}

#[test]
fn success_without_quorum_until_the_window_ends() {
    let no_quorum = |terms: &mut Terms| terms.quorum = Quorum::Window;
    ExtBuilder::default().terms(no_quorum).members(4).round().build_and_execute(|| {
        for index in 0..4 {
            assert_ok!(commit(0, index));
        }
        assert_eq!(round(0).sealed_at, None);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(commit(0, 0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_unknown_round() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(commit(1, 0), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_ended_round() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_noop!(commit(0, 0), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn fails_after_the_window() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        skip(6);
        assert_noop!(commit(0, 0), Error::<Test>::CommitWindowClosed);
    });
}

#[test]
fn fails_for_stranger() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(commit(0, 1), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_for_second_commitment() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_noop!(commit(0, 0), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn fails_for_unbonded_stake() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(commit(0, 0), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_suspended_member() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(open_round());
        skip(2);
        assert_noop!(commit(1, 0), Error::<Test>::Suspended);
        skip(1);
        assert_noop!(commit(1, 0), Error::<Test>::Suspended);
        // The slash ends the wait and begins the cool-down of 4 blocks.
        assert_ok!(execute(0, 0));
        assert_noop!(commit(1, 0), Error::<Test>::Suspended);
        skip(4);
        assert_noop!(commit(1, 0), Error::<Test>::CommitWindowClosed);
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 1 }));
        assert_ok!(open_round());
        assert_ok!(commit(2, 0));
    });
}

#[test]
fn fails_until_the_cool_down_is_over() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        equivocate(0);
        skip(3);
        assert_ok!(execute(0, 0));
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        assert_ok!(open_round());
        skip(3);
        assert_noop!(commit(1, 0), Error::<Test>::Suspended);
        skip(1);
        assert_ok!(commit(1, 0));
    });
}

#[test]
fn success_and_seals_by_stake() {
    let by_stake = |terms: &mut Terms| terms.quorum = Quorum::Stake(2 * STAKE + 1);
    ExtBuilder::default().terms(by_stake).members(3).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(commit(0, 1));
        assert_eq!((round(0).sealed_at, round(0).committed_stake), (None, 2 * STAKE));
        assert_ok!(commit(0, 2));
        assert_eq!(round(0).sealed_at, Some(1));
    });
}

/// What member 0 would sign of round 0 were it bound to something else.
fn statement_with(change: impl FnOnce(&mut encoding::Binding)) -> sp_core::H256 {
    let mut binding = round(0).binding();
    change(&mut binding);
    let context = Bcfl::context((0, 0), &member(0));
    encoding::statement(&context, &binding, hash(0), 10).into()
}

#[test]
fn fails_for_a_statement_over_another_model_terms_or_coordinator() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        let others = [
            statement_with(|binding| binding.base_model = hash(0xbb)),
            statement_with(|binding| binding.terms_hash = hash(0x12)),
            statement_with(|binding| binding.coordinator = stranger()),
            // Of another account, over another hash, over another number of examples.
            statement_of(&member(1), (0, 0), hash(0)).into(),
            statement_of(&member(0), (0, 0), hash(1)).into(),
            Default::default(),
        ];
        for statement in others {
            let call = Call::commit {
                federation: 0,
                round: 0,
                commitment: hash(0),
                num_examples: 10,
                statement,
            };
            assert_noop!(send(&member(0), call), Error::<Test>::StatementDiffers);
        }
        assert_ok!(commit(0, 0));
    });
}

#[test]
fn consents_to_the_terms_of_the_round() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        // The round has newer terms than member 0 signed, with a longer exit: its own stays.
        Participants::<Test>::mutate(0, member(0), |member| {
            let member = member.as_mut().expect("there");
            (member.terms_version, member.exit_blocks) = (FIRST_TERMS - 1, 9);
        });
        skip(2);
        assert_ok!(commit(0, 0));
        let signed = participant(0);
        assert_eq!((signed.terms_version, signed.exit_blocks), (FIRST_TERMS, 9));
        // Settled by block 11, reported 3 blocks later, executed as many after.
        assert_eq!((signed.liable_until, round(0).settle_until), (17, 11));
        assert_eq!(participant(1).liable_until, 0);
    });
}

#[test]
fn fails_for_more_examples_than_the_terms_or_the_vouchers_allow() {
    let claim_of = |num_examples| {
        let context = Bcfl::context((0, 0), &member(0));
        let said = encoding::statement(&context, &round(0).binding(), hash(0), num_examples);
        let (commitment, statement) = (hash(0), said.into());
        Call::commit { federation: 0, round: 0, commitment, num_examples, statement }
    };
    let limited = |terms: &mut Terms| terms.max_examples = 640;
    ExtBuilder::default().terms(limited).members(1).round().build_and_execute(|| {
        assert_noop!(send(&member(0), claim_of(641)), Error::<Test>::TooManyExamples);
        Participants::<Test>::mutate(0, member(0), |member| {
            member.as_mut().expect("there").max_examples = 77;
        });
        assert_noop!(send(&member(0), claim_of(78)), Error::<Test>::TooManyExamples);
        assert_ok!(send(&member(0), claim_of(77)));
    });
}
