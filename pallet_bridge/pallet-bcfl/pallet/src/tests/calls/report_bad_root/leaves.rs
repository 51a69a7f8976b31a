// SPDX-License-Identifier: Apache-2.0
//! Whole lists of leaves: their order, who is left out, and what is unsound.

use super::*;

/// Members 0, 1 and 2 in ascending order of their accounts.
fn in_order() -> [u8; 3] {
    let mut members = [0, 1, 2];
    members.sort_by_key(|index| member(*index));
    members
}

/// Post the root of these leaves in the order given, with the totals of three that are sound.
/// Returns each with its proof.
pub fn posted(leaves: Vec<Leaf>) -> Vec<ProvenLeaf> {
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
pub fn with_one_left_out(place: usize) -> (u8, Vec<Leaf>) {
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

pub fn omitted(
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
