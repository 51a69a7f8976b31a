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

/// What a coordinator that governs may change alone, and no member minds.
fn milder(terms: &mut Terms) {
    terms.cooldown_blocks = 0;
}

#[test]
fn success_by_the_coordinator() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(set(&coordinator(), milder));
        let from = 1 + terms().notice_blocks;
        let pending = PendingTerms { version: 2, from, is_worse: false };
        assert_eq!(federation(0).pending_terms, Some(pending));
        assert_eq!(federation(0).terms_version, 1);
        let announced =
            Event::TermsScheduled { federation: 0, terms_version: 2, from, is_worse: false };
        assert_eq!(events().last(), Some(&announced));
        skip_to(from);
        assert_ok!(open_round());
        assert_eq!((round(0).terms_version, federation(0).reserved), (2, 300));
        assert_eq!(FederationTerms::<Test>::get(0, 2).map(|terms| terms.cooldown_blocks), Some(0));
        assert_eq!((federation(0).terms_version, federation(0).pending_terms), (2, None));
        assert!(events().contains(&Event::TermsSet { federation: 0, terms_version: 2 }));
        assert_eq!(stored_terms(), [2]);
    });
}

#[test]
fn terms_are_not_in_force_before_their_notice_is_over() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(set(&coordinator(), milder));
        skip(16);
        assert_ok!(open_round());
        assert_eq!((round(0).terms_version, federation(0).reserved), (1, 300));
        assert_eq!(stored_terms(), [1, 2]);
    });
}

#[test]
fn notice_is_that_of_the_terms_in_force() {
    let long = |terms: &mut Terms| terms.notice_blocks = 61;
    ExtBuilder::default().terms(long).members(0).build_and_execute(|| {
        // A shorter one is for those after it.
        assert_ok!(set(&coordinator(), |terms| terms.notice_blocks = 17));
        assert_eq!(federation(0).pending_terms.map(|pending| pending.from), Some(62));
    });
}

#[test]
fn versions_that_no_round_ran_under_go() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        for version in 2..5 {
            assert_ok!(set(&coordinator(), milder));
            assert_eq!(stored_terms().last(), Some(&version));
            skip_the_notice();
        }
        // The second and third were in force in turn, and no round ran.
        assert_ok!(set_after_due());
        assert_eq!(stored_terms(), [1, 4, 5]);
        assert_ok!(open_round());
        assert_eq!((round(1).terms_version, federation(0).terms_version), (4, 4));
    });
}

/// Another change in the block in which the last one is due.
fn set_after_due() -> DispatchResult {
    let pending = federation(0).pending_terms.expect("terms are announced").version;
    let terms = FederationTerms::<Test>::get(0, pending).expect("they are there");
    send(&coordinator(), Call::set_terms { federation: 0, terms })
}

#[test]
fn each_call_that_reads_the_terms_puts_those_due_in_force() {
    let unbond = || send(&member(0), Call::unbond { federation: 0, amount: 1 });
    let propose = || {
        let proposal = Proposal::Terms(terms().into());
        send(&member(0), Call::propose { federation: 0, proposal })
    };
    let account = member(1);
    let calls: [(&str, &dyn Fn() -> DispatchResult); 8] = [
        ("add_stake", &|| send(&member(0), Call::add_stake { federation: 0, amount: 1 })),
        ("unbond", &unbond),
        ("propose", &propose),
        ("register", &|| send(&member(0), Call::register_attester { federation: 0, tip: hash(1) })),
        ("close", &|| send(&coordinator(), Call::close { federation: 0 })),
        ("rebase", &|| send(&coordinator(), Call::rebase { federation: 0, model: hash(1) })),
        ("replace", &|| {
            let account = account.clone();
            send(&coordinator(), Call::replace_coordinator { federation: 0, account })
        }),
        ("set_terms", &set_after_due),
    ];
    for (name, call) in calls {
        ExtBuilder::default().members(1).build_and_execute(|| {
            assert_ok!(set(&coordinator(), milder));
            skip_the_notice();
            assert_ok!(call());
            assert_eq!(federation(0).terms_version, 2, "{name}");
            assert!(!stored_terms().contains(&1), "{name}");
        });
    }
}

#[test]
fn consent_is_to_the_terms_that_are_due() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let before = terms_hash(0);
        assert_ok!(set(&coordinator(), milder));
        skip_the_notice();
        let join =
            |terms_hash| send(&member(0), Call::join { federation: 0, stake: STAKE, terms_hash });
        assert_noop!(join(before), Error::<Test>::TermsDiffer);
        let due = FederationTerms::<Test>::get(0, 2).expect("they are there");
        assert_ok!(join(encoding::terms_hash(&due)));
        assert_eq!(participant(0).terms_version, 2);
    });
}

#[test]
fn success_by_the_council() {
    governed_by(Governance::Council).build_and_execute(|| {
        assert_ok!(set(&council(), |terms| terms.committee_size = 5));
        let pending = federation(0).pending_terms.expect("terms are announced");
        assert!(pending.is_worse);
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
        skip_the_notice();
        assert_ok!(open_round());
        assert_eq!((round(1).terms_version, federation(0).reserved), (2, 0));
        assert_noop!(commit(1, 0), Error::<Test>::StakeTooLow);
    });
}

/// Leaving at once, because the terms get worse, is no way out of what was done before.
#[test]
fn worse_terms_free_no_stake_that_an_older_round_may_take() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        let last = round(0).settle_until + 2 * terms().dispute_blocks;
        Participants::<Test>::mutate(0, member(0), |found| {
            found.as_mut().expect("there").takes_part_until(last);
        });
        let shorter = |terms: &mut Terms| {
            terms.commit_blocks = 1;
            terms.settle_blocks = 1;
            terms.dispute_blocks = 1;
            terms.unbonding_blocks = 5;
        };
        assert_ok!(set(&coordinator(), shorter));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_eq!(chunks(0), [(STAKE, last + 1)]);
        // The last block that takes evidence under the round's own terms.
        skip_to(round(0).settle_until);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

/// What happened with 0.1.0: a mismatch that takes everything, a friend as arbiter, one block.
#[test]
fn fails_for_what_the_members_decide() {
    let changes: [fn(&mut Terms); 11] = [
        |terms| terms.arbiter = Arbiter::Account(account(29)),
        |terms| terms.committee_size = 2,
        |terms| terms.attest_quorum = percent(61),
        |terms| terms.attest_by = Tally::Stake,
        |terms| terms.coupling = Coupling::Flexible,
        |terms| terms.reporter_share = percent(19),
        |terms| terms.governance = Governance::Council,
        |terms| terms.max_vote_share = percent(99),
        |terms| terms.admission = Admission::Invited,
        |terms| terms.round_reward = 301,
        |terms| terms.max_share = percent(41),
    ];
    let shared = |terms: &mut Terms| terms.max_share = percent(40);
    ExtBuilder::default().terms(shared).members(3).build_and_execute(|| {
        for change in changes {
            assert_noop!(set(&coordinator(), change), Error::<Test>::MembersDecide);
        }
    });
}

#[test]
fn fails_while_others_wait() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(set(&coordinator(), milder));
        assert_noop!(set(&coordinator(), milder), Error::<Test>::TermsPending);
        skip(16);
        assert_noop!(set(&coordinator(), milder), Error::<Test>::TermsPending);
        skip(1);
        assert_ok!(set_after_due());
    });
}

#[test]
fn fails_for_a_notice_shorter_than_unbonding() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let answer = set(&coordinator(), |terms| terms.unbonding_blocks = 40);
        assert_noop!(answer, Error::<Test>::NoticeTooShort);
        let answer = set(&coordinator(), |terms| terms.notice_blocks = 16);
        assert_noop!(answer, Error::<Test>::NoticeTooShort);
    });
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
        assert_noop!(set(&coordinator(), milder), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_the_coordinator() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [member(0), council(), stranger()] {
            assert_noop!(set(&who, milder), Error::<Test>::NotGovernance);
        }
        let by_root = Bcfl::set_terms(RawOrigin::Root.into(), 0, terms());
        assert_noop!(by_root, Error::<Test>::NotGovernance);
    });
}

#[test]
fn fails_for_others_than_the_council() {
    governed_by(Governance::Council).build_and_execute(|| {
        for who in [coordinator(), member(0)] {
            assert_noop!(set(&who, milder), Error::<Test>::NotGovernance);
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
            assert_noop!(set(&who, milder), Error::<Test>::NotGovernance);
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
