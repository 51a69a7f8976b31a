// SPDX-License-Identifier: Apache-2.0
//! Verdicts: how they come in, what they do to members, and how they are proved wrong.
mod leaf;
mod proofs;
mod refuted;
mod settle;
