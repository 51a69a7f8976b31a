// SPDX-License-Identifier: Apache-2.0
//! Scenes in which a coordinator may lose its place.

use sp_runtime::{AccountId32, DispatchResult};

use super::*;

/// How long a coordinator may leave its federation without a round.
pub const IDLE: BlockNumber = 30;
/// How long each successor waits for the one before it.
pub const TURN: BlockNumber = 4;

/// The first, second and third in the succession of a scene.
pub fn successor(index: u8) -> AccountId32 {
    account(25 + index)
}

/// So many successors in a row.
pub fn succession(count: u8) -> Succession {
    let accounts = (0..count).map(successor).collect::<Vec<_>>();
    let accounts = accounts.try_into().expect("few successors");
    Succession { accounts, idle_blocks: IDLE, turn_blocks: TURN }
}

pub fn name(who: &AccountId32, succession: Succession) -> DispatchResult {
    send(who, Call::name_successors { federation: 0, succession })
}

pub fn take_over(index: u8) -> DispatchResult {
    send(&successor(index), Call::take_over { federation: 0 })
}

/// Run a test in a federation of three members, whose coordinator named so many successors before
/// anybody joined.
pub fn with_successors(count: u8, change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    ExtBuilder::default().terms(change).members(0).build_and_execute(|| {
        name(&coordinator(), succession(count)).expect("named");
        for index in 0..3 {
            join(&member(index), STAKE).expect("joined");
        }
        test();
    });
}
