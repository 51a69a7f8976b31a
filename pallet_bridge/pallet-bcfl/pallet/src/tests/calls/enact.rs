// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::votes::*, mock::*, Outcome::Accepted, *};

#[test]
fn success_with_terms() {
    members_govern(3).build_and_execute(|| {
        voted(&[(0, true), (1, true)]);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 2));
        // As if the governance had set them: with notice.
        let from = motion_enact_at() + terms().notice_blocks;
        let pending = PendingTerms { version: 2, from, is_worse: false };
        assert_eq!(federation(0).pending_terms, Some(pending));
        assert_eq!(federation(0).terms_version, FIRST_TERMS);
        let terms = FederationTerms::<Test>::get(0, 2).expect("the terms are there");
        assert_eq!(terms.round_reward, 400);
        assert_eq!(held(HoldReason::ProposalDeposit, &member(0)), 0);
        assert_eq!(federation(0).proposals, 0);
        assert_eq!(Motions::<Test>::get(0, 0), None);
        assert_eq!(Votes::<Test>::iter_prefix((0, 0)).count(), 0);
        let last = events().split_off(events().len() - 3);
        let enacted = Event::Enacted { federation: 0, proposal: 0 };
        let announced =
            Event::TermsScheduled { federation: 0, terms_version: 2, from, is_worse: false };
        let cleared = Event::ProposalCleared { federation: 0, proposal: 0 };
        assert_eq!(last, [enacted, announced, cleared]);
        skip_to(from);
        assert_ok!(open_round());
        assert_eq!((round(0).terms_version, federation(0).pending_terms), (2, None));
    });
}

/// When what was proposed in block 2 may be enacted.
fn motion_enact_at() -> BlockNumber {
    2 + 6 + 4 + 1
}

#[test]
fn success_takes_the_place_of_terms_that_wait() {
    members_govern(2).build_and_execute(|| {
        skip(1);
        for (index, reward) in [310, 320].into_iter().enumerate() {
            let mut terms = FederationTerms::<Test>::get(0, FIRST_TERMS).expect("there");
            terms.round_reward = reward;
            let index = u8::try_from(index).expect("two");
            assert_ok!(propose(index, Proposal::Terms(terms.into())));
        }
        for (index, proposal) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            assert_ok!(vote(index, proposal, true));
        }
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        skip(3);
        assert_ok!(enact(1, 9));
        // What the members decided last is what comes, with the whole notice.
        let pending = federation(0).pending_terms.expect("terms are announced");
        let notice = System::block_number() + terms().notice_blocks;
        assert_eq!((pending.version, pending.from), (3, notice));
        assert_eq!(stored_terms(), [1, 3]);
        skip_the_notice();
        assert_ok!(open_round());
        assert_eq!((round(0).terms_version, federation(0).reserved), (3, 320));
    });
}

fn approve_rebase(votes: &[u8]) {
    skip(1);
    assert_ok!(propose(0, Proposal::Rebase(hash(0x4e))));
    for index in votes {
        assert_ok!(vote(*index, 0, true));
    }
    skip_to(motion(0).enact_at);
}

#[test]
fn success_with_a_model() {
    members_govern(2).build_and_execute(|| {
        approve_rebase(&[0, 1]);
        assert_ok!(enact(0, 2));
        assert_eq!(federation(0).model, Some(hash(0x4e)));
        assert!(events().contains(&Event::Rebased { federation: 0, model: hash(0x4e) }));
    });
}

/// Else a coordinator that always keeps a round open could put the decision off for ever.
#[test]
fn success_with_a_model_while_a_round_is_open() {
    members_govern(2).build_and_execute(|| {
        approve_rebase(&[0, 1]);
        assert_ok!(open_round());
        let base = round(0).base_model;
        assert_ok!(enact(0, 2));
        // What the round under way comes to does not take its place.
        let mut found = federation(0);
        found.go_on_from(base, hash(0x11));
        assert_eq!(found.model, Some(hash(0x4e)));
    });
}

#[test]
fn success_with_a_coordinator() {
    members_govern(2).build_and_execute(|| {
        skip(1);
        assert_ok!(propose(0, Proposal::Coordinator(stranger())));
        for index in 0..2 {
            assert_ok!(vote(index, 0, true));
        }
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 2));
        assert_eq!(federation(0).coordinator, stranger());
        assert_noop!(open_round(), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn success_does_not_change_a_round_under_way() {
    members_govern(3).build_and_execute(|| {
        voted(&[(0, true), (1, true)]);
        skip_to(motion(0).enact_at);
        assert_ok!(open_round());
        assert_ok!(enact(0, 2));
        assert_eq!((round(0).terms_version, federation(0).reserved), (1, 300));
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        assert_eq!(commitment(0, 0).reward, 300);
    });
}

#[test]
fn success_removes_votes_in_steps() {
    members_govern(3).build_and_execute(|| {
        voted(&[(0, true), (1, true), (2, true)]);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 0));
        assert_eq!(motion(0).state, MotionState::Enacted);
        let pending = federation(0).pending_terms;
        assert!(pending.is_some());
        assert_eq!(motion(0).deposit, 0);
        assert_ok!(enact(0, 2));
        assert_eq!(Votes::<Test>::iter_prefix((0, 0)).count(), 1);
        assert_eq!(GroupVotes::<Test>::iter_prefix((0, 0)).count(), 1);
        assert_eq!((federation(0).pending_terms, federation(0).proposals), (pending, 1));
        assert_ok!(enact(0, 2));
        assert_eq!(GroupVotes::<Test>::iter_prefix((0, 0)).count(), 0);
        assert_eq!((federation(0).pending_terms, federation(0).proposals), (pending, 0));
        assert_noop!(enact(0, 2), Error::<Test>::ProposalNotFound);
    });
}

fn rejected(votes: &'static [(u8, bool)]) {
    members_govern(4).build_and_execute(|| {
        voted(votes);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        assert_eq!((federation(0).terms_version, federation(0).pending_terms), (FIRST_TERMS, None));
        assert_eq!(held(HoldReason::ProposalDeposit, &member(0)), 0);
        let rejected = Event::ProposalRejected { federation: 0, proposal: 0 };
        assert!(events().contains(&rejected));
    });
}

#[test]
fn success_rejects_without_quorum() {
    rejected(&[(0, true)]);
}

#[test]
fn success_rejects_below_the_threshold() {
    rejected(&[(0, true), (1, true), (2, false), (3, false)]);
}

#[test]
fn success_rejects_when_nobody_voted() {
    rejected(&[]);
}

#[test]
fn success_at_the_threshold_of_stake_not_of_heads() {
    members_govern(3).build_and_execute(|| {
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: STAKE }));
        voted(&[(0, true), (1, false)]);
        // 1,000 of 1,500 that voted, 1,500 of 2,000 in all.
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        assert!(federation(0).pending_terms.is_some());
    });
}

#[test]
fn success_rejects_at_once_when_the_federation_ends() {
    members_govern(1).build_and_execute(|| {
        voted(&[(0, true)]);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_ok!(enact(0, 9));
        let rejected = Event::ProposalRejected { federation: 0, proposal: 0 };
        assert!(events().contains(&rejected));
        assert_eq!(held(HoldReason::ProposalDeposit, &member(0)), 0);
        skip(30);
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account: member(0) }));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
    });
}

/// Members decide that another governs, and, before that is in force, that the reward grows.
fn hand_over(governance: Governance) {
    skip(1);
    let mut others = terms();
    others.governance = governance;
    assert_ok!(propose(0, Proposal::Terms(others.into())));
    for index in 0..2 {
        assert_ok!(vote(index, 0, true));
    }
    skip_to(motion(0).enact_at);
    assert_ok!(enact(0, 9));
    assert_ok!(propose(0, new_terms()));
}

#[test]
fn success_rejects_a_model_once_the_members_do_not_govern() {
    members_govern(2).build_and_execute(|| {
        approve_rebase(&[0, 1]);
        put_terms(|terms| terms.governance = Governance::Coordinator);
        assert_ok!(enact(0, 9));
        assert_eq!(federation(0).model, None);
        assert!(events().contains(&Event::ProposalRejected { federation: 0, proposal: 0 }));
    });
}

#[test]
fn success_rejects_terms_once_the_council_governs() {
    members_govern(2).build_and_execute(|| {
        hand_over(Governance::Council);
        for index in 0..2 {
            assert_ok!(vote(index, 1, true));
        }
        skip_the_notice();
        // What the members decided before does not bind it.
        assert_ok!(enact(1, 9));
        assert_eq!((federation(0).terms_version, federation(0).pending_terms), (2, None));
        assert!(events().contains(&Event::ProposalRejected { federation: 0, proposal: 1 }));
    });
}

#[test]
fn success_needs_half_of_all_once_the_coordinator_governs() {
    for (votes, is_approved) in [(2, false), (3, true)] {
        let few = |terms: &mut Terms| {
            terms.governance = Governance::Members {
                quorum: percent(20),
                threshold: percent(50),
                voting_blocks: 6,
                delay_blocks: 4,
            };
            terms.max_participants = 5;
        };
        ExtBuilder::default().terms(few).members(5).build_and_execute(|| {
            hand_over(Governance::Coordinator);
            for index in 0..votes {
                assert_ok!(vote(index, 1, true));
            }
            skip_the_notice();
            assert_ok!(enact(1, 9));
            assert_eq!(federation(0).pending_terms.is_some(), is_approved);
        });
    }
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(enact(0, 0), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_unknown_proposal() {
    members_govern(1).build_and_execute(|| {
        assert_noop!(enact(0, 0), Error::<Test>::ProposalNotFound);
    });
}

#[test]
fn fails_before_the_delay_is_over() {
    members_govern(1).build_and_execute(|| {
        voted(&[(0, true)]);
        skip_to(motion(0).enact_at - 1);
        assert_noop!(enact(0, 0), Error::<Test>::NotYetEnactable);
    });
}
