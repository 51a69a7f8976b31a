// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{encoding::Leaf, mock::*, Outcome::*, *};

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

/// Members 0, 1 and 2 in ascending order of their accounts.
fn in_order() -> [u8; 3] {
    let mut members = [0, 1, 2];
    members.sort_by_key(|index| member(*index));
    members
}

/// Post the root of these leaves in the order given, with the totals of three that are sound.
/// Returns each with its proof.
fn posted(leaves: Vec<Leaf>) -> Vec<ProvenLeaf> {
    assert_eq!(leaves.len(), 3);
    let hashes: Vec<_> = leaves.iter().map(Leaf::hash).collect();
    let totals = Totals { accepted: 3, rewards: 300, ..Totals::default() };
    let root = encoding::merkle_root(hashes.clone());
    assert_ok!(settle_root_as_given(&coordinator(), 0, root, totals));
    let proven = leaves.into_iter().enumerate().map(|(place, leaf)| {
        let proof = encoding::merkle_proof(&hashes, place as u32).try_into().expect("short");
        ProvenLeaf { leaf, index: place as u32, proof }
    });
    proven.collect()
}

fn accepted(index: u8) -> Leaf {
    leaf(index, Accepted, 100)
}

/// A leaf of an account that did not commit, in ascending order before or after all that did.
fn stranger_leaf(is_below: bool) -> Leaf {
    let of = |byte| Leaf { account: [byte; 32].into(), ..accepted(0) };
    if is_below {
        of(0)
    } else {
        of(0xff)
    }
}

#[test]
fn success_for_leaves_out_of_order_wherever_they_are() {
    let [low, mid, high] = in_order();
    for (order, wrong) in [
        ([mid, low, high], vec![(0, 1)]),
        ([low, high, mid], vec![(1, 2)]),
        ([high, mid, low], vec![(0, 1), (1, 2), (0, 2)]),
        ([mid, high, low], vec![(0, 2), (1, 2)]),
    ] {
        for (one, other) in wrong {
            scene(|| {
                let proven = posted(order.map(accepted).to_vec());
                let [first, second] = [one, other].map(|place: usize| proven[place].clone());
                let turned = BadRoot::OutOfOrder { first: second.clone(), second: first.clone() };
                assert_noop!(report(turned), Error::<Test>::RootNotBad);
                assert_ok!(report(BadRoot::OutOfOrder { first, second }));
                assert_eq!(round(0).state, RoundState::Voided);
            });
        }
    }
}

#[test]
fn fails_for_leaves_that_are_in_order() {
    scene(|| {
        let proven = posted(in_order().map(accepted).to_vec());
        for one in 0..3 {
            for other in 0..3 {
                let (first, second) = (proven[one].clone(), proven[other].clone());
                let proof = BadRoot::OutOfOrder { first, second };
                assert_noop!(report(proof), Error::<Test>::RootNotBad);
            }
        }
    });
}

/// Three leaves, one of them of an account that did not commit, so that one of those who did is
/// left out: the first, the middle or the last of them.
fn with_one_left_out(place: usize) -> (u8, Vec<Leaf>) {
    let mut members = in_order().to_vec();
    let missing = members.remove(place);
    let mut leaves: Vec<Leaf> = members.into_iter().map(accepted).collect();
    // Not next to the gap where that can be.
    if place == 0 {
        leaves.push(stranger_leaf(false));
    } else {
        leaves.insert(0, stranger_leaf(true));
    }
    (missing, leaves)
}

fn omitted(
    index: u8,
    before: Option<&ProvenLeaf>,
    after: Option<&ProvenLeaf>,
) -> sp_runtime::DispatchResult {
    let (before, after) = (before.cloned(), after.cloned());
    report(BadRoot::Omitted { account: member(index), before, after })
}

#[test]
fn success_for_an_account_left_out_before_the_first() {
    scene(|| {
        let (missing, leaves) = with_one_left_out(0);
        let proven = posted(leaves);
        // The neighbours are not these.
        assert_noop!(omitted(missing, None, Some(&proven[1])), Error::<Test>::RootNotBad);
        assert_noop!(
            omitted(missing, Some(&proven[0]), Some(&proven[1])),
            Error::<Test>::RootNotBad
        );
        assert_noop!(omitted(missing, Some(&proven[2]), None), Error::<Test>::RootNotBad);
        assert_noop!(omitted(missing, None, None), Error::<Test>::RootNotBad);
        assert_ok!(omitted(missing, None, Some(&proven[0])));
        assert_eq!(round(0).state, RoundState::Voided);
    });
}

#[test]
fn success_for_an_account_left_out_in_the_middle() {
    scene(|| {
        let (missing, leaves) = with_one_left_out(1);
        let proven = posted(leaves);
        let [below, low, high] = [&proven[0], &proven[1], &proven[2]];
        for (before, after) in [
            (Some(below), Some(low)),
            (Some(below), Some(high)),
            (Some(high), Some(low)),
            (Some(low), None),
            (None, Some(high)),
            (Some(high), None),
            (None, None),
        ] {
            assert_noop!(omitted(missing, before, after), Error::<Test>::RootNotBad);
        }
        assert_ok!(omitted(missing, Some(low), Some(high)));
    });
}

#[test]
fn success_for_an_account_left_out_after_the_last() {
    scene(|| {
        let (missing, leaves) = with_one_left_out(2);
        let proven = posted(leaves);
        for before in [None, Some(&proven[0]), Some(&proven[1])] {
            assert_noop!(omitted(missing, before, None), Error::<Test>::RootNotBad);
        }
        assert_ok!(omitted(missing, Some(&proven[2]), None));
    });
}

#[test]
fn fails_for_an_account_that_has_a_leaf() {
    scene(|| {
        let members = in_order();
        let proven = posted(members.map(accepted).to_vec());
        let sides = || [None, Some(&proven[0]), Some(&proven[1]), Some(&proven[2])];
        for index in members {
            for before in sides() {
                for after in sides() {
                    assert_noop!(omitted(index, before, after), Error::<Test>::RootNotBad);
                }
            }
        }
    });
}

#[test]
fn fails_for_an_account_that_did_not_commit() {
    scene(|| {
        let proven = posted(in_order().map(accepted).to_vec());
        for account in [[0; 32], [0xff; 32]] {
            let is_below = account[0] == 0;
            let (before, after) = if is_below {
                (None, Some(proven[0].clone()))
            } else {
                (Some(proven[2].clone()), None)
            };
            let proof = BadRoot::Omitted { account: account.into(), before, after };
            assert_noop!(report(proof), Error::<Test>::RootNotBad);
        }
    });
}

#[test]
fn fails_for_forged_neighbours() {
    scene(|| {
        let (missing, leaves) = with_one_left_out(1);
        let proven = posted(leaves);
        // One that is there, said to be elsewhere.
        let moved = ProvenLeaf { index: 0, ..proven[2].clone() };
        assert_noop!(omitted(missing, None, Some(&moved)), Error::<Test>::ProofInvalid);
        // One that is not there.
        let mut other = proven[1].clone();
        other.leaf.reason = 44;
        let after = Some(&proven[2]);
        assert_noop!(omitted(missing, Some(&other), after), Error::<Test>::ProofInvalid);
        let mut cut = proven[1].clone();
        let mut siblings = cut.proof.to_vec();
        siblings.pop();
        cut.proof = siblings.try_into().expect("short");
        assert_noop!(omitted(missing, Some(&cut), after), Error::<Test>::ProofInvalid);
    });
}

#[test]
fn success_for_unsound_leaves() {
    let unsound = [
        Leaf { strikes: 1, ..accepted(1) },
        Leaf { reward: 1, ..leaf(1, Rejected, 0) },
        Leaf { strikes: 2, ..leaf(1, Rejected, 0) },
        Leaf { strikes: 0, ..leaf(1, Rejected, 0) },
        leaf(1, Excluded, 4),
        Leaf { strikes: 1, ..leaf(1, Excluded, 0) },
        leaf(1, Accepted, 301),
    ];
    for bad in unsound {
        scene(|| {
            let leaves = in_order().map(|index| match index {
                1 => bad.clone(),
                _ => accepted(index),
            });
            for proven in posted(leaves.to_vec()) {
                let is_bad = proven.leaf.account == member(1);
                let answer = report(BadRoot::Unsound(proven));
                if is_bad {
                    assert_ok!(answer);
                    return;
                }
                assert_eq!(answer, Err(Error::<Test>::RootNotBad.into()));
            }
            unreachable!("one of them is bad");
        });
    }
}

#[test]
fn success_for_a_reward_above_the_greatest_share() {
    let shared = |terms: &mut Terms| terms.max_share = percent(60);
    ExtBuilder::default().terms(shared).members(3).round().build_and_execute(|| {
        three_commit(0);
        let leaves = in_order().map(|index| match index {
            2 => leaf(2, Accepted, 181),
            _ => leaf(index, Accepted, 59),
        });
        let proven = posted(leaves.to_vec());
        let of = |index| proven.iter().find(|one| one.leaf.account == member(index)).expect("one");
        assert_noop!(report(BadRoot::Unsound(of(0).clone())), Error::<Test>::RootNotBad);
        assert_ok!(report(BadRoot::Unsound(of(2).clone())));
    });
}

#[test]
fn fails_for_a_forged_unsound_leaf() {
    scene(|| {
        let proven = posted(in_order().map(accepted).to_vec());
        let mut forged = proven[1].clone();
        forged.leaf.strikes = 5;
        assert_noop!(report(BadRoot::Unsound(forged)), Error::<Test>::ProofInvalid);
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

/// Who opened the round does not answer for what another posted.
#[test]
fn bond_does_not_pay_for_the_root_of_another() {
    ExtBuilder::default().terms(bonded).members(3).round().build_and_execute(|| {
        three_commit(0);
        let account = stranger();
        assert_ok!(send(&coordinator(), Call::replace_coordinator { federation: 0, account }));
        let leaves: Vec<Leaf> = (0..3).map(|index| leaf(index, Excluded, 3)).collect();
        let totals = Totals { excluded: 3, ..Totals::default() };
        let (root, proven) = prove(leaves);
        assert_ok!(settle_root_as_given(&stranger(), 0, root, totals));
        assert_ok!(report(BadRoot::Unsound(proven[0].clone())));
        assert_eq!(round(0).state, RoundState::Voided);
        assert_eq!((round(0).compensation, federation(0).failed_rounds), (None, 1));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 500);
    });
}
