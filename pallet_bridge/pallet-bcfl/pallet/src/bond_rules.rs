// SPDX-License-Identifier: Apache-2.0
//! What a proved misconduct of a coordinator costs it, and who gets what of that.
use core::cmp::min;
use sp_runtime::{traits::EnsureMul, ArithmeticError};

use crate::{Balance, Terms};

/// Where the money goes that a misconduct takes of a bond. What is in none of the parts is burned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Penalty {
    /// What is taken of the bond.
    pub taken: Balance,
    /// What each commitment of the round gets of it.
    pub each: Balance,
    /// What all of them get.
    pub compensation: Balance,
    /// Most that the reporter gets.
    pub shared: Balance,
}

/// The penalty on a bond of this size, in a round with so many commitments.
///
/// Those who committed come first, each with an equal part and with no more than its equal part
/// of the reward that the round would have paid. The reporter's share comes from what is left: so
/// it never lowers what the harmed get, and a friend of the coordinator saves it little.
pub fn penalty(bond: Balance, terms: &Terms, commitments: u32) -> Result<Penalty, ArithmeticError> {
    let taken = min(bond, terms.misconduct.mul_floor(terms.coordinator_bond));
    let count = Balance::from(commitments);
    let each = min(taken, terms.round_reward).checked_div(count).unwrap_or_default();
    let compensation = each.ensure_mul(count)?;
    let rest = taken.saturating_sub(compensation);
    let shared = min(terms.reporter_share.mul_floor(taken), rest);
    Ok(Penalty { taken, each, compensation, shared })
}
