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

use crate::{Balance, FederationId, Outcome, RoundId, Terms};

/// Domain of [`commitment_hash`].
pub const UPDATE_DOMAIN: &str = "bcfl/update/v2";
/// Domain of [`statement`].
pub const STATEMENT_DOMAIN: &str = "bcfl/statement/v2";
/// Domain of [`terms_hash`].
pub const TERMS_DOMAIN: &str = "bcfl/terms/v1";
/// Domain of [`to_sign_instruction`].
pub const INSTRUCTION_DOMAIN: &str = "bcfl/instruction/v2";
/// Domain of [`Leaf::hash`].
pub const LEAF_DOMAIN: &str = "bcfl/leaf/v3";
/// Domain of [`attest_statement`].
pub const ATTEST_DOMAIN: &str = "bcfl/attest/v2";
/// Domain of [`refute_statement`].
pub const REFUTE_DOMAIN: &str = "bcfl/refute/v1";
/// Domain of [`to_sign_attest`].
pub const ATTEST_SIGN_DOMAIN: &str = "bcfl/attest-sign/v2";

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

/// What a round is to those who sign for it: who opened it, on which model, under which terms.
/// Whoever was shown something else has signed something else, which is worth nothing here.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Binding {
    /// Account that opened the round.
    pub coordinator: AccountId32,
    /// Hash of the model that training starts from.
    pub base_model: H256,
    /// Hash of the terms that the round runs under.
    pub terms_hash: H256,
}

/// The commitment to an update. Made off chain, and never opened on chain. The account in it makes
/// a copy of another's commitment worthless.
pub fn commitment_hash(account: &AccountId32, update_digest: H256, salt: [u8; 32]) -> H256 {
    (UPDATE_DOMAIN, account, update_digest, salt).using_encoded(blake2_256).into()
}

/// Hash of terms: by signing it, or what contains it, an account consents to them.
pub fn terms_hash(terms: &Terms) -> H256 {
    (TERMS_DOMAIN, terms).using_encoded(blake2_256).into()
}

/// What a member says of its update in a round: the 32 bytes that it signs.
pub fn statement(
    context: &Context,
    binding: &Binding,
    commitment: H256,
    num_examples: u64,
) -> [u8; 32] {
    (STATEMENT_DOMAIN, context, binding, commitment, num_examples).using_encoded(blake2_256)
}

/// The 32 bytes that a coordinator signs when it asks members to train.
pub fn to_sign_instruction(
    genesis: H256,
    (federation, round): (FederationId, RoundId),
    binding: &Binding,
    expires: u64,
) -> [u8; 32] {
    let said = (INSTRUCTION_DOMAIN, genesis, federation, round, binding, expires);
    said.using_encoded(blake2_256)
}

/// What a settlement says, as one hash: what attesters of a round attest. The hash of the terms in
/// it is their consent to them.
pub fn attest_statement(
    genesis: H256,
    (federation, round): (FederationId, RoundId),
    terms_hash: H256,
    (model, report, root): (H256, H256, H256),
) -> H256 {
    let said = (ATTEST_DOMAIN, genesis, federation, round, terms_hash, model, report, root);
    said.using_encoded(blake2_256).into()
}

/// That a settlement is not what comes out of its round, as one hash: what attesters attest who did
/// the round again. It names the settlement by the same fields as [`attest_statement`].
pub fn refute_statement(
    genesis: H256,
    (federation, round): (FederationId, RoundId),
    terms_hash: H256,
    (model, report, root): (H256, H256, H256),
) -> H256 {
    let said = (REFUTE_DOMAIN, genesis, federation, round, terms_hash, model, report, root);
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
    /// Commitment to what was revealed: the member's own when it fits, zero when nothing was.
    pub revealed: H256,
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
