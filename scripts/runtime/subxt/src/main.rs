// SPDX-License-Identifier: Apache-2.0
//! What a user of subxt asks of a chain, as one JSON object: `subxt-client ws://HOST:PORT NAME`.
//!
//! NAME is how subxt speaks to a node: `legacy`, `chainhead` or `combined`, its default. All names
//! of pallets, calls and types are looked up in the chain's metadata; nothing is generated before.

use std::{error::Error, sync::Arc, time::Duration};

use serde_json::{json, Value as Json};
use subxt::{
    backend::{ChainHeadBackend, CombinedBackend, LegacyBackend},
    dynamic::{self, At, Value},
    rpcs::RpcClient,
    OnlineClient, PolkadotConfig,
};
use subxt_signer::sr25519::dev;

type Chain = OnlineClient<PolkadotConfig>;

const AMOUNT: u128 = 7_000_000_000_000;
const LONGEST: Duration = Duration::from_secs(120);

async fn connected(url: &str, backend: &str) -> Result<Chain, Box<dyn Error>> {
    let rpc = RpcClient::from_insecure_url(url).await?;
    Ok(match backend {
        "legacy" => Chain::from_backend(Arc::new(LegacyBackend::builder().build(rpc))).await?,
        "chainhead" => {
            let driven = ChainHeadBackend::builder().build_with_background_driver(rpc);
            Chain::from_backend(Arc::new(driven)).await?
        }
        "combined" => {
            let driven = CombinedBackend::builder()
                .build_with_background_driver(rpc)
                .await?;
            Chain::from_backend(Arc::new(driven)).await?
        }
        other => return Err(format!("{other} is no backend").into()),
    })
}

/// Read what does not depend on how many blocks there are: of the first block, where that can be
/// had by the way in which subxt speaks to the node, and of the newest otherwise.
async fn reads(chain: &Chain, backend: &str) -> Result<Json, Box<dyn Error>> {
    let at = match backend {
        "chainhead" => chain.at_current_block().await?,
        _ => chain.at_block(chain.genesis_hash()).await?,
    };
    let account = dynamic::storage::<([u8; 32],), Value>("System", "Account");
    let alice = dev::alice().public_key().0;
    let stored = at.storage().fetch(account, (alice,)).await?.decode()?;
    let accounts = dynamic::storage::<([u8; 32],), Value>("System", "Account");
    let mut entries = at.storage().iter(accounts, ()).await?;
    let mut seen = Vec::new();
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        // the nonce of a new account follows from the block it came in
        let value = entry.value().decode()?;
        let data = value.at("data").ok_or("an account without data")?;
        seen.push(format!("{:?} {data}", entry.key_bytes()));
    }
    seen.sort();
    let deposit = dynamic::constant::<u128>("Balances", "ExistentialDeposit");
    let nonce = dynamic::runtime_api_call::<_, u32>("AccountNonceApi", "account_nonce", (alice,));
    let metadata = at.metadata();
    let mut pallets = Vec::new();
    for pallet in metadata.pallets() {
        let calls = pallet.call_variants().map_or(0, <[_]>::len);
        pallets.push(json!([pallet.name(), calls]));
    }
    Ok(json!({
        "genesis": format!("{:?}", chain.genesis_hash()),
        "versions": [at.spec_version(), at.transaction_version()],
        "pallets": pallets,
        "account": stored.to_string(),
        "accounts": seen,
        "deposit": at.constants().entry(deposit)?.to_string(),
        "nonce": at.runtime_apis().call(nonce).await?,
        "code": at.storage().runtime_wasm_code().await?.len(),
    }))
}

/// Read the record of a federation that somebody founded before.
async fn federation(chain: &Chain) -> Result<String, Box<dyn Error>> {
    let at = chain.at_current_block().await?;
    let records = dynamic::storage::<(u32,), Value>("Bcfl", "Federations");
    Ok(at
        .storage()
        .fetch(records, (0u32,))
        .await?
        .decode()?
        .to_string())
}

/// Pay, wait until that is final, and give the events of it.
async fn transfer(chain: &Chain) -> Result<Json, Box<dyn Error>> {
    let eve = dev::eve().public_key().to_address::<()>();
    let call = dynamic::tx("Balances", "transfer_keep_alive", (eve, AMOUNT));
    let pending = chain
        .tx()
        .await?
        .sign_and_submit_then_watch_default(&call, &dev::dave())
        .await?;
    let included = pending.wait_for_finalized().await?;
    let events = included.wait_for_success().await?;
    let mut told = Vec::new();
    for event in events.iter() {
        let event = event?;
        let name = format!("{}.{}", event.pallet_name(), event.event_name());
        let fields: Value = event.decode_fields_unchecked_as()?;
        told.push(json!([name, fields.to_string()]));
    }
    let block = included.at().await?;
    let mut calls = Vec::new();
    for extrinsic in block.extrinsics().fetch().await?.iter() {
        let extrinsic = extrinsic?;
        calls.push(format!(
            "{}.{}",
            extrinsic.pallet_name(),
            extrinsic.call_name()
        ));
    }
    Ok(json!({ "events": told, "calls": calls }))
}

/// Submit a call that fails in its block, and give the words of the error.
async fn failing(chain: &Chain) -> Result<String, Box<dyn Error>> {
    let call = dynamic::tx("Bcfl", "close", (4_000_000u32,));
    let pending = chain
        .tx()
        .await?
        .sign_and_submit_then_watch_default(&call, &dev::dave())
        .await?;
    match pending.wait_for_finalized_success().await {
        Ok(_) => Ok("it did not fail".into()),
        Err(error) => Ok(error.to_string()),
    }
}

async fn told(url: &str, backend: &str) -> Result<Json, Box<dyn Error>> {
    let chain = connected(url, backend).await?;
    let mut answers = reads(&chain, backend).await?;
    answers["federation"] = federation(&chain).await?.into();
    let mut blocks = chain.stream_blocks().await?;
    // the subscription is made when it is asked for the first time, and tells the newest block
    let first = blocks.next().await.ok_or("no block is told")??;
    let mut numbers = vec![first.number()];
    answers["transfer"] = transfer(&chain).await?;
    answers["failing"] = failing(&chain).await?.into();
    while numbers.len() < 3 {
        let block = blocks.next().await.ok_or("the blocks ended")??;
        numbers.push(block.number());
    }
    let follow = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    answers["finalized blocks follow each other"] = follow.into();
    Ok(answers)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, url, backend] = words.as_slice() else {
        return Err("give the chain's URL and a backend".into());
    };
    println!(
        "{}",
        tokio::time::timeout(LONGEST, told(url, backend)).await??
    );
    Ok(())
}
