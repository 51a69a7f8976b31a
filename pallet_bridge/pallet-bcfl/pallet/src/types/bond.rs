// SPDX-License-Identifier: Apache-2.0
//! What a coordinator has on hold, and what takes it.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{sr25519, H256};

use crate::{Balance, BlockNumber};

/// What an account has on hold for coordinating a federation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bond {
    /// How much.
    pub amount: Balance,
    /// First block in which it is free; nothing while the account coordinates.
    pub free_at: Option<BlockNumber>,
}

/// What proves that a coordinator broke its duty in a round.
#[derive(
    Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum MisconductProof {
    /// It signed an instruction for this round that names another model or other terms than the
    /// round has on chain. What is signed: [`crate::encoding::to_sign_instruction`].
    Instruction {
        /// The model that the instruction names.
        base_model: H256,
        /// The terms that it names, by their hash.
        terms_hash: H256,
        /// When it expires, in seconds since 1970.
        expires: u64,
        /// The coordinator's sr25519 signature.
        signature: sr25519::Signature,
    },
}
