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

/// 700 UNIT of fresh stake took a coordinator's place once.
#[test]
fn stake_that_came_later_does_not_vote() {
    members_govern(2).build_and_execute(|| {
        skip(1);
        assert_ok!(join(&member(2), 9 * STAKE));
        assert_ok!(propose(0, new_terms()));
        assert_ok!(join(&member(3), 3 * STAKE));
        assert_ok!(send(&member(1), Call::add_stake { federation: 0, amount: 1 }));
        skip(3);
        // In the block of the proposal is not before it.
        for index in [1, 2, 3] {
            assert_noop!(vote(index, 0, true), Error::<Test>::StakeTooYoung);
        }
        assert_eq!(motion(0).electorate, 11 * STAKE);
        assert_ok!(vote(0, 0, true));
        assert_eq!((motion(0).ayes, motion(0).electorate), (STAKE, 11 * STAKE));
    });
}

#[test]
fn stake_weighs_by_its_age_at_the_proposal() {
    members_govern(1).terms(|terms| terms.aging_blocks = 40).build_and_execute(|| {
        skip(10);
        assert_ok!(join(&member(1), 300));
        skip(6);
        assert_ok!(propose(0, new_terms()));
        skip(5);
        assert_ok!(vote(0, 0, true));
        assert_ok!(vote(1, 0, false));
        // 16 and 6 of 40 blocks.
        assert_eq!((motion(0).ayes, motion(0).nays), (STAKE * 16 / 40, 300 * 6 / 40));
        let stakes = [0, 1].map(|index| Votes::<Test>::get((0, 0, member(index))));
        assert_eq!(stakes.map(|vote| vote.map(|vote| vote.stake)), [Some(200), Some(45)]);
    });
}

#[test]
fn stake_without_weight_does_not_vote() {
    members_govern(1).terms(|terms| terms.aging_blocks = 900).build_and_execute(|| {
        skip(1);
        assert_ok!(propose(0, new_terms()));
        // 500 of 900 of a planck.
        assert_noop!(vote(0, 0, true), Error::<Test>::StakeTooYoung);
    });
}

#[test]
fn one_account_has_no_more_than_its_share() {
    let capped = |terms: &mut Terms| terms.max_vote_share = percent(30);
    members_govern(2).terms(capped).build_and_execute(|| {
        assert_ok!(join(&member(2), 4 * STAKE));
        voted(&[(2, true), (0, false)]);
        // 30 % of 3,000.
        assert_eq!((motion(0).ayes, motion(0).nays), (900, STAKE));
    });
}

#[test]
fn accounts_of_one_organisation_share_what_it_has() {
    let invited = |terms: &mut Terms| {
        terms.admission = Admission::Invited;
        terms.max_vote_share = percent(30);
    };
    members_govern(0).terms(invited).build_and_execute(|| {
        for (index, name) in [(0, b"north"), (1, b"north"), (2, b"north"), (3, b"south")] {
            admit(index, name);
            assert_ok!(join(&member(index), STAKE));
        }
        voted(&[(0, true), (1, false), (3, true)]);
        // 30 % of 2,000, for and against together.
        assert_eq!((motion(0).ayes, motion(0).nays), (2 * STAKE, 100));
        assert_ok!(vote(2, 0, false));
        let vote = Votes::<Test>::get((0, 0, member(2)));
        assert_eq!(vote, Some(Vote { approve: false, stake: 0 }));
        let of = |name: &[u8]| Subject::Organisation(name.to_vec().try_into().expect("short"));
        assert_eq!(GroupVotes::<Test>::get((0, 0, of(b"north"))), 600);
        assert_eq!(GroupVotes::<Test>::get((0, 0, of(b"south"))), STAKE);
    });
}

/// A planck votes once: what has voted stays until the decision, and is young when it comes back.
#[test]
fn stake_that_voted_stays_until_the_decision() {
    let short = |terms: &mut Terms| {
        terms.governance = Governance::Members {
            quorum: percent(50),
            threshold: percent(60),
            voting_blocks: 16,
            delay_blocks: 40,
        }
    };
    ExtBuilder::default().terms(short).members(2).build_and_execute(|| {
        voted(&[(0, true)]);
        unbond(0, STAKE);
        unbond(1, STAKE);
        assert_eq!(chunks(0), [(STAKE, motion(0).enact_at + 1)]);
        // Who did not vote owes nothing.
        assert_eq!(chunks(1), [(STAKE, 19)]);
        skip_to(motion(0).enact_at);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
        assert_noop!(vote(0, 0, true), Error::<Test>::VotingClosed);
    });
}

#[test]
fn stake_that_left_and_came_back_is_too_young() {
    members_govern(2).build_and_execute(|| {
        voted(&[]);
        unbond(1, STAKE);
        assert_noop!(vote(1, 0, true), Error::<Test>::NoActiveStake);
        assert_ok!(send(&member(1), Call::add_stake { federation: 0, amount: STAKE }));
        assert_noop!(vote(1, 0, true), Error::<Test>::StakeTooYoung);
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
