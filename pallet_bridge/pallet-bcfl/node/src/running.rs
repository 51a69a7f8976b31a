// SPDX-License-Identifier: Apache-2.0
//! What runs as long as the node does: network, RPC, blocks and finality.

use crate::{
    apis::Block,
    rpc,
    service::{
        inherents, parts, Client, GrandpaImport, LongestChain, Parts, Pool, JUSTIFICATION_PERIOD,
    },
};
use futures::FutureExt;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus::JustificationSyncLink;
use sc_consensus_aura::{standalone::slot_duration_at, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{
    warp_proof, FinalityProofProvider, GrandpaParams, SharedVoterState, VotingRulesBuilder,
};
use sc_network::config::FullNetworkConfiguration;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
    config::Configuration, error::Error, BuildNetworkParams, SpawnTasksParams, TaskManager,
    WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryHandle};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus::SyncOracle;
use sp_consensus_aura::sr25519::AuthorityPair;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Block as BlockT;
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// What each of the tasks below holds a part of.
#[derive(Clone)]
struct Shared {
    client: Arc<Client>,
    pool: Arc<Pool>,
    keystore: KeystorePtr,
    registry: Option<Registry>,
    telemetry: Option<TelemetryHandle>,
}

pub fn start<N>(config: Configuration) -> Result<TaskManager, Error>
where
    N: sc_network::NetworkBackend<Block, <Block as BlockT>::Hash>,
{
    let Parts {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore,
        select_chain,
        pool,
        block_import,
        grandpa,
        mut telemetry,
    } = parts(&config)?;
    let shared = Shared {
        client: client.clone(),
        pool: pool.clone(),
        keystore: keystore.keystore(),
        registry: config.prometheus_registry().cloned(),
        telemetry: telemetry.as_ref().map(Telemetry::handle),
    };
    let authorities = grandpa.shared_authority_set().clone();

    let metrics = N::register_notification_metrics(shared.registry.as_ref());
    let mut net_config =
        FullNetworkConfiguration::<_, _, N>::new(&config.network, shared.registry.clone());
    let genesis = client.block_hash(0)?.expect("a client has a genesis block; qed");
    let protocol_name = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (votes, notification_service) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
        protocol_name.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(votes);
    let warp_proofs =
        warp_proof::NetworkProvider::new(backend.clone(), authorities.clone(), Vec::new());
    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_proofs))),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    if config.offchain_worker.enabled {
        let workers = OffchainWorkers::new(OffchainWorkerOptions {
            runtime_api_provider: client.clone(),
            is_validator: config.role.is_authority(),
            keystore: Some(shared.keystore.clone()),
            offchain_db: backend.offchain_storage(),
            transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
            network_provider: Arc::new(network.clone()),
            enable_http_requests: true,
            custom_extensions: |_| Vec::new(),
        })?;
        let working = workers.run(client.clone(), task_manager.spawn_handle()).boxed();
        task_manager.spawn_handle().spawn("offchain-workers-runner", "offchain-worker", working);
    }

    let voter_state = SharedVoterState::empty();
    let finality = rpc::Finality {
        voter: voter_state.clone(),
        justifications: grandpa.justification_stream(),
        proofs: FinalityProofProvider::new_for_service(backend.clone(), Some(authorities.clone())),
        authorities,
    };
    let (role, force_authoring) = (config.role, config.force_authoring);
    let finalizes = !config.disable_grandpa;
    let voter = sc_consensus_grandpa::Config {
        gossip_duration: Duration::from_millis(333),
        justification_generation_period: JUSTIFICATION_PERIOD,
        name: Some(config.network.node_name.clone()),
        observer_enabled: false,
        keystore: role.is_authority().then(|| shared.keystore.clone()),
        local_role: role,
        telemetry: shared.telemetry.clone(),
        protocol_name,
    };
    let of_rpc = (client.clone(), pool.clone());
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client,
        backend,
        task_manager: &mut task_manager,
        keystore: keystore.keystore(),
        transaction_pool: pool.clone(),
        rpc_builder: Box::new(move |executor| {
            let (client, pool) = of_rpc.clone();
            rpc::create(client, pool, &finality, executor).map_err(Error::Application)
        }),
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    if role.is_authority() {
        let sync = sync_service.clone();
        author(&shared, select_chain, block_import, sync, force_authoring, &task_manager)?;
    }
    if finalizes {
        let voting = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
            config: voter,
            link: grandpa,
            network,
            sync: sync_service,
            notification_service,
            voting_rule: VotingRulesBuilder::default().build(),
            prometheus_registry: shared.registry,
            shared_voter_state: voter_state,
            telemetry: shared.telemetry,
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(pool),
        })?;
        task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voting);
    }
    Ok(task_manager)
}

/// Makes a block whenever the slot is of a key in the keystore.
fn author<S>(
    shared: &Shared,
    select_chain: LongestChain,
    block_import: GrandpaImport,
    sync: S,
    force_authoring: bool,
    task_manager: &TaskManager,
) -> Result<(), Error>
where
    S: SyncOracle + JustificationSyncLink<Block> + Clone + Send + Sync + 'static,
{
    let proposer_factory = sc_basic_authorship::ProposerFactory::new(
        task_manager.spawn_handle(),
        shared.client.clone(),
        shared.pool.clone(),
        shared.registry.as_ref(),
        shared.telemetry.clone(),
    );
    let of_slot = shared.client.clone();
    let aura = sc_consensus_aura::start_aura::<AuthorityPair, _, _, _, _, _, _, _, _, _, _>(
        StartAuraParams {
            slot_duration: sc_consensus_aura::slot_duration(&*shared.client)?,
            client: shared.client.clone(),
            select_chain,
            block_import,
            proposer_factory,
            create_inherent_data_providers: move |parent, ()| {
                let client = of_slot.clone();
                async move { Ok(inherents(slot_duration_at(&*client, parent)?)) }
            },
            force_authoring,
            // Blocks go on while finality waits for validators to come back.
            backoff_authoring_blocks: None::<()>,
            keystore: shared.keystore.clone(),
            sync_oracle: sync.clone(),
            justification_sync_link: sync,
            block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
            max_block_proposal_slot_portion: None,
            telemetry: shared.telemetry.clone(),
            compatibility_mode: Default::default(),
        },
    )?;
    task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
    Ok(())
}
