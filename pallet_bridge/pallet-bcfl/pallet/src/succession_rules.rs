// SPDX-License-Identifier: Apache-2.0
//! When a coordinator has missed its deadlines, as functions of plain values.
use core::cmp::max;
use sp_runtime::AccountId32;

use crate::{BlockNumber, Coupling, Office, Round, RoundId, RoundState, Succession, Terms};

/// The runtime's ranges for a succession.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SuccessionLimits {
    /// Greatest `idle_blocks`.
    pub max_idle_blocks: BlockNumber,
    /// Greatest `turn_blocks`.
    pub max_turn_blocks: BlockNumber,
}

/// True when times are in range and nobody is named twice. An empty list needs no times.
pub fn is_sound(succession: &Succession, limits: &SuccessionLimits) -> bool {
    let mut seen = succession.accounts.to_vec();
    seen.sort();
    seen.dedup();
    seen.len() == succession.accounts.len()
        && (seen.is_empty() || (1..=limits.max_idle_blocks).contains(&succession.idle_blocks))
        && (seen.is_empty() || (1..=limits.max_turn_blocks).contains(&succession.turn_blocks))
}

/// First block in which the next in the succession may take over from `in_office`.
///
/// Who opened the last round has missed its deadline when the round passed it unsettled, until it
/// opens the next one, and whoever ended the late one. Where attesters have a say in settling, they
/// can keep any coordinator from it: there, as between rounds, only time counts. It does from the
/// end of the last round, the coming of the coordinator, or the end of a pause, whichever is last.
pub fn overdue_from(
    (last, terms): (&Round, &Terms),
    in_office: &AccountId32,
    next_round: RoundId,
    (office, succession): (&Office, &Succession),
) -> BlockNumber {
    let is_late = match last.ended_at {
        None => true,
        Some(ended) => last.state == RoundState::Aborted && ended > last.settle_until,
    };
    let is_its_own = last.coordinator == *in_office;
    if is_late && is_its_own && terms.coupling == Coupling::Loose {
        return last.settle_until.saturating_add(1);
    }
    let ended = match last.ended_at {
        Some(ended) => ended,
        None if is_its_own => last.settle_until,
        // Who came while it was open may end it at once.
        None => office.since,
    };
    let counted_from = max(max(ended, office.since), office.paused_until(next_round));
    counted_from.saturating_add(succession.idle_blocks).saturating_add(1)
}
