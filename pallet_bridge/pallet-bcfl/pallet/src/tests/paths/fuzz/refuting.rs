// SPDX-License-Identifier: Apache-2.0
//! Committees that refute what was settled: a majority of one mind, which single dice seldom give.

use super::{
    calls::Action,
    evidence::word,
    world::{Dice, World, ACCOUNTS},
};
use crate::{mock::*, *};

/// The next silent seat of a settled round speaks against it; then somebody reports that.
pub fn refute(world: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let round = dice.settled_round(federation);
    let seats = Committees::<Test>::get(federation, round).unwrap_or_default();
    let silent = seats.iter().find(|seat| seat.said.is_none_or(|said| said.is_zero()));
    let index = silent.and_then(|seat| (0..ACCOUNTS).find(|index| member(*index) == seat.account));
    let Some(index) = index.filter(|_| !dice.rarely(0, 4)) else {
        let who = if dice.rarely(1, 2) { stranger() } else { coordinator() };
        return Action::Call(who, Call::report_wrong_verdict { federation, round });
    };
    let account = member(index);
    let tip = Attesters::<Test>::get(federation, &account).map(|attester| attester.tip);
    let preimage = tip.map_or(hash(0), |tip| world.opening(index, tip));
    let statement = word((federation, round), dice);
    Action::Call(account, Call::attest { federation, round, statement, preimage })
}
