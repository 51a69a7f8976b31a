// SPDX-License-Identifier: Apache-2.0

use sp_core::H256;
use sp_io::hashing::blake2_256;

use crate::{encoding::Context, mock::*, randomness::*};

fn context(index: u8, round: u32) -> Context {
    Context { genesis: hash(1), federation: 0, round, account: account(index) }
}

#[test]
fn chain_opens_one_step_at_a_time() {
    let start = hash(7);
    let middle = H256::from(blake2_256(start.as_bytes()));
    let end = H256::from(blake2_256(middle.as_bytes()));
    assert!(opens(middle, end));
    assert!(opens(start, middle));
    assert!(!opens(start, end));
    assert!(!opens(end, end));
}

#[test]
fn order_of_reveals_does_not_matter() {
    let (one, other) = ((context(1, 0), hash(2)), (context(2, 0), hash(3)));
    let mix_both = |first: &(Context, H256), then: &(Context, H256)| {
        mix(mix(hash(9), &first.0, first.1), &then.0, then.1)
    };
    assert_eq!(mix_both(&one, &other), mix_both(&other, &one));
}

#[test]
fn copied_chain_does_not_cancel_the_original() {
    let preimage = hash(2);
    let seed = mix(hash(9), &context(1, 0), preimage);
    assert_ne!(mix(seed, &context(2, 0), preimage), hash(9));
}

#[test]
fn same_value_in_two_rounds_adds_two_things() {
    let seed = mix(hash(9), &context(1, 0), hash(2));
    assert_ne!(mix(seed, &context(1, 1), hash(2)), hash(9));
}
