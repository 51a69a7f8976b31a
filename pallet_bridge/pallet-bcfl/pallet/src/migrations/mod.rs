// SPDX-License-Identifier: Apache-2.0
//! From one storage layout to the next. Layouts before version 2 were never released.
//!
//! Each is done in steps, so that a large state takes many blocks and none of them is overweight.
//! Until the last step blocks have inherents only: no call meets a state that is half of one layout.
pub mod stepped;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod v2;
mod v3;
mod v4;

#[cfg(test)]
pub(crate) use v2::*;
pub use v3::MigrateV2ToV3;
pub use v4::MigrateV3ToV4;
