// SPDX-License-Identifier: Apache-2.0
//! The pure parts: decisions, draws, encodings, and the vectors that pin their bytes.

mod committee_vectors;
mod draw;
mod encoding;
mod governance;
mod money;
mod randomness;
mod stored_vectors;
mod vectors;
mod verdicts;
