//! What the coordinator sends about many members at once.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{sr25519, H256};
use sp_runtime::AccountId32;

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
    /// Left out: no reward, one strike.
    Rejected,
}

/// What a settlement says of one member. It moves no stake by itself.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Verdict {
    /// Whose update.
    pub account: AccountId32,
    /// Accepted or rejected.
    pub outcome: Outcome,
    /// The rule's score, in units of 10^-6.
    pub score: i64,
    /// The rule's reason code; 0 is accepted or none.
    pub reason: u8,
}

/// A commitment that its member signed off chain. What is signed: [`crate::encoding::to_sign`].
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
}
