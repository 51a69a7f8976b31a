// SPDX-License-Identifier: Apache-2.0
//! Facts that may cost stake.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::AccountId32;

use crate::{Balance, BlockNumber};

/// What a member did.
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
pub enum OffenceKind {
    /// Two signed commitments over different hashes in one round: proved on chain.
    Equivocation,
    /// A streak of rejections.
    Outlier,
    /// The update that the settlement root names is not the one committed to.
    Mismatch,
    /// Two attestations of different statements in one round: proved on chain.
    AttesterEquivocation,
    /// A seat of the committee that said nothing in a round under terms that its holder signed.
    Silence,
    /// An attestation of a settlement that the committee refuted.
    FalseAttestation,
}

/// The accused's objection, until it is decided.
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
pub struct Dispute {
    /// What the accused has on hold for it.
    pub bond: Balance,
    /// Last block in which it may be decided; then it lapses in favour of the accused.
    pub until: BlockNumber,
    /// Committee seats that voted to uphold the offence, as bits by index.
    pub upheld: u32,
    /// Committee seats that voted to overturn it, as bits by index.
    pub overturned: u32,
    /// True when the bond is a part of the stake: then nothing more is on hold for it.
    pub from_stake: bool,
}

/// What became of an offence.
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
pub enum OffenceState {
    /// It waits for its slash.
    Pending,
    /// The accused objects.
    Disputed(Dispute),
    /// The arbiter confirmed it: the slash may follow at once.
    Upheld,
    /// Its stake was taken.
    Executed,
    /// A dispute ended in favour of the accused.
    Overturned,
}

impl OffenceState {
    /// True while a slash may still follow.
    pub fn waits(&self) -> bool {
        match self {
            OffenceState::Pending | OffenceState::Disputed(_) | OffenceState::Upheld => true,
            OffenceState::Executed | OffenceState::Overturned => false,
        }
    }
}

/// A recorded offence. It stays until its round is pruned, so that nothing is slashed twice.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Offence {
    /// What the member did.
    pub kind: OffenceKind,
    /// Active and unbonding stake when it was recorded.
    pub stake: Balance,
    /// What the slash takes at most.
    pub amount: Balance,
    /// First block in which it may be executed, and the first in which it can not be disputed.
    pub executable_at: BlockNumber,
    /// Who reported it, when neither the pallet itself nor the coordinator's batch did.
    pub reporter: Option<AccountId32>,
    /// What became of it.
    pub state: OffenceState,
}
