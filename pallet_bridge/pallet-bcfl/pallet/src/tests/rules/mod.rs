// SPDX-License-Identifier: Apache-2.0
//! The pure parts: decisions, draws, encodings, and the vectors that pin their bytes.

mod cohort;
mod committee_vectors;
mod draw;
mod encoding;
mod governance;
mod money;
mod penalty;
mod randomness;
mod records;
mod stored_vectors;
mod terms;
mod vectors;
mod verdicts;
