// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::votes::*, mock::*, Outcome::Accepted, *};

#[test]
fn success_with_terms() {
    members_govern(3).build_and_execute(|| {
        voted(&[(0, true), (1, true)]);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 2));
        assert_eq!(federation(0).terms_version, 2);
        let terms = FederationTerms::<Test>::get(0, 2).expect("the terms are there");
        assert_eq!(terms.round_reward, 400);
        assert_eq!(held(HoldReason::ProposalDeposit, &member(0)), 0);
        assert_eq!(federation(0).proposals, 0);
        assert_eq!(Motions::<Test>::get(0, 0), None);
        assert_eq!(Votes::<Test>::iter_prefix((0, 0)).count(), 0);
        let last = events().split_off(events().len() - 3);
        let enacted = Event::Enacted { federation: 0, proposal: 0 };
        let set = Event::TermsSet { federation: 0, terms_version: 2 };
        let cleared = Event::ProposalCleared { federation: 0, proposal: 0 };
        assert_eq!(last, [enacted, set, cleared]);
    });
}

#[test]
fn success_with_a_coordinator() {
    members_govern(2).build_and_execute(|| {
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
        assert_eq!((federation(0).terms_version, motion(0).state), (2, MotionState::Enacted));
        assert_eq!(motion(0).deposit, 0);
        assert_ok!(enact(0, 2));
        assert_eq!(Votes::<Test>::iter_prefix((0, 0)).count(), 1);
        assert_eq!((federation(0).terms_version, federation(0).proposals), (2, 1));
        assert_ok!(enact(0, 2));
        assert_eq!((federation(0).terms_version, federation(0).proposals), (2, 0));
        assert_noop!(enact(0, 2), Error::<Test>::ProposalNotFound);
    });
}

fn rejected(votes: &'static [(u8, bool)]) {
    members_govern(4).build_and_execute(|| {
        voted(votes);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        assert_eq!(federation(0).terms_version, FIRST_TERMS);
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
        assert_eq!(federation(0).terms_version, 2);
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

#[test]
fn success_rejects_terms_once_the_members_do_not_govern() {
    members_govern(2).build_and_execute(|| {
        assert_ok!(propose(0, Proposal::Terms(terms().into())));
        assert_ok!(propose(0, new_terms()));
        for (index, proposal) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            assert_ok!(vote(index, proposal, true));
        }
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        // The coordinator governs now: what the members decided before does not bind it.
        assert_ok!(enact(1, 9));
        assert_eq!(federation(0).terms_version, 2);
        assert!(events().contains(&Event::ProposalRejected { federation: 0, proposal: 1 }));
    });
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
