// SPDX-License-Identifier: Apache-2.0
//! One file a call: what it does, who may send it, and each error it gives.

mod abort;
mod add_stake;
mod apply_leaf;
mod attest;
mod claim;
mod close;
mod commit;
mod commit_batch;
mod create_federation;
mod dispute;
mod enact;
mod execute_slash;
mod expire;
mod fund;
mod invite;
mod join;
mod lapse;
mod open_round;
mod propose;
mod prune;
mod rebase;
mod register_attester;
mod replace_coordinator;
mod report_bad_root;
mod report_equivocation;
mod report_mismatch;
mod resign_attester;
mod resolve;
mod seal;
mod set_terms;
mod settle;
mod settle_root;
mod unbond;
mod vote;
mod withdraw;
