// SPDX-License-Identifier: Apache-2.0
//! Who may take over the place of a coordinator that misses its deadlines.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::AccountId32;

use crate::{BlockNumber, RoundId};

/// Accounts in the order in which they may take over: up to 8.
pub type Successors = BoundedVec<AccountId32, ConstU32<8>>;

/// Who may take over from a coordinator that misses its deadlines, and how long each has to wait.
#[derive(
    Clone,
    PartialEq,
    Eq,
    Debug,
    Default,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Succession {
    /// In their order; empty: nobody takes over without a vote.
    pub accounts: Successors,
    /// How long a coordinator may leave its federation without an open round.
    pub idle_blocks: BlockNumber,
    /// How long each of them waits for the one before it.
    pub turn_blocks: BlockNumber,
}

impl Succession {
    /// How many come before this account; nothing when it may not take over.
    ///
    /// The list is a ring. The first after the one in office is the next; where that one is not in
    /// the list, the first of the list is.
    pub fn turn_of(&self, account: &AccountId32, in_office: &AccountId32) -> Option<u32> {
        let place_of = |wanted| self.accounts.iter().position(|one| one == wanted);
        let place = place_of(account).filter(|_| account != in_office)?;
        let turn = match place_of(in_office) {
            None => place,
            Some(office) if place > office => place.checked_sub(office)?.checked_sub(1)?,
            // Those after the one in office come first, then those from the start of the list.
            Some(office) => {
                self.accounts.len().checked_sub(office)?.checked_sub(1)?.checked_add(place)?
            }
        };
        u32::try_from(turn).ok()
    }
}

/// A succession that is announced and not yet in force.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PendingSuccession {
    /// First block in which it is in force.
    pub from: BlockNumber,
    /// Who may take over then.
    pub succession: Succession,
}

/// That there will be no round for a while, on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Pause {
    /// Number of the round that it is before: its opening ends it.
    pub round: RoundId,
    /// Last block of it.
    pub until: BlockNumber,
}

/// What is kept of the coordinator's place in a federation that names successors.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Office {
    /// Block from which the coordinator's deadlines count at the earliest: that in which it came,
    /// or in which successors were first named.
    pub since: BlockNumber,
    /// Who may take over.
    pub succession: Succession,
    /// Who may take over later.
    pub pending: Option<PendingSuccession>,
    /// What the coordinator said of a time without rounds.
    pub pause: Option<Pause>,
}

impl Office {
    /// Who may take over in this block.
    pub fn in_force(&self, now: BlockNumber) -> &Succession {
        match &self.pending {
            Some(pending) if now >= pending.from => &pending.succession,
            _ => &self.succession,
        }
    }

    /// Let another succession follow from a block on, in place of any that waits.
    pub fn announce(&mut self, succession: Succession, from: BlockNumber, now: BlockNumber) {
        self.succession = self.in_force(now).clone();
        self.pending = Some(PendingSuccession { from, succession });
    }

    /// Last block of a pause before this round; zero when there is none.
    pub fn paused_until(&self, next_round: RoundId) -> BlockNumber {
        self.pause.filter(|pause| pause.round == next_round).map_or(0, |pause| pause.until)
    }
}
