//! What is hashed and signed, to the byte. The vectors in `vectors/*.tsv` pin it for Rust and
//! Python; a change needs a new version in the domain string.
//!
//! A domain is a SCALE string: compact length, then the bytes. Numbers are little endian, hashes
//! and accounts 32 raw bytes.

use alloc::vec::Vec;
use codec::Encode;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::AccountId32;

use crate::{Balance, FederationId, Outcome, RoundId};

/// Domain of [`commitment_hash`].
pub const COMMIT_DOMAIN: &str = "bcfl/commit/v1";
/// Domain of [`to_sign`].
pub const SIGN_DOMAIN: &str = "bcfl/sign/v1";
/// Domain of [`Leaf::hash`].
pub const LEAF_DOMAIN: &str = "bcfl/leaf/v1";

const LEAF_TAG: u8 = 0;
const NODE_TAG: u8 = 1;

/// Where and by whom something is said: what keeps it from being used again elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Context {
    /// Hash of the chain's first block.
    pub genesis: H256,
    /// Which federation.
    pub federation: FederationId,
    /// Which round.
    pub round: RoundId,
    /// Who.
    pub account: AccountId32,
}

/// The commitment to an update. The pallet never opens it: made and checked off chain.
pub fn commitment_hash(
    context: &Context,
    update_digest: H256,
    num_examples: u64,
    salt: [u8; 32],
) -> H256 {
    (COMMIT_DOMAIN, context, update_digest, num_examples, salt).using_encoded(blake2_256).into()
}

/// The 32 bytes that a member signs for `commit_batch`.
pub fn to_sign(context: &Context, commitment: H256, num_examples: u64) -> [u8; 32] {
    (SIGN_DOMAIN, context, commitment, num_examples).using_encoded(blake2_256)
}

/// One verdict as it enters the settlement root.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Leaf {
    /// Whose update.
    pub account: AccountId32,
    /// The commitment hash.
    pub commitment: H256,
    /// 0 accepted, 1 rejected.
    pub outcome: Outcome,
    /// The rule's score, in units of 10^-6.
    pub score: i64,
    /// Strikes after this verdict, before an offence resets them.
    pub strikes: u32,
    /// The reward credited for this round.
    pub reward: Balance,
    /// The rule's reason code.
    pub reason: u8,
}

impl Leaf {
    /// Hash of the leaf: its tag, its domain, its fields.
    pub fn hash(&self) -> H256 {
        (LEAF_TAG, LEAF_DOMAIN, self).using_encoded(blake2_256).into()
    }
}

fn node(left: &H256, right: &H256) -> H256 {
    (NODE_TAG, left, right).using_encoded(blake2_256).into()
}

/// Root of the binary Merkle tree over these leaf hashes, in their order. An odd last node is
/// carried up unchanged; without leaves the root is 32 zero bytes.
pub fn merkle_root(leaves: Vec<H256>) -> H256 {
    let mut level = leaves;
    while level.len() > 1 {
        level = level.chunks(2).filter_map(parent).collect();
    }
    level.first().copied().unwrap_or_default()
}

fn parent(pair: &[H256]) -> Option<H256> {
    match pair {
        [left, right] => Some(node(left, right)),
        [odd] => Some(*odd),
        _ => None,
    }
}
