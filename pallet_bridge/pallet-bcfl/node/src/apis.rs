// SPDX-License-Identifier: Apache-2.0
//! The runtime APIs that the node calls, as types.
//!
//! The macro wants bodies. None of them ever runs: each call executes the blob of the chain.

use pallet_transaction_payment_rpc_runtime_api::{FeeDetails, RuntimeDispatchInfo};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
    AccountId32, ApplyExtrinsicResult, OpaqueExtrinsic,
};
use sp_weights::Weight;

pub type AccountId = AccountId32;
pub type Balance = u128;
pub type Nonce = u32;
/// Extrinsics stay opaque: `chain_getBlock` then gives each of them as one hex string.
pub type Block = generic::Block<generic::Header<u32, BlakeTwo256>, OpaqueExtrinsic>;

/// Stands for the runtime, which lies in the chain's state.
#[allow(dead_code, reason = "the macro names it, and nobody makes one")]
pub struct Runtime;

macro_rules! in_the_blob {
    () => {
        unreachable!("the chain's own runtime answers this")
    };
}

sp_api::impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> sp_version::RuntimeVersion {
            in_the_blob!()
        }

        fn execute_block(_: <Block as BlockT>::LazyBlock) {
            in_the_blob!()
        }

        fn initialize_block(_: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
            in_the_blob!()
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            in_the_blob!()
        }

        fn metadata_at_version(_: u32) -> Option<OpaqueMetadata> {
            in_the_blob!()
        }

        fn metadata_versions() -> Vec<u32> {
            in_the_blob!()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(_: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            in_the_blob!()
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            in_the_blob!()
        }

        fn inherent_extrinsics(_: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            in_the_blob!()
        }

        fn check_inherents(
            _: <Block as BlockT>::LazyBlock,
            _: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            in_the_blob!()
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            _: TransactionSource,
            _: <Block as BlockT>::Extrinsic,
            _: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            in_the_blob!()
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(_: &<Block as BlockT>::Header) {
            in_the_blob!()
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            in_the_blob!()
        }

        fn authorities() -> Vec<AuraId> {
            in_the_blob!()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(
            _: Vec<u8>,
            _: Option<Vec<u8>>,
        ) -> sp_session::OpaqueGeneratedSessionKeys {
            in_the_blob!()
        }

        fn decode_session_keys(_: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            in_the_blob!()
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            in_the_blob!()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            in_the_blob!()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            _: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
            _: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            in_the_blob!()
        }

        fn generate_key_ownership_proof(
            _: sp_consensus_grandpa::SetId,
            _: GrandpaId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            in_the_blob!()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(_: AccountId) -> Nonce {
            in_the_blob!()
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
        for Runtime
    {
        fn query_info(_: <Block as BlockT>::Extrinsic, _: u32) -> RuntimeDispatchInfo<Balance> {
            in_the_blob!()
        }

        fn query_fee_details(_: <Block as BlockT>::Extrinsic, _: u32) -> FeeDetails<Balance> {
            in_the_blob!()
        }

        fn query_weight_to_fee(_: Weight) -> Balance {
            in_the_blob!()
        }

        fn query_length_to_fee(_: u32) -> Balance {
            in_the_blob!()
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(_: Vec<u8>) -> sp_genesis_builder::Result {
            in_the_blob!()
        }

        fn get_preset(_: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            in_the_blob!()
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            in_the_blob!()
        }
    }
}
