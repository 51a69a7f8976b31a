// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{encoding::Leaf, mock::*, Outcome::*, *};

/// Members 0, 1 and 2 committed in round 0, which these leaves settle; their window is over.
fn scene(leaves: Vec<Leaf>, test: impl FnOnce(Vec<ProvenLeaf>)) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let proven = settle_by_root(0, leaves);
        skip(4);
        test(proven);
    });
}

fn honest() -> Vec<Leaf> {
    vec![leaf(0, Accepted, 200), leaf(1, Rejected, 0), leaf(2, Excluded, 0)]
}

/// The one of these leaves that is of `member(index)`.
fn of(proven: &[ProvenLeaf], index: u8) -> &ProvenLeaf {
    proven.iter().find(|one| one.leaf.account == member(index)).expect("a leaf")
}

#[test]
fn success_for_accepted() {
    scene(honest(), |proven| {
        assert_ok!(apply(0, of(&proven, 0)));
        assert_eq!((commitment(0, 0).judged, commitment(0, 0).reward), (true, 200));
        assert_eq!(participant(0).clean_rounds, 1);
        let left = Totals { accepted: 0, rejected: 1, excluded: 1, strikes: 1, rewards: 0 };
        assert_eq!((settlement(0).left, settlement(0).unpaid), (left, 200));
        assert!(events().contains(&Event::Rewarded {
            federation: 0,
            round: 0,
            account: member(0),
            amount: 200
        }));
        assert_ok!(claim(0, &[0]));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE + 200);
    });
}

#[test]
fn success_for_rejected_and_excluded() {
    scene(honest(), |proven| {
        assert_ok!(apply(0, of(&proven, 1)));
        assert_ok!(apply(0, of(&proven, 2)));
        assert_eq!((participant(1).strikes, participant(2).strikes), (1, 0));
        let applied =
            Event::LeafApplied { federation: 0, round: 0, account: member(2), outcome: Excluded };
        assert_eq!(events().last(), Some(&applied));
    });
}

#[test]
fn success_and_a_streak_is_an_offence() {
    let one = |terms: &mut Terms| terms.strikes_to_slash = 1;
    ExtBuilder::default().terms(one).members(3).round().build_and_execute(|| {
        three_commit(0);
        let proven = settle_by_root(0, honest());
        skip(4);
        assert_ok!(apply(0, of(&proven, 1)));
        assert_eq!(offence(0, 1).map(|offence| offence.kind), Some(OffenceKind::Outlier));
        assert_eq!((participant(1).strikes, round(0).pending_offences), (0, 1));
    });
}

#[test]
fn success_for_one_who_left() {
    scene(honest(), |proven| {
        for index in 0..2 {
            assert_ok!(send(&member(index), Call::unbond { federation: 0, amount: STAKE }));
        }
        skip(17);
        for index in 0..2 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(apply(0, of(&proven, 0)));
        assert_ok!(apply(0, of(&proven, 1)));
        assert_ok!(claim(0, &[0]));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT + 200);
    });
}

#[test]
fn reward_of_an_offender_goes_back_to_the_escrow() {
    let long = |terms: &mut Terms| terms.quorum = Quorum::Window;
    ExtBuilder::default().terms(long).members(3).round().build_and_execute(|| {
        three_commit(0);
        equivocate(0);
        skip_to(7);
        let proven = settle_by_root(0, honest());
        skip(4);
        assert_ok!(execute(0, 0));
        assert_eq!(federation(0).owed, 200);
        assert_ok!(apply(0, of(&proven, 0)));
        assert_eq!((federation(0).owed, settlement(0).unpaid), (0, 0));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn lying_root_pays_no_more_than_its_totals() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let (root, proven) = prove((0..3).map(|index| leaf(index, Accepted, 300)).collect());
        let totals = Totals { accepted: 3, rewards: 300, ..Totals::default() };
        assert_ok!(settle_root_as_given(&coordinator(), 0, root, totals));
        skip(4);
        assert_ok!(apply(0, &proven[0]));
        assert_noop!(apply(0, &proven[1]), Error::<Test>::TotalsExceeded);
        assert_noop!(apply(0, &proven[2]), Error::<Test>::TotalsExceeded);
    });
}

#[test]
fn lying_root_strikes_no_more_than_its_totals() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let (root, proven) = prove((0..3).map(|index| leaf(index, Rejected, 0)).collect());
        let totals = Totals { accepted: 2, rejected: 1, strikes: 1, ..Totals::default() };
        assert_ok!(settle_root_as_given(&coordinator(), 0, root, totals));
        skip(4);
        assert_ok!(apply(0, &proven[0]));
        assert_noop!(apply(0, &proven[1]), Error::<Test>::TotalsExceeded);
    });
}

#[test]
fn fails_in_the_dispute_window() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        let proven = settle_by_root(0, honest());
        skip_to(settlement(0).dispute_until);
        assert_noop!(apply(0, &proven[0]), Error::<Test>::SettlementDisputable);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(honest(), |proven| {
        assert_ok!(apply(0, &proven[0]));
        assert_noop!(apply(0, &proven[0]), Error::<Test>::AlreadyJudged);
    });
}

#[test]
fn fails_for_a_leaf_that_is_not_there() {
    scene(honest(), |proven| {
        let mut richer = of(&proven, 0).clone();
        richer.leaf.reward += 1;
        assert_noop!(apply(0, &richer), Error::<Test>::ProofInvalid);
        let mut elsewhere = proven[0].clone();
        elsewhere.index = 1;
        assert_noop!(apply(0, &elsewhere), Error::<Test>::ProofInvalid);
    });
}

#[test]
fn fails_for_an_unsound_leaf() {
    let unsound = Leaf { strikes: 2, ..leaf(1, Rejected, 0) };
    scene(vec![leaf(0, Accepted, 0), unsound], |proven| {
        assert_noop!(apply(0, of(&proven, 1)), Error::<Test>::LeafUnsound);
    });
}

#[test]
fn fails_for_an_account_without_this_commitment() {
    let other = Leaf { commitment: hash(0xee), ..leaf(1, Accepted, 0) };
    scene(vec![leaf(7, Accepted, 0), other], |proven| {
        assert_noop!(apply(0, of(&proven, 7)), Error::<Test>::NotCommitted);
        assert_noop!(apply(0, of(&proven, 1)), Error::<Test>::CommitmentDiffers);
    });
}

#[test]
fn fails_for_a_list() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(4);
        let (_, proven) = prove(honest());
        assert_noop!(apply(0, &proven[0]), Error::<Test>::NotMerkle);
    });
}

#[test]
fn fails_for_unknown_federation_and_rounds_without_settlement() {
    let (_, proven) = prove(honest());
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(apply(0, &proven[0]), Error::<Test>::FederationNotFound);
    });
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_noop!(apply(1, &proven[0]), Error::<Test>::RoundNotFound);
        assert_noop!(apply(0, &proven[0]), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn fails_for_closed_federation() {
    scene(honest(), |proven| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_noop!(apply(0, &proven[0]), Error::<Test>::FederationNotActive);
    });
}
