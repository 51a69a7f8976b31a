// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::*, *};

fn set(who: &AccountId32, change: impl FnOnce(&mut Terms)) -> DispatchResult {
    let present = federation(0).terms_version;
    let mut terms = FederationTerms::<Test>::get(0, present).expect("the terms are there");
    change(&mut terms);
    send(who, Call::set_terms { federation: 0, terms })
}

fn governed_by(governance: Governance) -> ExtBuilder {
    ExtBuilder::default().terms(|terms| terms.governance = governance).members(3)
}

fn more(terms: &mut Terms) {
    terms.round_reward = 400;
}

#[test]
fn success_by_the_coordinator() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(set(&coordinator(), more));
        assert_eq!(federation(0).terms_version, 2);
        let rewards = [1, 2].map(|version| {
            FederationTerms::<Test>::get(0, version).map(|terms| terms.round_reward)
        });
        assert_eq!(rewards, [None, Some(400)]);
        let set = Event::TermsSet { federation: 0, terms_version: 2 };
        assert_eq!(events().last(), Some(&set));
        assert_ok!(open_round());
        assert_eq!((round(0).terms_version, federation(0).reserved), (2, 400));
    });
}

#[test]
fn versions_that_no_round_ran_under_go() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        let stored = || {
            let mut versions: Vec<_> = FederationTerms::<Test>::iter_key_prefix(0).collect();
            versions.sort_unstable();
            versions
        };
        round_that_rejects_member_0();
        for _ in 0..3 {
            assert_ok!(set(&coordinator(), more));
        }
        assert_eq!(stored(), [1, 4]);
        assert_ok!(open_round());
        assert_ok!(set(&coordinator(), more));
        assert_eq!(stored(), [1, 4, 5]);
        // What went is not given out again.
        assert_ok!(set(&coordinator(), more));
        assert_eq!((stored(), federation(0).terms_version), (vec![1, 4, 6], 6));
    });
}

#[test]
fn success_by_the_council() {
    governed_by(Governance::Council).build_and_execute(|| {
        assert_ok!(set(&council(), more));
        assert_eq!(federation(0).terms_version, 2);
    });
}

#[test]
fn success_with_training_parameters() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let named = |name: &[u8]| TrainingName::try_from(name.to_vec()).expect("a short name");
        assert_ok!(set(&coordinator(), |terms| {
            let training = &mut terms.training.0;
            training
                .try_insert(named(b"learning_rate"), TrainingValue::Fixed(10_000_000))
                .expect("room");
            training.try_insert(named(b"defense"), TrainingValue::Hash(hash(9))).expect("room");
        }));
        let terms = FederationTerms::<Test>::get(0, 2).expect("the terms are there");
        let rate = terms.training.0.get(&named(b"learning_rate"));
        assert_eq!(rate, Some(&TrainingValue::Fixed(10_000_000)));
    });
}

#[test]
fn round_under_way_keeps_its_terms() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        let change = |terms: &mut Terms| {
            terms.quorum = Quorum::Count(1);
            terms.min_stake = STAKE + 1;
            terms.round_reward = 0;
            terms.commit_blocks = 1;
        };
        assert_ok!(set(&coordinator(), change));
        assert_eq!((round(0).terms_version, round(0).commit_until), (1, 6));
        assert_ok!(commit(0, 0));
        assert_eq!(round(0).sealed_at, None);
        assert_ok!(commit(0, 1));
        assert_ok!(commit(0, 2));
        assert_ok!(settle(0, vec![verdict(0, Outcome::Accepted)]));
        assert_eq!(commitment(0, 0).reward, 300);
        assert_ok!(open_round());
        assert_eq!((round(1).terms_version, federation(0).reserved), (2, 0));
        assert_noop!(commit(1, 0), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn shorter_unbonding_frees_no_stake_that_an_older_round_may_take() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        let shorter = |terms: &mut Terms| {
            terms.commit_blocks = 1;
            terms.settle_blocks = 1;
            terms.dispute_blocks = 1;
            terms.unbonding_blocks = 5;
        };
        assert_ok!(set(&coordinator(), shorter));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        // The last block that takes evidence under the round's own terms.
        skip_to(round(0).settle_until);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
        equivocate_after_the_fact();
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

fn equivocate_after_the_fact() {
    assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        let call = Call::set_terms { federation: 0, terms: terms() };
        assert_noop!(send(&coordinator(), call), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(set(&coordinator(), more), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_the_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [member(0), council(), stranger()] {
            assert_noop!(set(&who, more), Error::<Test>::NotGovernance);
        }
        let by_root = Bcfl::set_terms(RawOrigin::Root.into(), 0, terms());
        assert_noop!(by_root, Error::<Test>::NotGovernance);
    });
}

#[test]
fn fails_for_others_than_the_council() {
    governed_by(Governance::Council).build_and_execute(|| {
        for who in [coordinator(), member(0)] {
            assert_noop!(set(&who, more), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_for_all_when_members_govern() {
    let members = Governance::Members {
        quorum: percent(50),
        threshold: percent(60),
        voting_blocks: 6,
        delay_blocks: 4,
    };
    governed_by(members).build_and_execute(|| {
        for who in [coordinator(), council(), member(0)] {
            assert_noop!(set(&who, more), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_for_terms_out_of_range() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let answer = set(&coordinator(), |terms| terms.commit_blocks = 0);
        assert_noop!(answer, Error::<Test>::TermsOutOfRange);
        let answer = set(&coordinator(), |terms| {
            terms.governance = Governance::Members {
                quorum: percent(50),
                threshold: percent(49),
                voting_blocks: 6,
                delay_blocks: 4,
            }
        });
        assert_noop!(answer, Error::<Test>::TermsOutOfRange);
    });
}

#[test]
fn fails_for_unbonding_that_ends_too_early() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let answer = set(&coordinator(), |terms| terms.unbonding_blocks = 16);
        assert_noop!(answer, Error::<Test>::UnbondingTooShort);
        let answer = set(&coordinator(), |terms| {
            terms.governance = Governance::Members {
                quorum: percent(50),
                threshold: percent(50),
                voting_blocks: 17,
                delay_blocks: 4,
            }
        });
        assert_noop!(answer, Error::<Test>::UnbondingTooShort);
    });
}
