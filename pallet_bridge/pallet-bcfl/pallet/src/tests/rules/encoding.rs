// SPDX-License-Identifier: Apache-2.0

use codec::Encode;
use sp_core::H256;
use sp_io::hashing::blake2_256;

use crate::{
    encoding::{
        attest_statement, merkle_proof, merkle_root, statement, to_sign_attest, verify_proof,
        Binding, Context,
    },
    mock::*,
};

fn node(left: H256, right: H256) -> H256 {
    blake2_256(&[&[1], left.as_bytes(), right.as_bytes()].concat()).into()
}

#[test]
fn signed_bytes_are_the_fields_in_their_order() {
    let context = Context { genesis: hash(1), federation: 2, round: 3, account: account(4) };
    let binding = Binding { coordinator: account(5), base_model: hash(6), terms_hash: hash(7) };
    let mut bytes = vec![17 << 2];
    bytes.extend(b"bcfl/statement/v2");
    bytes.extend(hash(1).as_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(account(4).encode());
    bytes.extend(account(5).encode());
    bytes.extend(hash(6).as_bytes());
    bytes.extend(hash(7).as_bytes());
    bytes.extend(hash(8).as_bytes());
    bytes.extend(9_u64.to_le_bytes());
    assert_eq!(statement(&context, &binding, hash(8), 9), blake2_256(&bytes));
}

#[test]
fn root_of_no_leaves_is_zero() {
    assert_eq!(merkle_root(vec![]), H256::zero());
}

#[test]
fn root_of_one_leaf_is_the_leaf() {
    assert_eq!(merkle_root(vec![hash(1)]), hash(1));
}

#[test]
fn odd_node_is_carried_up() {
    let pair = node(hash(1), hash(2));
    assert_eq!(merkle_root(vec![hash(1), hash(2)]), pair);
    assert_eq!(merkle_root(vec![hash(1), hash(2), hash(3)]), node(pair, hash(3)));
    let four = node(pair, node(hash(3), hash(4)));
    assert_eq!(merkle_root((1..6).map(hash).collect()), node(four, hash(5)));
}

#[test]
fn genesis_hash_is_that_of_block_zero() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(Bcfl::genesis_hash(), H256::repeat_byte(69));
    });
}

/// Hashes of `count` leaves, all different.
fn leaves(count: u32) -> Vec<H256> {
    (0..count).map(|index| blake2_256(&index.to_le_bytes()).into()).collect()
}

#[test]
fn each_leaf_of_any_tree_is_proved() {
    for count in 1..70 {
        let leaves = leaves(count);
        let root = merkle_root(leaves.clone());
        for index in 0..count {
            let proof = merkle_proof(&leaves, index);
            assert!(verify_proof(root, leaves[index as usize], index, count, &proof));
        }
    }
}

#[test]
fn proof_fits_one_index_and_count_only() {
    for count in 1..20 {
        let leaves = leaves(count);
        let root = merkle_root(leaves.clone());
        for index in 0..count {
            let (leaf, proof) = (leaves[index as usize], merkle_proof(&leaves, index));
            for other in (0..40).filter(|other| *other != index) {
                assert!(!verify_proof(root, leaf, other, count, &proof), "{index} as {other}");
            }
            for other in leaves.iter().filter(|other| **other != leaf) {
                assert!(!verify_proof(root, *other, index, count, &proof));
            }
            let mut longer = proof.clone();
            longer.push(leaf);
            assert!(!verify_proof(root, leaf, index, count, &longer));
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!verify_proof(root, leaf, index, count, shorter));
            }
        }
    }
}

#[test]
fn node_is_no_leaf() {
    let leaves = leaves(4);
    let root = merkle_root(leaves.clone());
    let left = node(leaves[0], leaves[1]);
    let right = node(leaves[2], leaves[3]);
    // Under the count of two the two nodes have proofs; the count is the settlement's, not the
    // prover's, and a leaf's hash starts from another tag.
    assert!(verify_proof(root, left, 0, 2, &[right]));
    assert!(!verify_proof(root, left, 0, 4, &[right]));
}

#[test]
fn proof_of_the_empty_tree_is_none() {
    assert!(!verify_proof(H256::zero(), H256::zero(), 0, 0, &[]));
    assert!(merkle_proof(&[], 0).is_empty());
}

#[test]
fn statement_and_what_is_signed_of_it_are_the_fields_in_their_order() {
    let mut bytes = vec![14 << 2];
    bytes.extend(b"bcfl/attest/v2");
    bytes.extend(hash(1).as_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend(3_u32.to_le_bytes());
    for byte in [7, 4, 5, 6] {
        bytes.extend(hash(byte).as_bytes());
    }
    let statement = attest_statement(hash(1), (2, 3), hash(7), (hash(4), hash(5), hash(6)));
    assert_eq!(statement, H256::from(blake2_256(&bytes)));
    let context = Context { genesis: hash(1), federation: 2, round: 3, account: account(4) };
    let mut bytes = vec![19 << 2];
    bytes.extend(b"bcfl/attest-sign/v2");
    bytes.extend(context.encode());
    bytes.extend(statement.as_bytes());
    assert_eq!(to_sign_attest(&context, statement), blake2_256(&bytes));
}
