// SPDX-License-Identifier: Apache-2.0
//! Attesters, the seats of a round's committee, and how what they say is counted.
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};

use crate::{Balance, BlockNumber};

/// Rounds without an attestation, in a row, after which an attester is dropped.
pub const MISSES_TO_DROP: u32 = 3;

/// A member that may be drawn into the committees of its federation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Attester {
    /// End of its hash chain that is public: the next reveal hashes to it.
    pub tip: H256,
    /// Its active stake when it registered. It does not move while it is registered: else a draw
    /// could be ground by adding stake planck by planck.
    pub weight: Balance,
    /// Block in which it registered.
    pub since: BlockNumber,
    /// Block in which it resigned. It stays in the draws of the seed of that time.
    pub leaves: Option<BlockNumber>,
    /// Rounds without an attestation, in a row.
    pub missed: u32,
}

impl Attester {
    /// A new attester.
    pub fn new(tip: H256, weight: Balance, since: BlockNumber) -> Self {
        Self { tip, weight, since, leaves: None, missed: 0 }
    }

    /// True when a draw must not know it any more: it resigned before the reveals of the seed
    /// began, or it missed too many rounds.
    pub fn is_gone(&self, seed_at: BlockNumber) -> bool {
        self.missed >= MISSES_TO_DROP || self.leaves.is_some_and(|block| block < seed_at)
    }

    /// True when it registered before the reveals of the seed began: nobody knew the seed then.
    pub fn may_be_drawn(&self, seed_at: BlockNumber) -> bool {
        self.since < seed_at && !self.is_gone(seed_at)
    }
}

/// A place in the committee of one round.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat {
    /// Who sits there.
    pub account: AccountId32,
    /// Its weight where stake is counted.
    pub weight: Balance,
    /// The statement it attested; zero is an abstention.
    pub said: Option<H256>,
    /// True after two statements: it counts for neither.
    pub is_void: bool,
}

/// What one more statement of a seat is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saying {
    /// The first of the round: it needs a reveal.
    First,
    /// A statement in place of an abstention.
    Instead,
    /// Nothing new.
    Again,
    /// Another statement than before: an offence.
    Conflict,
}

impl Seat {
    /// A seat whose holder has not spoken.
    pub fn new(account: AccountId32, weight: Balance) -> Self {
        Self { account, weight, said: None, is_void: false }
    }

    /// What it would be to say this.
    pub fn weigh(&self, statement: H256) -> Saying {
        match self.said {
            None => Saying::First,
            Some(_) if self.is_void || statement.is_zero() => Saying::Again,
            Some(before) if before.is_zero() => Saying::Instead,
            Some(before) if before == statement => Saying::Again,
            Some(_) => Saying::Conflict,
        }
    }

    /// True when it counts for this statement.
    pub fn is_for(&self, statement: H256) -> bool {
        !self.is_void && !statement.is_zero() && self.said == Some(statement)
    }
}

/// What a committee counts.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Encode,
    Decode,
    codec::DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Tally {
    /// Each seat is one vote.
    Count,
    /// Each seat has the votes of its weight.
    Stake,
}

impl Tally {
    fn votes(self, seat: &Seat) -> Balance {
        match self {
            Tally::Count => 1,
            Tally::Stake => seat.weight,
        }
    }

    fn sum<'a>(self, seats: impl Iterator<Item = &'a Seat>) -> Balance {
        seats.fold(0, |sum: Balance, seat| sum.saturating_add(self.votes(seat)))
    }

    /// True when the seats that `counts` names have `quorum` of the votes of all seats, and any
    /// votes at all. Seats that are silent or void count in the whole, so silence never helps.
    pub fn has_quorum(
        self,
        seats: &[Seat],
        quorum: Perbill,
        counts: impl Fn(usize, &Seat) -> bool,
    ) -> bool {
        let votes = self.votes_of(seats, counts);
        votes > 0 && votes >= quorum.mul_ceil(self.sum(seats.iter()))
    }

    /// As [`Self::has_quorum`], and more than half of all votes: so never both of two answers.
    pub fn decides(
        self,
        seats: &[Seat],
        quorum: Perbill,
        counts: impl Fn(usize, &Seat) -> bool + Copy,
    ) -> bool {
        let rest = self.sum(seats.iter()).saturating_sub(self.votes_of(seats, counts));
        self.votes_of(seats, counts) > rest && self.has_quorum(seats, quorum, counts)
    }

    /// True when silence alone kept any statement from its quorum: none has it, and one would with
    /// the seats that said nothing.
    pub fn is_kept_by_silence(self, seats: &[Seat], quorum: Perbill) -> bool {
        let said = || seats.iter().filter_map(|seat| seat.said);
        let is_made =
            said().any(|word| self.has_quorum(seats, quorum, |_, seat| seat.is_for(word)));
        let is_silent = |seat: &Seat| seat.said.is_none() && !seat.is_void;
        let would_be =
            |word| self.has_quorum(seats, quorum, |_, seat| seat.is_for(word) || is_silent(seat));
        // Zero is for no seat: with it only the silent count.
        !is_made && said().chain([H256::zero()]).any(would_be)
    }

    fn votes_of(self, seats: &[Seat], counts: impl Fn(usize, &Seat) -> bool) -> Balance {
        let named = seats.iter().enumerate().filter(|(place, seat)| counts(*place, seat));
        self.sum(named.map(|(_, seat)| seat))
    }
}

/// The bit of a seat in a mask of votes: none beyond the 32nd.
pub fn bit(place: usize) -> Option<u32> {
    u32::try_from(place).ok().and_then(|shift| 1_u32.checked_shl(shift))
}

/// True when the seat's bit is set.
pub fn has_bit(mask: u32, place: usize) -> bool {
    bit(place).is_some_and(|bit| mask & bit != 0)
}
