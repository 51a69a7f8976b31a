// SPDX-License-Identifier: Apache-2.0
//! Defects found in other systems: each is a test in `funds` or in `judging`.
//!
//! * slash ignores unbonding: `slash_ignores_unbonding`,
//!   `unbonding_ends_before_the_last_evidence`
//! * slash smaller than a guard, so that it always reverts: `slash_below_a_guard_always_reverts`
//! * "logical" slash that moves no token: `slash_moves_no_token`
//! * slashed money to the accuser: `slashed_money_goes_to_the_accuser`,
//!   `accuser_who_decides_is_paid`
//! * all slashed together without attribution: `all_are_slashed_together`
//! * root-only slash without evidence: `slash_without_evidence`,
//!   `accusation_on_a_word_costs_stake`
//! * escrow not tied to its federation: `escrow_is_not_tied_to_its_federation`
//! * unreachable state that locks funds: `silent_coordinator_locks_funds`,
//!   `vanished_coordinator_locks_funds`, `silent_member_blocks_closing`,
//!   `silent_arbiter_locks_funds`
//! * randomness from block hash or timestamp: `randomness_from_block_hash_or_timestamp`
//! * score from something unrelated to quality: `score_from_something_unrelated_to_quality`
//! * scores public before the close, so copied: `score_is_public_before_the_close`
//! * commitment not bound to its account: `commitment_is_not_bound_to_its_account`
//! * unbounded iteration: `iteration_is_unbounded`, `lists_are_unbounded`
//! * a quorum that never counts the vote: `quorum_never_counts_the_vote`,
//!   `attestation_never_counts_for_the_quorum`
//! * double claim: `double_claim`

mod funds;
mod judging;
