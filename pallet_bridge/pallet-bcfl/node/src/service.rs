// SPDX-License-Identifier: Apache-2.0
//! The parts of a node: what the commands need, and what runs when it is started.

use crate::apis::{Block, RuntimeApi};
use sc_consensus::BasicQueue;
use sc_consensus_aura::{standalone::slot_duration_at, ImportQueueParams, SlotDuration};
use sc_service::{
    config::Configuration, error::Error, KeystoreContainer, TFullBackend, TFullClient, TaskManager,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sp_consensus_aura::{inherents::InherentDataProvider as SlotInherent, sr25519::AuthorityPair};
use sp_timestamp::InherentDataProvider as TimeInherent;
use std::sync::Arc;

type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
pub type Client = TFullClient<Block, RuntimeApi, Executor>;
pub type Backend = TFullBackend<Block>;
pub type Pool = sc_transaction_pool::TransactionPoolHandle<Block, Client>;
pub type LongestChain = sc_consensus::LongestChain<Backend, Block>;
pub type GrandpaImport =
    sc_consensus_grandpa::GrandpaBlockImport<Backend, Block, Client, LongestChain>;
pub type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, Client, LongestChain>;

/// How many blocks may pass between two justifications that are kept and imported.
pub const JUSTIFICATION_PERIOD: u32 = 512;

pub struct Parts {
    pub client: Arc<Client>,
    pub backend: Arc<Backend>,
    pub task_manager: TaskManager,
    pub import_queue: BasicQueue<Block>,
    pub keystore: KeystoreContainer,
    pub select_chain: LongestChain,
    pub pool: Arc<Pool>,
    pub block_import: GrandpaImport,
    pub grandpa: GrandpaLink,
    pub telemetry: Option<Telemetry>,
}

pub fn parts(config: &Configuration) -> Result<Parts, Error> {
    let telemetry = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
        .map(|endpoints| -> Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            Vec::new(),
        )?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });
    let select_chain = LongestChain::new(backend.clone());
    let pool = Arc::new(
        sc_transaction_pool::Builder::new(
            task_manager.spawn_essential_handle(),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );
    let (block_import, grandpa) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry.as_ref().map(Telemetry::handle),
    )?;
    let of_slot = client.clone();
    let import_queue =
        sc_consensus_aura::import_queue::<AuthorityPair, _, _, _, _, _>(ImportQueueParams {
            block_import: block_import.clone(),
            justification_import: Some(Box::new(block_import.clone())),
            client: client.clone(),
            create_inherent_data_providers: move |parent, ()| {
                let client = of_slot.clone();
                async move { Ok(inherents(slot_duration_at(&*client, parent)?)) }
            },
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            check_for_equivocation: Default::default(),
            telemetry: telemetry.as_ref().map(Telemetry::handle),
            compatibility_mode: Default::default(),
        })?;
    Ok(Parts {
        client,
        backend,
        task_manager,
        import_queue,
        keystore,
        select_chain,
        pool,
        block_import,
        grandpa,
        telemetry,
    })
}

/// What a block's author says of time: the clock, and the slot that follows from it.
pub fn inherents(slot: SlotDuration) -> (SlotInherent, TimeInherent) {
    let time = TimeInherent::from_system_time();
    (SlotInherent::from_timestamp_and_slot_duration(*time, slot), time)
}
