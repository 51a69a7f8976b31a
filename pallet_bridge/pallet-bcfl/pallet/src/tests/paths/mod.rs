// SPDX-License-Identifier: Apache-2.0
//! What takes more than one call: whole disputes, committees over rounds, upgrades, random calls.

mod bond_from_stake;
mod committee;
mod disputes;
mod fuzz;
mod known_defects;
mod migration;
mod settlement_cost;
mod slash_shares;
mod sponsored;
mod tenure;
mod trusted_committee;
mod vesting;
