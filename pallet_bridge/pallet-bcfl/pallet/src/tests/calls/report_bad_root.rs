// SPDX-License-Identifier: Apache-2.0

mod leaves;

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use self::leaves::{omitted, posted, with_one_left_out};
use crate::{encoding::Leaf, mock::committee::*, mock::*, Outcome::*, *};

fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        test();
    });
}

fn report(proof: BadRoot) -> DispatchResult {
    send(&stranger(), Call::report_bad_root { federation: 0, round: 0, proof })
}

/// Settle with two leaves of member 0, beside that of member 1.
fn settled_with_two() -> [ProvenLeaf; 3] {
    let again = Leaf { score: 8, ..leaf(0, Accepted, 100) };
    let leaves = vec![leaf(0, Accepted, 100), again, leaf(1, Accepted, 100)];
    let mut proven = settle_by_root(0, leaves);
    proven.sort_by_key(|proven| proven.leaf.account == member(1));
    proven.try_into().expect("three")
}

#[test]
fn success_for_two_leaves_of_one_account() {
    scene(|| {
        let [first, second, _] = settled_with_two();
        assert_eq!(federation(0).owed, 300);
        assert_ok!(report(BadRoot::OutOfOrder { first, second }));
        assert_eq!(round(0).state, RoundState::Voided);
        let Federation { owed, failed_rounds, failures_in_row, .. } = federation(0);
        assert_eq!((owed, failed_rounds, failures_in_row), (0, 1, 1));
        let voided = Event::RoundVoided { federation: 0, round: 0, who: stranger(), released: 300 };
        assert_eq!(events().last(), Some(&voided));
    });
}

#[test]
fn success_for_a_leaf_without_commitment() {
    scene(|| {
        let proven = settle_by_root(0, vec![leaf(3, Accepted, 100)]);
        assert_ok!(report(BadRoot::NotCommitted(proven[0].clone())));
        assert_eq!(federation(0).owed, 0);
    });
}

#[test]
fn success_for_a_leaf_with_another_commitment() {
    scene(|| {
        let other = Leaf { commitment: hash(0x66), ..leaf(0, Rejected, 0) };
        let proven = settle_by_root(0, vec![other]);
        assert_ok!(report(BadRoot::NotCommitted(proven[0].clone())));
    });
}

#[test]
fn nothing_of_a_void_round_is_paid_or_struck() {
    scene(|| {
        let leaves = vec![leaf(0, Rejected, 0), leaf(1, Accepted, 100), leaf(3, Accepted, 100)];
        let proven = settle_by_root(0, leaves);
        let of = |who| proven.iter().find(|one| one.leaf.account == member(who)).expect("a leaf");
        assert_ok!(report(BadRoot::NotCommitted(of(3).clone())));
        skip(5);
        for who in [0, 1] {
            assert_noop!(apply(0, of(who)), Error::<Test>::RoundVoided);
        }
        assert_noop!(claim(1, &[0]), Error::<Test>::RoundVoided);
        assert_eq!(participant(0).strikes, 0);
        // The money is free for the next round.
        assert_eq!(Bcfl::escrow_funds(0), FUNDS);
        assert_ok!(open_round());
    });
}

#[test]
fn fails_for_unknown_federation_and_round() {
    scene(|| {
        let proven = settle_by_root(0, vec![leaf(3, Accepted, 100)]);
        let report = |federation, round| {
            let proof = BadRoot::NotCommitted(proven[0].clone());
            send(&stranger(), Call::report_bad_root { federation, round, proof })
        };
        assert_noop!(report(1, 0), Error::<Test>::FederationNotFound);
        assert_noop!(report(0, 1), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_without_settlement() {
    scene(|| {
        let (_, proven) = prove(vec![leaf(3, Accepted, 100)]);
        let proof = || BadRoot::NotCommitted(proven[0].clone());
        assert_noop!(report(proof()), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn fails_for_a_root_that_the_pallet_made() {
    scene(|| {
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        let (_, proven) = prove(vec![leaf(3, Accepted, 100)]);
        let proof = BadRoot::NotCommitted(proven[0].clone());
        assert_noop!(report(proof), Error::<Test>::NotMerkle);
    });
}

#[test]
fn fails_after_the_window() {
    scene(|| {
        let [first, second, _] = settled_with_two();
        skip_to(settlement(0).dispute_until + 1);
        let proof = BadRoot::OutOfOrder { first, second };
        assert_noop!(report(proof), Error::<Test>::ReportWindowClosed);
    });
}

#[test]
fn fails_for_a_leaf_that_is_not_in_the_root() {
    scene(|| {
        let [first, second, _] = settled_with_two();
        let mut forged = second.clone();
        forged.leaf.score = 9;
        let proof = BadRoot::OutOfOrder { first: first.clone(), second: forged.clone() };
        assert_noop!(report(proof), Error::<Test>::ProofInvalid);
        let proof = BadRoot::OutOfOrder { first: forged.clone(), second };
        assert_noop!(report(proof), Error::<Test>::ProofInvalid);
        assert_noop!(report(BadRoot::NotCommitted(forged)), Error::<Test>::ProofInvalid);
    });
}

#[test]
fn fails_for_one_leaf_shown_twice() {
    scene(|| {
        let [first, _, other] = settled_with_two();
        let proof = BadRoot::OutOfOrder { first: first.clone(), second: first.clone() };
        assert_noop!(report(proof), Error::<Test>::RootNotBad);
        let proof = BadRoot::OutOfOrder { first, second: other };
        assert_noop!(report(proof), Error::<Test>::RootNotBad);
    });
}

/// An odd last leaf is carried up: no other index may fit its proof, or a good root falls.
#[test]
fn fails_for_one_leaf_at_an_index_that_is_not_its_own() {
    scene(|| {
        let leaves = (0..3).map(|index| leaf(index, Accepted, 100)).collect();
        for first in settle_by_root(0, leaves) {
            for index in (0..8).filter(|index| *index != first.index) {
                let second = ProvenLeaf { index, ..first.clone() };
                let proof = BadRoot::OutOfOrder { first: first.clone(), second };
                assert_noop!(report(proof), Error::<Test>::ProofInvalid);
            }
        }
    });
}

#[test]
fn fails_for_a_leaf_that_is_right() {
    scene(|| {
        let proven = settle_by_root(0, vec![leaf(0, Accepted, 100)]);
        let proof = BadRoot::NotCommitted(proven[0].clone());
        assert_noop!(report(proof), Error::<Test>::RootNotBad);
    });
}

#[test]
fn fails_for_the_second_time() {
    scene(|| {
        let [first, second, _] = settled_with_two();
        let proof = || BadRoot::OutOfOrder { first: first.clone(), second: second.clone() };
        assert_ok!(report(proof()));
        assert_noop!(report(proof()), Error::<Test>::RoundVoided);
        assert_eq!(federation(0).failed_rounds, 1);
    });
}

fn bonded(terms: &mut Terms) {
    terms.coordinator_bond = 500;
    terms.misconduct = percent(30);
}

#[test]
fn bond_pays_for_a_bad_root_as_for_a_misconduct() {
    ExtBuilder::default().terms(bonded).members(3).round().build_and_execute(|| {
        three_commit(0);
        let (missing, leaves) = with_one_left_out(2);
        let proven = posted(leaves);
        assert_ok!(omitted(missing, Some(&proven[2]), None));
        // 150 are taken, 50 for each of three; nothing is left for the reporter.
        let proved = Event::MisconductProved {
            federation: 0,
            round: 0,
            coordinator: coordinator(),
            taken: 150,
            burned: 0,
            shared: 0,
            compensation: 150,
            reporter: None,
        };
        assert!(events().contains(&proved));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 350);
        assert_ok!(claim(missing, &[0]));
        assert_eq!(Balances::free_balance(member(missing)), ENDOWMENT - STAKE + 50);
        assert_eq!((federation(0).owed, federation(0).model), (100, Some(round(0).base_model)));
    });
}

/// Who opened the round does not answer for what a seat of the committee posted.
#[test]
fn bond_does_not_pay_for_the_root_of_another() {
    let full = |terms: &mut Terms| {
        bonded(terms);
        terms.coupling = Coupling::Full;
        terms.committee_size = 3;
        terms.attest_quorum = percent(50);
    };
    with_committee(full, || {
        let leaves: Vec<Leaf> = (0..3).map(|index| leaf(index, Excluded, 3)).collect();
        let totals = Totals { excluded: 3, ..Totals::default() };
        let (root, proven) = prove(leaves);
        for index in 0..3 {
            assert_ok!(attest(0, index, statement(0, root), 1));
        }
        assert_ok!(settle_root_as_given(&member(1), 0, root, totals));
        assert!(!settlement(0).by_coordinator);
        assert_ok!(report(BadRoot::Unsound(proven[0].clone())));
        assert_eq!(round(0).state, RoundState::Voided);
        assert_eq!((round(0).compensation, federation(0).failed_rounds), (None, 1));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 500);
    });
}
