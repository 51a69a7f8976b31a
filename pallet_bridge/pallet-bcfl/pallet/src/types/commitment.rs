// SPDX-License-Identifier: Apache-2.0
//! What one account did in one round.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

use crate::{Balance, BlockNumber};

/// What became of a reward.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Payout {
    /// It waits for its claim.
    #[default]
    Waiting,
    /// It was paid.
    Paid,
    /// An offence took it, or leaving with strikes did.
    Forfeited,
}

/// A hash that binds one account to one update in one round, and what it earned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Commitment {
    /// The commitment hash: opaque to the pallet unless it is opened in a report.
    pub hash: H256,
    /// How many examples the member says it trained on.
    pub num_examples: u64,
    /// Block in which it came in.
    pub at: BlockNumber,
    /// Active stake of the member when it came in.
    pub stake: Balance,
    /// True once a verdict was applied.
    pub judged: bool,
    /// What the verdict, and the tenure of its member, give.
    pub reward: Balance,
    /// What became of the reward.
    pub payout: Payout,
}

impl Commitment {
    /// A commitment that no verdict has judged.
    pub fn new(hash: H256, num_examples: u64, at: BlockNumber, stake: Balance) -> Self {
        Self { hash, num_examples, at, stake, judged: false, reward: 0, payout: Payout::Waiting }
    }
}
