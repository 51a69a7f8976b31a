// SPDX-License-Identifier: Apache-2.0
//! A node for chains with a bcfl runtime: Aura makes blocks, GRANDPA finalizes them.
//!
//! No runtime is compiled in. The chain specification holds it, and an upgrade on chain replaces it.

mod apis;
mod chain_spec;
mod cli;
mod command;
mod rpc;
mod running;
mod service;

fn main() -> sc_cli::Result<()> {
    command::run()
}
