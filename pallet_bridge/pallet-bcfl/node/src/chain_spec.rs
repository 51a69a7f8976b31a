// SPDX-License-Identifier: Apache-2.0
//! Which chain a name means: a file, or a preset of the runtime that `--runtime` names.

use sc_chain_spec::{ChainType, GenericChainSpec, GenesisConfigBuilderRuntimeCaller, Properties};
use std::{fs, path::Path};

pub type ChainSpec = GenericChainSpec;

/// Gives the specification that `--chain` or `--dev` asks for.
pub fn load(id: &str, runtime: Option<&Path>) -> Result<ChainSpec, String> {
    if id.is_empty() {
        return Err("No chain is named. Name the file of its specification with --chain; for a \
                    chain to try things on, use --dev and name the runtime with --runtime."
            .into());
    }
    let preset = preset_of(id);
    let file = Path::new(id);
    if preset == id && file.is_file() {
        return ChainSpec::from_json_file(file.into());
    }
    let Some(runtime) = runtime else {
        return Err(format!(
            "{id} is no file, and a chain from a preset of the runtime needs the runtime: name \
             its blob (bcfl_runtime.compact.compressed.wasm) with --runtime or BCFL_RUNTIME."
        ));
    };
    let code =
        fs::read(runtime).map_err(|error| format!("--runtime {}: {error}", runtime.display()))?;
    from_preset(preset, &code)
}

/// `--dev` asks for `dev`, and other nodes call the chain of two validators `local`.
fn preset_of(id: &str) -> &str {
    match id {
        "dev" => sp_genesis_builder::DEV_RUNTIME_PRESET,
        "local" => sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
        other => other,
    }
}

fn from_preset(preset: &str, code: &[u8]) -> Result<ChainSpec, String> {
    let (name, id, kind) = match preset {
        sp_genesis_builder::DEV_RUNTIME_PRESET => ("Development", "dev", ChainType::Development),
        sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => {
            ("Local testnet", "local", ChainType::Local)
        }
        other => {
            known(other, code)?;
            (other, other, ChainType::Live)
        }
    };
    let mut properties = Properties::new();
    properties.insert("ss58Format".into(), 42.into());
    properties.insert("tokenDecimals".into(), 12.into());
    properties.insert("tokenSymbol".into(), "UNIT".into());
    Ok(ChainSpec::builder(code, None)
        .with_name(name)
        .with_id(id)
        .with_chain_type(kind)
        .with_protocol_id("bcfl")
        .with_properties(properties)
        .with_genesis_config_preset_name(preset)
        .build())
}

/// To ask costs a second, for the blob is compiled; so nobody asks for the usual two.
fn known(preset: &str, code: &[u8]) -> Result<(), String> {
    let names = GenesisConfigBuilderRuntimeCaller::<()>::new(code).preset_names()?;
    if names.iter().any(|name| name.as_str() == preset) {
        return Ok(());
    }
    let names = names.join(", ");
    Err(format!("{preset} is neither a file nor a preset of the runtime: {names}."))
}
