// SPDX-License-Identifier: Apache-2.0
//! Weights of the calls.
mod calls;

pub use calls::*;

/// Number of entries, for the weight of a call that carries a list.
pub fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
