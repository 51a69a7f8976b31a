// SPDX-License-Identifier: Apache-2.0
//! Who may join, whom members belong to, and what outlives their leaving.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::AccountId32;

use crate::{BlockNumber, RoundId};

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
