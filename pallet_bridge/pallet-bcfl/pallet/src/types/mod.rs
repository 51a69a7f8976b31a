// SPDX-License-Identifier: Apache-2.0
//! What is stored. The transitions of each record live beside it.
mod admission;
mod bond;
mod cohort;
mod commitment;
mod federation;
mod node_key;
mod offence;
mod proposal;
mod purse;
mod round;
mod succession;
mod terms;

pub use admission::*;
pub use bond::*;
pub use cohort::*;
pub use commitment::*;
pub use federation::*;
pub use node_key::*;
pub use offence::*;
pub use proposal::*;
pub use purse::*;
pub use round::*;
pub use succession::*;
pub use terms::*;

/// Index of a federation on this chain.
pub type FederationId = u32;
/// Index of a round in its federation: from 0, without gaps.
pub type RoundId = u32;
/// Index of a federation's terms: from [`FIRST_TERMS`], and ever greater.
pub type TermsVersion = u32;
/// Index of a proposal in its federation: from 0, without gaps.
pub type ProposalId = u32;
/// Amount of money, in planck.
pub type Balance = u128;
/// Index of a block. All time is counted in blocks.
pub type BlockNumber = u32;

/// Version that the terms given to `create_federation` get.
pub const FIRST_TERMS: TermsVersion = 1;
