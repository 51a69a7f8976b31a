// SPDX-License-Identifier: Apache-2.0
//! Changes of the storage layout.
mod v1;
mod v2;

pub use v2::MigrateV1ToV2;

#[cfg(test)]
pub(crate) use v1::*;
