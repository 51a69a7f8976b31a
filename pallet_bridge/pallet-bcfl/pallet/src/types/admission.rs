// SPDX-License-Identifier: Apache-2.0
//! Who may join, whom members belong to, and what outlives their leaving.
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::{max, min};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::AccountId32;

use crate::{Admission, BlockNumber, RoundId};

/// Name of an organisation: up to 32 bytes of UTF-8.
pub type Organisation = BoundedVec<u8, ConstU32<32>>;

/// Most members that vouch for one account.
pub type MaxVouchers = ConstU32<16>;

/// The latest rounds with a strike, oldest first.
pub type Struck = BoundedVec<RoundId, ConstU32<32>>;

/// Whose votes are counted together, and whose record outlives leaving.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Subject {
    /// An account that belongs to no organisation.
    Account(AccountId32),
    /// An organisation with all its accounts.
    Organisation(Organisation),
}

/// Leave for one account to join.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Invitation {
    /// Whom the account belongs to.
    pub organisation: Organisation,
    /// Most examples that it is vouched for; 0: nothing is said of that.
    pub max_examples: u64,
    /// Members that vouch for it; nobody when the coordinator or the council invited it.
    pub vouchers: BoundedVec<AccountId32, MaxVouchers>,
}

impl Invitation {
    /// True when it is enough to join while the federation has so many members.
    ///
    /// Who was invited by the coordinator or the council has no vouchers. That does where members
    /// have no say, and where there are fewer of them than have to vouch: else nobody could ever
    /// be the first.
    pub fn is_complete(&self, admission: Admission, members: u32) -> bool {
        match admission {
            Admission::Open => true,
            Admission::Invited => self.vouchers.is_empty(),
            Admission::Vouched(needed) if self.vouchers.is_empty() => members < needed,
            Admission::Vouched(needed) => crate::weights::count(self.vouchers.len()) >= needed,
        }
    }

    /// Whom the account belongs to; an empty name is none.
    pub fn belongs_to(&self) -> Option<Organisation> {
        (!self.organisation.is_empty()).then(|| self.organisation.clone())
    }
}

/// What is remembered of a member that left.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Record {
    /// Rejections not yet forgiven.
    pub strikes: u32,
    /// Accepted rounds in a row since the last rejection or forgiveness.
    pub clean_rounds: u32,
    /// Offences ever recorded.
    pub offences: u32,
    /// Strikes that were forgiven and are not forgotten.
    pub forgiven: u32,
    /// First block after the cool-down that follows a slash.
    pub suspended_until: BlockNumber,
    /// The latest rounds with a strike, oldest first.
    pub struck: Struck,
}

impl Record {
    /// Both records as one: the worse of the two in each respect.
    pub fn merge(self, other: Self) -> Self {
        let mut struck: Vec<RoundId> = self.struck.into_iter().chain(other.struck).collect();
        struck.sort_unstable();
        struck.dedup();
        let too_many = struck.len().saturating_sub(Struck::bound());
        Self {
            strikes: max(self.strikes, other.strikes),
            clean_rounds: min(self.clean_rounds, other.clean_rounds),
            offences: max(self.offences, other.offences),
            forgiven: max(self.forgiven, other.forgiven),
            suspended_until: max(self.suspended_until, other.suspended_until),
            struck: Struck::truncate_from(struck.split_off(too_many)),
        }
    }
}
