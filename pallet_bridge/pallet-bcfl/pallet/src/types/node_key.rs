// SPDX-License-Identifier: Apache-2.0
//! Which machine speaks for a member.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;

/// A signature of up to 144 bytes: that of an elliptic-curve key in DER.
pub type NodeProof = BoundedVec<u8, ConstU32<144>>;

/// The key with which a member's node authenticates itself off chain.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct NodeKey {
    /// Hash of the public key.
    pub key: H256,
    /// That key's signature over its binding to the member; empty: it was not at hand. The chain
    /// cannot check it, whoever knows the public key can.
    pub proof: NodeProof,
}
