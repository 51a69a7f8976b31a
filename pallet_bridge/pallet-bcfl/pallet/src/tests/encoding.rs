use codec::Encode;
use sp_core::H256;
use sp_io::hashing::blake2_256;

use crate::{
    encoding::{merkle_root, to_sign, Context},
    mock::*,
};

fn node(left: H256, right: H256) -> H256 {
    blake2_256(&[&[1], left.as_bytes(), right.as_bytes()].concat()).into()
}

#[test]
fn signed_bytes_are_the_fields_in_their_order() {
    let context = Context { genesis: hash(1), federation: 2, round: 3, account: account(4) };
    let mut bytes = vec![12 << 2];
    bytes.extend(b"bcfl/sign/v1");
    bytes.extend(hash(1).as_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(account(4).encode());
    bytes.extend(hash(5).as_bytes());
    bytes.extend(6_u64.to_le_bytes());
    assert_eq!(to_sign(&context, hash(5), 6), blake2_256(&bytes));
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
