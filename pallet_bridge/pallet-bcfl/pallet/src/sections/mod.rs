// SPDX-License-Identifier: Apache-2.0
//! Parts of the pallet's module, imported by `lib.rs`: FRAME wants them in one module, readers
//! want them apart.
pub mod calls;
pub mod errors;
pub mod events;
pub mod storage;
