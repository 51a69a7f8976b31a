// SPDX-License-Identifier: Apache-2.0
//! What is hashed and signed, to the byte. The vectors in `vectors/*.tsv` pin it for Rust and
//! Python; a change needs a new version in the domain string.
//!
//! A domain is a SCALE string: compact length, then the bytes. Numbers are little endian, hashes
//! and accounts 32 raw bytes.
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::AccountId32;

use crate::{Balance, FederationId, Outcome, RoundId};

/// Domain of [`commitment_hash`].
pub const COMMIT_DOMAIN: &str = "bcfl/commit/v1";
/// Domain of [`to_sign`].
pub const SIGN_DOMAIN: &str = "bcfl/sign/v1";
/// Domain of [`Leaf::hash`].
pub const LEAF_DOMAIN: &str = "bcfl/leaf/v2";
/// Domain of [`attest_statement`].
pub const ATTEST_DOMAIN: &str = "bcfl/attest/v1";
/// Domain of [`to_sign_attest`].
pub const ATTEST_SIGN_DOMAIN: &str = "bcfl/attest-sign/v1";

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

/// The commitment to an update. Made off chain, and opened on chain only in a report.
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

/// What a settlement says, as one hash: what attesters of a round attest.
pub fn attest_statement(
    genesis: H256,
    (federation, round): (FederationId, RoundId),
    model: H256,
    report: H256,
    root: H256,
) -> H256 {
    let said = (ATTEST_DOMAIN, genesis, federation, round, model, report, root);
    said.using_encoded(blake2_256).into()
}

/// The 32 bytes that an attester signs when it attests off chain.
pub fn to_sign_attest(context: &Context, statement: H256) -> [u8; 32] {
    (ATTEST_SIGN_DOMAIN, context, statement).using_encoded(blake2_256)
}

/// One verdict as it enters the settlement root.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Leaf {
    /// Whose update.
    pub account: AccountId32,
    /// The commitment hash.
    pub commitment: H256,
    /// Digest of the update that was revealed.
    pub digest: H256,
    /// 0 accepted, 1 rejected, 2 excluded.
    pub outcome: Outcome,
    /// The rule's score, in units of 10^-6.
    pub score: i64,
    /// Strikes that this verdict gives: 1 when rejected, else 0.
    pub strikes: u32,
    /// The reward of this round.
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

/// True when `leaf` is the hash at `index` of `count` leaves under `root`. The number of leaves
/// fixes at which levels a node has a sibling, so that a proof fits one place only.
pub fn verify_proof(root: H256, leaf: H256, index: u32, count: u32, proof: &[H256]) -> bool {
    if index >= count {
        return false;
    }
    let mut siblings = proof.iter();
    let (mut hash, mut place, mut last) = (leaf, index, count.saturating_sub(1));
    while last > 0 {
        if place & 1 == 1 || place < last {
            let Some(sibling) = siblings.next() else { return false };
            hash = if place & 1 == 1 { node(sibling, &hash) } else { node(&hash, sibling) };
        }
        place >>= 1;
        last >>= 1;
    }
    siblings.next().is_none() && hash == root
}

/// Siblings of the leaf at `index` on its way to the root: what [`verify_proof`] takes.
pub fn merkle_proof(leaves: &[H256], index: u32) -> Vec<H256> {
    let mut level = leaves.to_vec();
    let mut proof = Vec::new();
    let mut place = usize::try_from(index).unwrap_or(usize::MAX);
    while level.len() > 1 {
        proof.extend(level.get(place ^ 1));
        level = level.chunks(2).filter_map(parent).collect();
        place >>= 1;
    }
    proof
}
