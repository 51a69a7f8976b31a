// SPDX-License-Identifier: Apache-2.0

mod council;
mod fees;
mod scopes;

use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::{GetCallIndex, GetCallName, PalletInfoAccess},
    weights::Weight,
};
use frame_system::limits::BlockWeights;
use pallet_bcfl::{BatchEntry, Outcome, Verdict, WeightInfo};
use serde_json::Value;
use sp_core::{sr25519, H256};
use sp_genesis_builder::PresetId;
use sp_runtime::{traits::TransactionExtension, BuildStorage};

use crate::*;

/// What a node does with a preset: lay it over the default configuration.
pub fn genesis_of(name: &PresetId) -> RuntimeGenesisConfig {
    let mut config =
        serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default is JSON");
    let patch = genesis::preset(name).expect("the preset is there");
    let patch: Value = serde_json::from_slice(&patch).expect("the preset is JSON");
    for (pallet, fields) in patch.as_object().expect("an object") {
        for (name, value) in fields.as_object().expect("an object") {
            config[pallet][name] = value.clone();
        }
    }
    serde_json::from_value(config).expect("a configuration")
}

#[test]
fn presets_build_a_state_with_their_accounts() {
    for (name, authorities) in genesis::preset_names().iter().zip([1, 2]) {
        let storage = genesis_of(name).build_storage().expect("a state");
        sp_io::TestExternalities::new(storage).execute_with(|| {
            assert_eq!(Balances::total_issuance(), 12 * 1_000_000 * UNIT);
            assert_eq!(pallet_aura::Authorities::<Runtime>::get().len(), authorities);
            assert_eq!(Grandpa::grandpa_authorities().len(), authorities);
            let sudo = pallet_sudo::Key::<Runtime>::get().expect("a sudo key");
            assert_eq!(Balances::free_balance(sudo), 1_000_000 * UNIT);
        });
    }
}

#[test]
fn unknown_preset_is_none() {
    assert_eq!(genesis::preset(&"production".into()), None);
}

#[test]
fn transaction_extensions_are_those_that_clients_sign() {
    let names: Vec<_> = <TxExtension as TransactionExtension<RuntimeCall>>::metadata()
        .into_iter()
        .map(|extension| extension.identifier)
        .collect();
    assert_eq!(
        names,
        [
            "CheckNonZeroSender",
            "CheckSpecVersion",
            "CheckTxVersion",
            "CheckGenesis",
            "CheckMortality",
            "CheckNonce",
            "CheckWeight",
            "ChargeTransactionPayment"
        ]
    );
}

#[test]
fn metadata_is_there_in_version_14() {
    sp_io::TestExternalities::default().execute_with(|| {
        assert!(Runtime::metadata_versions().contains(&14));
        // "meta", then the version.
        let bytes = codec::Encode::encode(&Runtime::metadata());
        assert_eq!(bytes[..5], *b"meta\x0e");
    });
}

#[test]
fn calls_have_their_indices() {
    let names = [
        "create_federation",
        "fund",
        "join",
        "add_stake",
        "unbond",
        "withdraw",
        "open_round",
        "commit",
        "commit_batch",
        "settle",
        "abort",
        "execute_slash",
        "claim",
        "close",
        "set_terms",
        "propose",
        "vote",
        "enact",
        "settle_root",
        "apply_leaf",
        "register_attester",
        "resign_attester",
        "attest",
        "report_equivocation",
        "report_mismatch",
        "report_bad_root",
        "dispute",
        "resolve",
        "lapse",
        "seal",
        "expire",
        "prune",
        "replace_coordinator",
        "invite",
        "post_bond",
        "withdraw_bond",
        "rebase",
        "report_misconduct",
        "skip_round",
        "refund",
        "name_successors",
        "take_over",
        "pause",
        "bind_node_key",
        "fund_fees",
        "report_wrong_verdict",
    ];
    type Call = pallet_bcfl::Call<Runtime>;
    assert_eq!(Bcfl::index(), 8);
    assert_eq!(Call::get_call_names(), names);
    assert_eq!(Call::get_call_indices(), (0..46).collect::<Vec<u8>>());
}

fn fits_a_block(call: pallet_bcfl::Call<Runtime>) -> bool {
    let limits: BlockWeights = <Runtime as frame_system::Config>::BlockWeights::get();
    let limit = limits.get(DispatchClass::Normal).max_extrinsic.unwrap_or(Weight::MAX);
    let call = RuntimeCall::Bcfl(call);
    call.get_dispatch_info().call_weight.all_lte(limit)
}

fn accounts() -> impl Iterator<Item = AccountId> {
    (0..=255).map(|index| AccountId::new([index; 32]))
}

#[test]
fn largest_lists_fit_a_block() {
    let entries = accounts().map(|account| BatchEntry {
        account,
        commitment: H256::zero(),
        num_examples: 0,
        signature: sr25519::Signature::default(),
    });
    let verdicts = accounts().map(|account| Verdict {
        account,
        revealed: H256::zero(),
        outcome: Outcome::Accepted,
        score: 0,
        reason: 0,
        weight: 1,
    });
    assert!(fits_a_block(pallet_bcfl::Call::commit_batch {
        federation: 0,
        round: 0,
        entries: entries.collect::<Vec<_>>().try_into().expect("256 entries"),
    }));
    assert!(fits_a_block(pallet_bcfl::Call::settle {
        federation: 0,
        round: 0,
        model: H256::zero(),
        report: H256::zero(),
        verdicts: verdicts.collect::<Vec<_>>().try_into().expect("256 verdicts"),
    }));
    assert!(fits_a_block(pallet_bcfl::Call::claim {
        federation: 0,
        account: AccountId::new([0; 32]),
        rounds: vec![0; 64].try_into().expect("64 rounds"),
    }));
    assert!(fits_a_block(pallet_bcfl::Call::enact { federation: 0, proposal: 0, limit: 256 }));
    assert!(fits_a_block(pallet_bcfl::Call::prune { federation: 0, round: 0, limit: 256 }));
}

#[test]
fn each_signature_of_a_batch_is_paid_for() {
    type Weights = pallet_bcfl::weights::SubstrateWeight<Runtime>;
    let one = Weights::commit_batch(1).saturating_sub(Weights::commit_batch(0));
    assert!(one.ref_time() > 60_000_000);
}
