// SPDX-License-Identifier: Apache-2.0
//! What each command does with the parts of a node.

use crate::{
    apis::Block,
    chain_spec,
    cli::{Cli, Subcommand},
    running, service,
};
use sc_cli::{KeySubcommand, SubstrateCli};
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker};
use sp_runtime::traits::Block as BlockT;

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "bcfl node".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn executable_name() -> String {
        env!("CARGO_PKG_NAME").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        "the project's issues".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id, self.runtime.as_deref())?))
    }
}

pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();
    let Some(subcommand) = &cli.subcommand else {
        return start(&cli);
    };
    match subcommand {
        Subcommand::Key(command) => key(&cli, command),
        Subcommand::Sign(command) => command.run(),
        Subcommand::Verify(command) => command.run(),
        Subcommand::ExportChainSpec(command) => command.run(cli.load_spec(&command.chain)?),
        Subcommand::BuildSpec(command) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.chain_spec, config.network)),
        Subcommand::ChainInfo(command) => {
            cli.create_runner(command)?.sync_run(|config| command.run::<Block>(&config))
        }
        Subcommand::PurgeChain(command) => {
            cli.create_runner(command)?.sync_run(|config| command.run(config.database))
        }
        Subcommand::CheckBlock(command) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::parts(&config)?;
            Ok((command.run(parts.client, parts.import_queue), parts.task_manager))
        }),
        Subcommand::ImportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::parts(&config)?;
            Ok((command.run(parts.client, parts.import_queue), parts.task_manager))
        }),
        Subcommand::ExportBlocks(command) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::parts(&config)?;
            Ok((command.run(parts.client, config.database), parts.task_manager))
        }),
        Subcommand::ExportState(command) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::parts(&config)?;
            Ok((command.run(parts.client, config.chain_spec), parts.task_manager))
        }),
        Subcommand::Revert(command) => cli.create_runner(command)?.async_run(|config| {
            let parts = service::parts(&config)?;
            // What GRANDPA keeps beside the blocks goes back with them.
            let finality = Box::new(|client, _, blocks| {
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            Ok((command.run(parts.client, parts.backend, Some(finality)), parts.task_manager))
        }),
    }
}

fn start(cli: &Cli) -> sc_cli::Result<()> {
    cli.create_runner(&cli.run)?.run_node_until_exit(|config| async move {
        match config.network.network_backend {
            NetworkBackendType::Libp2p => {
                running::start::<NetworkWorker<Block, <Block as BlockT>::Hash>>(config)
            }
            NetworkBackendType::Litep2p => running::start::<Litep2pNetworkBackend>(config),
        }
        .map_err(sc_cli::Error::Service)
    })
}

/// A node's network key is made before there is a chain: its peer id goes into the specification.
fn key(cli: &Cli, command: &KeySubcommand) -> sc_cli::Result<()> {
    let placed = std::env::args().any(|argument| {
        argument.starts_with("--base-path") || argument.starts_with("--default-base-path")
    });
    match command {
        KeySubcommand::GenerateNodeKey(node_key) if node_key.chain.is_none() && !placed => {
            node_key.common.run()
        }
        _ => command.run(cli),
    }
}
