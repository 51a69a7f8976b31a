// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult, TokenError};

use crate::{mock::votes::*, mock::*, *};

fn propose_to(who: &AccountId32, proposal: Proposal) -> DispatchResult {
    send(who, Call::propose { federation: 0, proposal })
}

/// A round that runs past its settlement deadline.
fn fail_a_round() {
    let number = federation(0).next_round;
    assert_ok!(open_round());
    skip_to(round(number).settle_until + 1);
    assert_ok!(send(&stranger(), Call::abort { federation: 0, round: number }));
}

#[test]
fn success() {
    members_govern(3).build_and_execute(|| {
        assert_ok!(propose(0, new_terms()));
        let proposed = Event::Proposed {
            federation: 0,
            proposal: 0,
            proposer: member(0),
            voting_until: 7,
            enact_at: 12,
        };
        assert_eq!(events().last(), Some(&proposed));
        let motion = motion(0);
        assert_eq!((motion.quorum, motion.threshold), (percent(50), percent(60)));
        assert_eq!((motion.electorate, motion.deposit), (3 * STAKE, PROPOSAL_DEPOSIT));
        assert_eq!(motion.state, MotionState::Open);
        assert_eq!(held(HoldReason::ProposalDeposit, &member(0)), PROPOSAL_DEPOSIT);
        assert_eq!((federation(0).next_proposal, federation(0).proposals), (1, 1));
        // Nothing is in force yet.
        assert_eq!(federation(0).terms_version, FIRST_TERMS);
    });
}

#[test]
fn success_for_a_coordinator_under_the_members() {
    members_govern(1).build_and_execute(|| {
        assert_ok!(propose(0, Proposal::Coordinator(stranger())));
    });
}

#[test]
fn success_against_a_failing_coordinator_under_any_governance() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        let proposal = Proposal::Coordinator(stranger());
        fail_a_round();
        assert_noop!(propose(0, proposal.clone()), Error::<Test>::NotProposable);
        fail_a_round();
        assert_noop!(propose(0, Proposal::Rebase(hash(3))), Error::<Test>::NotProposable);
        assert_ok!(propose(0, proposal));
        let motion = motion(0);
        assert_eq!((motion.quorum, motion.threshold), (percent(50), percent(50)));
        let now = System::block_number();
        assert_eq!((motion.voting_until, motion.enact_at), (now + 13, now + 17));
    });
}

#[test]
fn success_for_terms_under_the_coordinator() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        assert_ok!(propose(0, new_terms()));
        let motion = motion(0);
        assert_eq!((motion.quorum, motion.threshold), (percent(50), percent(50)));
        assert_eq!((motion.voting_until, motion.enact_at), (14, 18));
        assert_noop!(propose(0, Proposal::Rebase(hash(3))), Error::<Test>::NotProposable);
    });
}

#[test]
fn success_keeps_what_weighs_a_vote() {
    let old = |terms: &mut Terms| {
        terms.aging_blocks = 30;
        terms.max_vote_share = percent(35);
    };
    ExtBuilder::default().terms(old).members(2).build_and_execute(|| {
        skip(4);
        assert_ok!(propose(1, new_terms()));
        let motion = motion(0);
        assert_eq!((motion.proposed_at, motion.aging_blocks), (5, 30));
        // All of the stake is four blocks old.
        let weight = (2 * STAKE * 4).div_ceil(30);
        assert_eq!((motion.max_vote_share, motion.electorate), (percent(35), weight));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(propose(0, new_terms()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    members_govern(1).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(propose(0, new_terms()), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_members() {
    members_govern(1).build_and_execute(|| {
        let answer = propose_to(&coordinator(), new_terms());
        assert_noop!(answer, Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_without_active_stake() {
    members_govern(1).build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(propose(0, new_terms()), Error::<Test>::NoActiveStake);
    });
}

#[test]
fn fails_for_terms_that_another_governs() {
    let council = |terms: &mut Terms| terms.governance = Governance::Council;
    ExtBuilder::default().terms(council).members(1).build_and_execute(|| {
        assert_noop!(propose(0, new_terms()), Error::<Test>::NotProposable);
        assert_noop!(propose(0, Proposal::Rebase(hash(3))), Error::<Test>::NotProposable);
        let answer = propose(0, Proposal::Coordinator(stranger()));
        assert_noop!(answer, Error::<Test>::NotProposable);
    });
}

#[test]
fn fails_for_too_many_proposals() {
    members_govern(3).build_and_execute(|| {
        assert_ok!(propose(0, new_terms()));
        assert_ok!(propose(1, new_terms()));
        assert_noop!(propose(2, new_terms()), Error::<Test>::TooManyProposals);
        skip_to(12);
        assert_ok!(enact(0, 0));
        assert_ok!(propose(2, new_terms()));
    });
}

#[test]
fn fails_for_a_second_proposal_of_one_organisation() {
    let two_clinics = |terms: &mut Terms| {
        terms.admission = Admission::Invited;
        terms.governance = Governance::Members {
            quorum: percent(50),
            threshold: percent(60),
            voting_blocks: 6,
            delay_blocks: 4,
        };
    };
    ExtBuilder::default().terms(two_clinics).members(0).build_and_execute(|| {
        for (index, name) in [(0, b"north"), (1, b"south"), (2, b"south")] {
            admit(index, name);
            assert_ok!(join(&member(index), STAKE));
        }
        assert_ok!(propose(1, new_terms()));
        for index in [1, 2] {
            assert_noop!(propose(index, new_terms()), Error::<Test>::ProposalUndecided);
        }
        assert_ok!(propose(0, new_terms()));
        skip_to(12);
        assert_ok!(enact(0, 0));
        assert_ok!(propose(2, new_terms()));
    });
}

#[test]
fn fails_for_terms_out_of_range() {
    members_govern(1).build_and_execute(|| {
        let mut terms = terms();
        terms.commit_blocks = 0;
        let answer = propose(0, Proposal::Terms(terms.clone().into()));
        assert_noop!(answer, Error::<Test>::TermsOutOfRange);
        terms.commit_blocks = 5;
        terms.unbonding_blocks = 16;
        let answer = propose(0, Proposal::Terms(terms.clone().into()));
        assert_noop!(answer, Error::<Test>::UnbondingTooShort);
        terms.unbonding_blocks = 30;
        terms.notice_blocks = 29;
        let answer = propose(0, Proposal::Terms(terms.into()));
        assert_noop!(answer, Error::<Test>::NoticeTooShort);
    });
}

#[test]
fn fails_for_deposit_above_balance() {
    members_govern(1).build_and_execute(|| {
        let rest = Balances::free_balance(member(0)) - EXISTENTIAL_DEPOSIT;
        assert_ok!(send(&member(0), Call::fund { federation: 0, amount: rest }));
        assert_noop!(propose(0, new_terms()), TokenError::FundsUnavailable);
    });
}
