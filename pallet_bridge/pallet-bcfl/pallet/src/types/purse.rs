// SPDX-License-Identifier: Apache-2.0
//! Fees that a federation pays for its members.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::BlockNumber;

/// How many of an account's fees a federation paid on the day of the last one.
#[derive(
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Sponsorship {
    /// Which day: days are counted from block 0.
    pub day: BlockNumber,
    /// How many fees were paid on it.
    pub used: u32,
}

impl Sponsorship {
    /// How many were paid on `day`.
    pub fn used_on(&self, day: BlockNumber) -> u32 {
        if self.day == day {
            self.used
        } else {
            0
        }
    }

    /// With one more, paid on `day`.
    pub fn with_one_on(&self, day: BlockNumber) -> Self {
        Self { day, used: self.used_on(day).saturating_add(1) }
    }
}
