// SPDX-License-Identifier: Apache-2.0
//! `calls`: one file a call. `rules`: the pure parts. `paths`: what more than one call decides.

mod calls;
mod paths;
mod rules;
