// SPDX-License-Identifier: Apache-2.0
//! What is sent: verdicts, signed commitments, proofs.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::{sr25519, H256};
use sp_runtime::AccountId32;

use crate::encoding::Leaf;

/// Siblings on the way from a leaf to the root, lowest first.
pub type MerkleProof = BoundedVec<H256, ConstU32<32>>;

/// What a settlement says of one update.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Outcome {
    /// Averaged into the model, and rewarded.
    Accepted,
    /// Not averaged: no reward, one strike.
    Rejected,
    /// Left out without blame: no reward, no strike.
    Excluded,
}

/// What a settlement says of one member. It moves no stake by itself.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Verdict {
    /// Whose update.
    pub account: AccountId32,
    /// Commitment to what was revealed: the member's own when it fits, zero when nothing was.
    pub revealed: H256,
    /// Accepted, rejected or excluded.
    pub outcome: Outcome,
    /// The rule's score, in units of 10^-6.
    pub score: i64,
    /// The rule's reason code; 0 is accepted or none.
    pub reason: u8,
    /// Share of the round's reward, relative to the other accepted ones; 0 for all others.
    pub weight: u32,
}

/// A commitment that its member signed off chain. What is signed: [`crate::encoding::statement`].
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BatchEntry {
    /// Who commits.
    pub account: AccountId32,
    /// The commitment hash.
    pub commitment: H256,
    /// How many examples the member says it trained on.
    pub num_examples: u64,
    /// The account's sr25519 signature.
    pub signature: sr25519::Signature,
}

/// Why an entry of a batch was not taken.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum RefusalReason {
    /// The account is no member.
    NotParticipant,
    /// The active stake is below the terms' `min_stake`.
    StakeTooLow,
    /// The member is suspended after an offence.
    Suspended,
    /// The round is sealed.
    WindowClosed,
    /// The signature is not the account's over this commitment.
    BadSignature,
    /// The same hash is in already.
    Duplicate,
    /// Another hash is in already, and both are signed: an offence.
    Equivocation,
    /// It claims more examples than the terms, or those who admitted it, allow.
    TooManyExamples,
}

/// A leaf of the settlement root, with the proof that it is one.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ProvenLeaf {
    /// The leaf.
    pub leaf: Leaf,
    /// Its index in ascending order of accounts.
    pub index: u32,
    /// Siblings on its way to the root.
    pub proof: MerkleProof,
}

/// A commitment with its signature. What is signed: [`crate::encoding::statement`].
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedCommitment {
    /// The commitment hash.
    pub commitment: H256,
    /// How many examples the member says it trained on.
    pub num_examples: u64,
    /// The account's sr25519 signature.
    pub signature: sr25519::Signature,
}

/// A statement with its signature. What is signed: [`crate::encoding::to_sign_attest`].
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedStatement {
    /// The statement: [`crate::encoding::attest_statement`].
    pub statement: H256,
    /// The account's sr25519 signature.
    pub signature: sr25519::Signature,
}

/// Two different things that one account signed about one round.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum EquivocationProof {
    /// Two commitments of a participant.
    Commitments {
        /// Who signed both.
        account: AccountId32,
        /// One.
        first: SignedCommitment,
        /// The other.
        second: SignedCommitment,
    },
    /// Two attestations of a committee member.
    Attestations {
        /// Who signed both.
        account: AccountId32,
        /// One.
        first: SignedStatement,
        /// The other.
        second: SignedStatement,
    },
}

/// Why a posted root is wrong, whatever its other leaves say.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum BadRoot {
    /// Two leaves that are not in ascending order of their accounts, or of one account.
    OutOfOrder {
        /// The one with the lower index.
        first: ProvenLeaf,
        /// The one with the higher index.
        second: ProvenLeaf,
    },
    /// A leaf's account has no commitment in the round, or another one.
    NotCommitted(ProvenLeaf),
    /// An account that committed has no leaf: its place would be between these two.
    Omitted {
        /// Who has no leaf.
        account: AccountId32,
        /// The last leaf before its place; nothing before the first.
        before: Option<ProvenLeaf>,
        /// The first leaf after its place; nothing after the last.
        after: Option<ProvenLeaf>,
    },
    /// A leaf whose strikes or reward do not fit its outcome, or the greatest share.
    Unsound(ProvenLeaf),
}
