// SPDX-License-Identifier: Apache-2.0
//! The smallest chain around `pallet-bcfl`: blocks by Aura, finality by GRANDPA, both by sessions
//! of a validator set that a council changes, balances, fees, batches, upgrades that the council
//! allows, and a sudo key that a chain may do without.
//!
//! The blob of this crate runs in three places: in a node, in the embedded chain of the Python
//! package, and in tests. It therefore keeps to what all three can do: the runtime APIs a plain
//! Aura and GRANDPA node asks for, and the transaction extensions that every client can sign.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod configs;
mod council;
mod fees;
mod genesis;
mod scopes;
#[cfg(test)]
mod tests;
mod upgrades;

use alloc::vec::Vec;
use sp_runtime::{
    generic, impl_opaque_keys,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
    MultiAddress, MultiSignature,
};
use sp_version::{runtime_version, RuntimeVersion};

pub use frame_system::Call as SystemCall;
pub use pallet_balances::Call as BalancesCall;
pub use pallet_bcfl::Call as BcflCall;

/// Index of a block.
pub type BlockNumber = u32;
/// Amount of money, in planck.
pub type Balance = u128;
/// Count of the extrinsics that an account signed.
pub type Nonce = u32;
/// Hash of blocks and tries.
pub type Hash = sp_core::H256;
/// sr25519, ed25519 or ECDSA signature.
pub type Signature = MultiSignature;
/// 32-byte account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How an extrinsic names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block with typed extrinsics.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Extrinsic as it lies in a block.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// What a signature covers besides the call. Later extensions (metadata hash, storage weight
/// reclaim) are left out: clients that read V14 metadata do not sign them.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
);

/// Runs blocks through all pallets.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// Length of an Aura slot, and so the time between two blocks.
pub const SLOT_MILLISECONDS: u64 = 3_000;
/// One coin: 10^12 planck.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a coin.
pub const MILLIUNIT: Balance = 1_000_000_000;
/// Blocks of a day of 86,400 seconds.
pub const DAY: BlockNumber = 28_800;
/// Length of a session: ten minutes. A change of the validator set waits for two starts.
pub const SESSION_BLOCKS: BlockNumber = 200;
/// An account with less than this is removed.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLIUNIT;

impl_opaque_keys! {
    /// Keys of one authority.
    pub struct SessionKeys {
        /// Signs blocks.
        pub aura: Aura,
        /// Votes for finality.
        pub grandpa: Grandpa,
    }
}

/// Which runtime this is. `spec_version` rises with each change of behaviour,
/// `transaction_version` with each change of a call's encoding.
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: alloc::borrow::Cow::Borrowed("bcfl"),
    impl_name: alloc::borrow::Cow::Borrowed("bcfl"),
    authoring_version: 1,
    spec_version: 6,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 3,
    system_version: 1,
};

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;

    #[runtime::pallet_index(2)]
    pub type Aura = pallet_aura;

    #[runtime::pallet_index(3)]
    pub type Grandpa = pallet_grandpa;

    #[runtime::pallet_index(4)]
    pub type Balances = pallet_balances;

    #[runtime::pallet_index(5)]
    pub type TransactionPayment = pallet_transaction_payment;

    #[runtime::pallet_index(6)]
    pub type Utility = pallet_utility;

    #[runtime::pallet_index(7)]
    pub type Sudo = pallet_sudo;

    #[runtime::pallet_index(8)]
    pub type Bcfl = pallet_bcfl;

    #[runtime::pallet_index(9)]
    pub type Session = pallet_session;

    #[runtime::pallet_index(10)]
    pub type ValidatorSet = pallet_validator_set;

    #[runtime::pallet_index(11)]
    pub type Council = pallet_collective<Instance1>;

    #[runtime::pallet_index(12)]
    pub type Upgrades = crate::upgrades;

    #[runtime::pallet_index(13)]
    pub type MultiBlockMigrations = pallet_migrations;

    #[runtime::pallet_index(14)]
    pub type Proxy = pallet_proxy;

    #[runtime::pallet_index(15)]
    pub type KeyScopes = crate::scopes;
}
