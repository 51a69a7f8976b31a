// SPDX-License-Identifier: Apache-2.0
//! From one storage layout to the next. Layouts before version 2 were never released.
mod v2;
mod v3;

#[cfg(test)]
pub(crate) use v2::*;
pub use v3::MigrateV2ToV3;
