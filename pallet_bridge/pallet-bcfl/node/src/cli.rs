// SPDX-License-Identifier: Apache-2.0
//! What the command line says.

use std::path::PathBuf;

#[derive(Debug, clap::Parser)]
pub struct Cli {
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    #[command(flatten)]
    pub run: sc_cli::RunCmd,

    /// The runtime of a chain that is named by a preset (--dev), as its compiled blob.
    ///
    /// A chain whose specification is a file has its runtime in there, and ignores this.
    #[arg(long, global = true, env = "BCFL_RUNTIME", value_name = "FILE")]
    pub runtime: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
    /// Make, show and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Write a chain specification, plain or with --raw (another name of export-chain-spec).
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Write a chain specification, plain or with --raw.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Show the best and the finalized block of the database.
    ChainInfo(sc_cli::ChainInfoCmd),

    /// Execute a block of the database again.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Write the state of a block as a chain specification.
    ExportState(sc_cli::ExportStateCmd),

    /// Read blocks from a file, and execute them.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Delete the database of a chain.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back blocks that are not final.
    Revert(sc_cli::RevertCmd),

    /// Sign a message with a key.
    Sign(sc_cli::SignCmd),

    /// Check a signature of a message.
    Verify(sc_cli::VerifyCmd),
}
