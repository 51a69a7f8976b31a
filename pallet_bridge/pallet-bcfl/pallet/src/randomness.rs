// SPDX-License-Identifier: Apache-2.0
//! The seed of the draws: reveals of hash chains, mixed.
//!
//! An attester makes a chain `x_n = blake2_256(x_(n-1))` and registers its end. With each first
//! statement in a round it reveals the value before the end that is public, which nobody else
//! could know and which it cannot choose any more. No hash of a block and no timestamp enters:
//! the author of a block can leave a reveal out, but cannot try values.
use codec::Encode;
use sp_core::H256;
use sp_io::hashing::blake2_256;

use crate::encoding::Context;

/// Domain of what a reveal adds to the seed.
pub const SEED_DOMAIN: &str = "bcfl/seed/v1";

/// True when this is the value before the public end of the chain.
pub fn opens(preimage: H256, tip: H256) -> bool {
    H256::from(blake2_256(preimage.as_bytes())) == tip
}

/// The seed after one more reveal.
///
/// Exclusive or makes it independent of the order, so that an author cannot choose an order. What
/// is added is bound to the account and the round: one that registered a copy of another's end
/// does not cancel its reveal.
pub fn mix(seed: H256, context: &Context, preimage: H256) -> H256 {
    seed ^ H256::from((SEED_DOMAIN, context, preimage).using_encoded(blake2_256))
}
