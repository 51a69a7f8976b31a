// SPDX-License-Identifier: Apache-2.0
//! The place of a coordinator: what it answers with, and who follows in it.
mod bond;
mod succession;
