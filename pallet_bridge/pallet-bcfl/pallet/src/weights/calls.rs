// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls, measured: `python -m scripts.runtime.weights` writes this file anew.
//!
//! Generator: frame-omni-bencher, benchmarking CLI 64.0.0, 2026-11-23; 20 steps,
//! 20 repeats, Compiled Wasm. Processor: AMD EPYC.
//! Worst case map size: 1000000.
//!
//! The calls of the second protocol were not measured yet: what they may read and write beside what
//! was is counted by hand, and marked.
#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(clippy::arithmetic_side_effects, reason = "constants that the generator writes")]

use super::unmeasured;
use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, weights::Weight};

/// Weights that the calls need.
pub trait WeightInfo {
    /// `create_federation`
    fn create_federation() -> Weight;
    /// `fund`
    fn fund() -> Weight;
    /// `join`
    fn join() -> Weight;
    /// `add_stake`
    fn add_stake() -> Weight;
    /// `unbond`
    fn unbond() -> Weight;
    /// `withdraw`
    fn withdraw() -> Weight;
    /// `open_round`
    fn open_round() -> Weight;
    /// `commit`
    fn commit() -> Weight;
    /// `commit_batch`
    fn commit_batch(n: u32, ) -> Weight;
    /// `settle`
    fn settle(n: u32, ) -> Weight;
    /// `abort`
    fn abort() -> Weight;
    /// `execute_slash`
    fn execute_slash() -> Weight;
    /// `claim`
    fn claim(n: u32, ) -> Weight;
    /// `close`
    fn close() -> Weight;
    /// `set_terms`
    fn set_terms() -> Weight;
    /// `propose`
    fn propose() -> Weight;
    /// `vote`
    fn vote() -> Weight;
    /// `enact`
    fn enact(n: u32, ) -> Weight;
    /// `settle_root`
    fn settle_root() -> Weight;
    /// `apply_leaf`
    fn apply_leaf() -> Weight;
    /// `register_attester`
    fn register_attester() -> Weight;
    /// `resign_attester`
    fn resign_attester() -> Weight;
    /// `attest`
    fn attest() -> Weight;
    /// `report_equivocation`
    fn report_equivocation() -> Weight;
    /// `report_mismatch`
    fn report_mismatch() -> Weight;
    /// `report_bad_root`
    fn report_bad_root() -> Weight;
    /// `report_wrong_verdict`, of a committee of so many seats
    fn report_wrong_verdict(s: u32) -> Weight;
    /// `dispute`
    fn dispute() -> Weight;
    /// `resolve`
    fn resolve() -> Weight;
    /// `lapse`
    fn lapse() -> Weight;
    /// `seal`
    fn seal() -> Weight;
    /// `expire`
    fn expire() -> Weight;
    /// `prune`
    fn prune(n: u32, ) -> Weight;
    /// `replace_coordinator`
    fn replace_coordinator() -> Weight;
    /// `invite`
    fn invite() -> Weight;
    /// `post_bond`
    fn post_bond() -> Weight;
    /// `withdraw_bond`
    fn withdraw_bond() -> Weight;
    /// `rebase`
    fn rebase() -> Weight;
    /// `report_misconduct`
    fn report_misconduct() -> Weight;
    /// `skip_round`
    fn skip_round() -> Weight;
    /// `refund`
    fn refund() -> Weight;
    /// `name_successors`
    fn name_successors() -> Weight;
    /// `take_over`
    fn take_over() -> Weight;
    /// `pause`
    fn pause() -> Weight;
    /// `bind_node_key`
    fn bind_node_key() -> Weight;
    /// `fund_fees`
    fn fund_fees() -> Weight;
}

/// The measured weights, at the database costs of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Storage: `Bcfl::NextFederationId` (r:1 w:1)
    // Proof: `Bcfl::NextFederationId` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:0 w:1)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Federations` (r:0 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    fn create_federation() -> Weight {
        // Proof, bytes: measured `198`, estimated `6196`
        // Shortest run: 169_542_000 picoseconds.
        Weight::from_parts(173_138_000, 6196)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            // Not measured yet: the bond of the founder.
            .saturating_add(unmeasured::<T>(1, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    fn fund() -> Weight {
        // Proof, bytes: measured `620`, estimated `6196`
        // Shortest run: 85_307_000 picoseconds.
        Weight::from_parts(86_679_000, 6196)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: the sponsor, and the federation that counts it.
            .saturating_add(unmeasured::<T>(1, 2))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn join() -> Weight {
        // Proof, bytes: measured `1766`, estimated `4735`
        // Shortest run: 108_882_000 picoseconds.
        Weight::from_parts(110_866_000, 4735)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: terms that come into force, an invitation with 16 vouchers, the organisation and records.
            .saturating_add(unmeasured::<T>(21, 4))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn add_stake() -> Weight {
        // Proof, bytes: measured `2246`, estimated `4735`
        // Shortest run: 115_402_000 picoseconds.
        Weight::from_parts(117_796_000, 4735)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: terms that come into force.
            .saturating_add(unmeasured::<T>(1, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:1 w:0)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn unbond() -> Weight {
        // Proof, bytes: measured `2639`, estimated `4735`
        // Shortest run: 52_459_000 picoseconds.
        Weight::from_parts(54_801_000, 4735)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: terms that come into force, and those that the member signed.
            .saturating_add(unmeasured::<T>(2, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:1 w:0)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:1 w:1)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn withdraw() -> Weight {
        // Proof, bytes: measured `1733`, estimated `3882`
        // Shortest run: 115_683_000 picoseconds.
        Weight::from_parts(119_167_000, 3882)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            // Not measured yet: rewards of 32 rounds that are forfeited, the organisation, records,
            // the node's key and the count of fees.
            .saturating_add(unmeasured::<T>(99, 69))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:0)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:3 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:3 w:4)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:65 w:64)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn open_round() -> Weight {
        // Proof, bytes: measured `11003`, estimated `169730`
        // Shortest run: 1_448_239_000 picoseconds.
        Weight::from_parts(1_484_533_000, 169730)
            .saturating_add(T::DbWeight::get().reads(74_u64))
            .saturating_add(T::DbWeight::get().writes(70_u64))
            // Not measured yet: the bond; terms, silence and offences of 96 seats; organisations of 64 attesters.
            .saturating_add(unmeasured::<T>(356, 228))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:0)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:1 w:1)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    fn commit() -> Weight {
        // Proof, bytes: measured `2115`, estimated `4735`
        // Shortest run: 61_752_000 picoseconds.
        Weight::from_parts(62_954_000, 4735)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: the genesis, and what the member consents to.
            .saturating_add(unmeasured::<T>(1, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:256 w:256)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:256 w:0)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:256 w:256)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // `n` is from 0 to 256.
    fn commit_batch(n: u32, ) -> Weight {
        // Proof, bytes: measured `2112 + n * (220 ±0)`, estimated `4735 + n * (2892 ±0)`
        // Shortest run: 39_209_000 picoseconds.
        Weight::from_parts(39_439_000, 4735)
            // Standard error: 133_664
            .saturating_add(Weight::from_parts(85_686_427, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
            .saturating_add(Weight::from_parts(0, 2892).saturating_mul(n.into()))
            // Not measured yet: for each entry the bond of a dispute that is called off.
            .saturating_add(unmeasured::<T>(2, 2).saturating_mul(n.into()))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:256 w:256)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:0)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:256 w:256)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:256 w:256)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // `n` is from 0 to 256.
    fn settle(n: u32, ) -> Weight {
        // Proof, bytes: measured `4785 + n * (220 ±0)`, estimated `6114 + n * (2892 ±0)`
        // Shortest run: 58_357_000 picoseconds.
        Weight::from_parts(186_301_537, 6114)
            // Standard error: 238_717
            .saturating_add(Weight::from_parts(61_881_223, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(n.into())))
            .saturating_add(Weight::from_parts(0, 2892).saturating_mul(n.into()))
            // Not measured yet: for each verdict the tenure of its member.
            .saturating_add(unmeasured::<T>(1, 0).saturating_mul(n.into()))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:1)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:32 w:32)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn abort() -> Weight {
        // Proof, bytes: measured `5967`, estimated `84062`
        // Shortest run: 367_508_000 picoseconds.
        Weight::from_parts(376_992_000, 84062)
            .saturating_add(T::DbWeight::get().reads(35_u64))
            .saturating_add(T::DbWeight::get().writes(35_u64))
            // Not measured yet: the terms, and the members and offences of 32 silent seats.
            .saturating_add(unmeasured::<T>(66, 64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:0)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:1 w:1)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:1 w:1)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn execute_slash() -> Weight {
        // Proof, bytes: measured `6395`, estimated `6196`
        // Shortest run: 226_718_000 picoseconds.
        Weight::from_parts(231_144_000, 6196)
            .saturating_add(T::DbWeight::get().reads(12_u64))
            .saturating_add(T::DbWeight::get().writes(9_u64))
            // Not measured yet: commitments, rounds and terms of 64 rounds that it reaches.
            .saturating_add(unmeasured::<T>(192, 128))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:64 w:64)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:64 w:0)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:64 w:64)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // `n` is from 1 to 64.
    fn claim(n: u32, ) -> Weight {
        // Proof, bytes: measured `1055 + n * (145 ±0)`, estimated `6196 + n * (2781 ±0)`
        // Shortest run: 122_613_000 picoseconds.
        Weight::from_parts(83_116_816, 6196)
            // Standard error: 113_981
            .saturating_add(Weight::from_parts(35_121_454, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(3_u64))
            .saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
            .saturating_add(Weight::from_parts(0, 2781).saturating_mul(n.into()))
            // Not measured yet: the member or its record; for each round its terms, and the member again.
            .saturating_add(unmeasured::<T>(2, 0))
            .saturating_add(unmeasured::<T>(2, 0).saturating_mul(n.into()))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn close() -> Weight {
        // Proof, bytes: measured `679`, estimated `6196`
        // Shortest run: 153_138_000 picoseconds.
        Weight::from_parts(155_922_000, 6196)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: 64 invitations and 64 records, the successors, the
            // founder's refund, 64 counts of fees, and the purse.
            .saturating_add(unmeasured::<T>(133, 196))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:2)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:0)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    fn set_terms() -> Weight {
        // Proof, bytes: measured `1707`, estimated `4735`
        // Shortest run: 52_068_000 picoseconds.
        Weight::from_parts(54_371_000, 4735)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:0)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Motions` (r:0 w:1)
    // Proof: `Bcfl::Motions` (`max_values`: None, `max_size`: Some(1384), added: 3859, mode: `MaxEncodedLen`)
    fn propose() -> Weight {
        // Proof, bytes: measured `2262`, estimated `4735`
        // Shortest run: 124_736_000 picoseconds.
        Weight::from_parts(127_360_000, 4735)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: terms that come into force; 16 proposals and who made them.
            .saturating_add(unmeasured::<T>(33, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Motions` (r:1 w:1)
    // Proof: `Bcfl::Motions` (`max_values`: None, `max_size`: Some(1384), added: 3859, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:0)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Votes` (r:1 w:1)
    // Proof: `Bcfl::Votes` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
    fn vote() -> Weight {
        // Proof, bytes: measured `2142`, estimated `4849`
        // Shortest run: 54_671_000 picoseconds.
        Weight::from_parts(55_883_000, 4849)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: what the member answers for, and the votes of its organisation.
            .saturating_add(unmeasured::<T>(1, 2))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Motions` (r:1 w:1)
    // Proof: `Bcfl::Motions` (`max_values`: None, `max_size`: Some(1384), added: 3859, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:2)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:0)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Votes` (r:257 w:256)
    // Proof: `Bcfl::Votes` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
    // `n` is from 0 to 256.
    fn enact(n: u32, ) -> Weight {
        // Proof, bytes: measured `3450 + n * (71 ±0)`, estimated `4849 + n * (2564 ±0)`
        // Shortest run: 149_613_000 picoseconds.
        Weight::from_parts(157_524_604, 4849)
            // Standard error: 15_613
            .saturating_add(Weight::from_parts(9_537_690, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(6_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
            .saturating_add(Weight::from_parts(0, 2564).saturating_mul(n.into()))
            // Not measured yet: two bonds, since when it is in office; for each vote one of a group.
            .saturating_add(unmeasured::<T>(4, 3))
            .saturating_add(unmeasured::<T>(1, 1).saturating_mul(n.into()))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:0)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    fn settle_root() -> Weight {
        // Proof, bytes: measured `4429`, estimated `6114`
        // Shortest run: 57_726_000 picoseconds.
        Weight::from_parts(59_048_000, 6114)
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:1 w:1)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    fn apply_leaf() -> Weight {
        // Proof, bytes: measured `2484`, estimated `4735`
        // Shortest run: 153_769_000 picoseconds.
        Weight::from_parts(155_452_000, 4735)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            // Not measured yet: the tenure of the member.
            .saturating_add(unmeasured::<T>(1, 0))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:0)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:1 w:1)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn register_attester() -> Weight {
        // Proof, bytes: measured `2659`, estimated `4735`
        // Shortest run: 57_596_000 picoseconds.
        Weight::from_parts(60_160_000, 4735)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: terms that come into force.
            .saturating_add(unmeasured::<T>(1, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Attesters` (r:1 w:1)
    // Proof: `Bcfl::Attesters` (`max_values`: None, `max_size`: Some(121), added: 2596, mode: `MaxEncodedLen`)
    fn resign_attester() -> Weight {
        // Proof, bytes: measured `1054`, estimated `3724`
        // Shortest run: 32_849_000 picoseconds.
        Weight::from_parts(34_702_000, 3724)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: the committee of the last round.
            .saturating_add(unmeasured::<T>(1, 0))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:1)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    fn attest() -> Weight {
        // Proof, bytes: measured `4796`, estimated `6114`
        // Shortest run: 79_619_000 picoseconds.
        Weight::from_parts(83_855_000, 6114)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: the genesis, and the bond of a dispute that is called off.
            .saturating_add(unmeasured::<T>(3, 2))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:1)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    fn report_equivocation() -> Weight {
        // Proof, bytes: measured `3814`, estimated `6114`
        // Shortest run: 156_674_000 picoseconds.
        Weight::from_parts(160_299_000, 6114)
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
            // Not measured yet: the bond of a dispute that is called off.
            .saturating_add(unmeasured::<T>(2, 2))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:1 w:0)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    fn report_mismatch() -> Weight {
        // Proof, bytes: measured `2538`, estimated `4735`
        // Shortest run: 136_493_000 picoseconds.
        Weight::from_parts(138_777_000, 4735)
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
            // Not measured yet: the committee.
            .saturating_add(unmeasured::<T>(1, 0))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    fn report_bad_root() -> Weight {
        // Proof, bytes: measured `1933`, estimated `4735`
        // Shortest run: 155_442_000 picoseconds.
        Weight::from_parts(158_577_000, 4735)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            // Not measured yet: a commitment, and a coordinator's bond that pays, with the money it moves.
            .saturating_add(Weight::from_parts(200_000_000, 0))
            .saturating_add(unmeasured::<T>(6, 5))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:0)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn dispute() -> Weight {
        // Proof, bytes: measured `2137`, estimated `4735`
        // Shortest run: 122_954_000 picoseconds.
        Weight::from_parts(125_437_000, 4735)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
            // Not measured yet: the member.
            .saturating_add(unmeasured::<T>(1, 0))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:0)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn resolve() -> Weight {
        // Proof, bytes: measured `5299`, estimated `6114`
        // Shortest run: 169_562_000 picoseconds.
        Weight::from_parts(172_587_000, 6114)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
            // Not measured yet: a dispute that failed and whose bond is a part of the stake.
            .saturating_add(unmeasured::<T>(1, 1))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:1 w:1)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Participants` (r:1 w:1)
    // Proof: `Bcfl::Participants` (`max_values`: None, `max_size`: Some(417), added: 2892, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(175), added: 2650, mode: `MaxEncodedLen`)
    fn lapse() -> Weight {
        // Proof, bytes: measured `2593`, estimated `4735`
        // Shortest run: 153_388_000 picoseconds.
        Weight::from_parts(156_083_000, 4735)
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:0)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    fn seal() -> Weight {
        // Proof, bytes: measured `505`, estimated `3771`
        // Shortest run: 25_988_000 picoseconds.
        Weight::from_parts(27_090_000, 3771)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    fn expire() -> Weight {
        // Proof, bytes: measured `736`, estimated `3771`
        // Shortest run: 29_444_000 picoseconds.
        Weight::from_parts(29_864_000, 3771)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Rounds` (r:1 w:1)
    // Proof: `Bcfl::Rounds` (`max_values`: None, `max_size`: Some(306), added: 2781, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Commitments` (r:129 w:128)
    // Proof: `Bcfl::Commitments` (`max_values`: None, `max_size`: Some(150), added: 2625, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Offences` (r:128 w:127)
    // Proof: `Bcfl::Offences` (`max_values`: None, `max_size`: Some(171), added: 2646, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::Committees` (r:1 w:1)
    // Proof: `Bcfl::Committees` (`max_values`: None, `max_size`: Some(2649), added: 5124, mode: `MaxEncodedLen`)
    // `n` is from 1 to 256.
    fn prune(n: u32, ) -> Weight {
        // Proof, bytes: measured `4589 + n * (85 ±0)`, estimated `6114 + n * (1322 ±1)`
        // Shortest run: 65_948_000 picoseconds.
        Weight::from_parts(57_773_759, 6114)
            // Standard error: 19_051
            .saturating_add(Weight::from_parts(8_795_005, 0).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(2_u64))
            .saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
            .saturating_add(Weight::from_parts(0, 1322).saturating_mul(n.into()))
    }
    // Storage: `Bcfl::Federations` (r:1 w:1)
    // Proof: `Bcfl::Federations` (`max_values`: None, `max_size`: Some(259), added: 2734, mode: `MaxEncodedLen`)
    // Storage: `Bcfl::FederationTerms` (r:1 w:0)
    // Proof: `Bcfl::FederationTerms` (`max_values`: None, `max_size`: Some(1270), added: 3745, mode: `MaxEncodedLen`)
    fn replace_coordinator() -> Weight {
        // Proof, bytes: measured `1537`, estimated `4735`
        // Shortest run: 30_265_000 picoseconds.
        Weight::from_parts(30_916_000, 4735)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
            // Not measured yet: terms that come into force, two bonds, and since when it is in office.
            .saturating_add(unmeasured::<T>(4, 4))
    }
    // Not measured yet: as `add_stake`, which does the same to another record.
    fn post_bond() -> Weight {
        Self::add_stake()
    }
    // Not measured yet: as `add_stake`, which moves the same records the other way.
    fn withdraw_bond() -> Weight {
        Self::add_stake()
    }
    // Not measured yet: as `report_bad_root`, with the committee in place of two proofs, and for each
    // seat a member and an offence that are read and written, and an event.
    fn report_wrong_verdict(s: u32) -> Weight {
        let seats = u64::from(s);
        Self::report_bad_root()
            .saturating_add(unmeasured::<T>(1, 0))
            .saturating_add(unmeasured::<T>(seats.saturating_mul(3), seats.saturating_mul(3)))
    }
    // Not measured yet: as `report_bad_root`, with a signature in place of two proofs.
    fn report_misconduct() -> Weight {
        Self::report_bad_root().saturating_add(unmeasured::<T>(1, 0))
    }
    // Not measured yet: as `replace_coordinator`, with the rounds and committees of two numbers.
    fn skip_round() -> Weight {
        Self::replace_coordinator().saturating_add(unmeasured::<T>(2, 2))
    }
    // Not measured yet: as `replace_coordinator`, with an invitation and 16 vouchers, read twice.
    fn invite() -> Weight {
        Self::replace_coordinator().saturating_add(unmeasured::<T>(35, 1))
    }
    // Not measured yet: as `claim` of one round, with the founder too.
    fn refund() -> Weight {
        Self::claim(1).saturating_add(unmeasured::<T>(2, 2))
    }
    // Not measured yet: as `replace_coordinator`, which does the same to another field.
    fn rebase() -> Weight {
        Self::replace_coordinator()
    }
    // Not measured yet: as `replace_coordinator`, with the place that is kept beside it.
    fn name_successors() -> Weight {
        Self::replace_coordinator()
    }
    // Not measured yet: as `abort`, `post_bond` and `replace_coordinator` one after the other.
    fn take_over() -> Weight {
        Self::abort()
            .saturating_add(Self::post_bond())
            .saturating_add(Self::replace_coordinator())
    }
    // Not measured yet: as `replace_coordinator`, which reads and writes more.
    fn pause() -> Weight {
        Self::replace_coordinator()
    }
    // Not measured yet: as `replace_coordinator`, which reads and writes more.
    fn bind_node_key() -> Weight {
        Self::replace_coordinator()
    }
    // Not measured yet: as `fund`, which does the same to another account.
    fn fund_fees() -> Weight {
        Self::fund()
    }
}
