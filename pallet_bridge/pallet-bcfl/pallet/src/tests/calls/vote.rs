// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::votes::*, mock::*, *};

fn unbond(index: u8, amount: Balance) {
    assert_ok!(send(&member(index), Call::unbond { federation: 0, amount }));
}

#[test]
fn success() {
    members_govern(3).build_and_execute(|| {
        voted(&[(0, true), (1, false)]);
        assert_eq!((motion(0).ayes, motion(0).nays), (STAKE, STAKE));
        let vote = Votes::<Test>::get((0, 0, member(1)));
        assert_eq!(vote, Some(Vote { approve: false, stake: STAKE }));
        let voted = Event::Voted {
            federation: 0,
            proposal: 0,
            account: member(1),
            approve: false,
            stake: STAKE,
        };
        assert_eq!(events().last(), Some(&voted));
    });
}

#[test]
fn success_in_the_last_block() {
    members_govern(1).build_and_execute(|| {
        voted(&[]);
        skip_to(motion(0).voting_until);
        assert_ok!(vote(0, 0, true));
    });
}

#[test]
fn stake_on_its_way_out_does_not_vote() {
    members_govern(2).build_and_execute(|| {
        voted(&[]);
        unbond(1, STAKE - 100);
        assert_ok!(vote(1, 0, true));
        assert_eq!(motion(0).ayes, 100);
    });
}

#[test]
fn stake_added_after_the_vote_does_not_count() {
    members_govern(1).build_and_execute(|| {
        voted(&[(0, true)]);
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: 100 }));
        assert_noop!(vote(0, 0, true), Error::<Test>::AlreadyVoted);
        assert_eq!(motion(0).ayes, STAKE);
    });
}

#[test]
fn stake_that_came_later_votes_and_is_counted() {
    members_govern(1).build_and_execute(|| {
        voted(&[]);
        assert_eq!(motion(0).electorate, STAKE);
        assert_ok!(join(&member(1), 3 * STAKE));
        assert_ok!(vote(1, 0, true));
        assert_eq!((motion(0).ayes, motion(0).electorate), (3 * STAKE, 4 * STAKE));
        // Stake that leaves again does not lower the quorum.
        unbond(1, 3 * STAKE);
        assert_ok!(vote(0, 0, true));
        assert_eq!((motion(0).ayes, motion(0).electorate), (4 * STAKE, 4 * STAKE));
    });
}

/// A planck votes once: what has voted is not free before the vote is over.
#[test]
fn stake_that_voted_can_not_vote_again_from_elsewhere() {
    members_govern(2).build_and_execute(|| {
        voted(&[(0, true)]);
        unbond(0, STAKE);
        skip_to(motion(0).voting_until);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
        assert_noop!(vote(0, 0, true), Error::<Test>::NoActiveStake);
    });
}

#[test]
fn shorter_unbonding_lets_no_stake_vote_twice() {
    let members = |voting_blocks| Governance::Members {
        quorum: percent(50),
        threshold: percent(60),
        voting_blocks,
        delay_blocks: 0,
    };
    let long = move |terms: &mut Terms| {
        terms.unbonding_blocks = 101;
        terms.governance = members(100);
    };
    ExtBuilder::default().terms(long).members(2).build_and_execute(move || {
        let mut shorter = terms();
        shorter.governance = members(6);
        assert_ok!(propose(0, Proposal::Terms(shorter.into())));
        for index in 0..2 {
            assert_ok!(vote(index, 0, true));
        }
        skip_to(motion(0).voting_until);
        assert_ok!(propose(0, Proposal::Coordinator(stranger())));
        assert_ok!(vote(0, 1, true));
        skip(1);
        assert_ok!(enact(0, 9));
        assert_eq!(federation(0).terms_version, 2);
        // Unbonding is 17 blocks now, but the second vote runs for 100.
        unbond(0, STAKE);
        let until = motion(1).voting_until;
        assert_eq!(chunks(0), [(STAKE, until + 1)]);
        skip_to(until);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(vote(0, 0, true), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    members_govern(1).build_and_execute(|| {
        voted(&[]);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(vote(0, 0, true), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_unknown_proposal() {
    members_govern(1).build_and_execute(|| {
        assert_noop!(vote(0, 0, true), Error::<Test>::ProposalNotFound);
    });
}

#[test]
fn fails_after_the_voting() {
    members_govern(1).build_and_execute(|| {
        voted(&[]);
        skip_to(motion(0).voting_until + 1);
        assert_noop!(vote(0, 0, true), Error::<Test>::VotingClosed);
    });
}

#[test]
fn fails_for_others_than_members() {
    members_govern(1).build_and_execute(|| {
        voted(&[]);
        assert_noop!(vote(9, 0, true), Error::<Test>::NotParticipant);
    });
}

#[test]
fn fails_without_active_stake() {
    members_govern(2).build_and_execute(|| {
        voted(&[]);
        unbond(1, STAKE);
        assert_noop!(vote(1, 0, true), Error::<Test>::NoActiveStake);
    });
}

#[test]
fn fails_for_the_second_time() {
    members_govern(1).build_and_execute(|| {
        voted(&[(0, false)]);
        assert_noop!(vote(0, 0, true), Error::<Test>::AlreadyVoted);
    });
}
