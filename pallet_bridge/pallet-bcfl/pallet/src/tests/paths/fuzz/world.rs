// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::AccountId32;

use crate::{mock::*, *};

pub const ACCOUNTS: u8 = 5;

/// Numbers from which a step is made. The state gives them their meaning, so that many calls make
/// sense and a shorter list of steps is still one.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    pub kind: u16,
    pub who: u8,
    pub picks: [u8; 4],
}

pub fn dice() -> impl Strategy<Value = Dice> {
    (any::<u16>(), any::<u8>(), any::<[u8; 4]>()).prop_map(|(kind, who, picks)| Dice {
        kind,
        who,
        picks,
    })
}

impl Dice {
    /// A number below `bound`, from one of the picks.
    pub fn below(&self, pick: usize, bound: u8) -> u8 {
        self.picks[pick] % bound
    }

    /// True once in `of`, from the rest of a pick that [`Dice::below`] reads.
    pub fn rarely(&self, pick: usize, of: u8) -> bool {
        (self.picks[pick] / 8).is_multiple_of(of)
    }

    /// Federation 0, mostly.
    pub fn federation(&self) -> FederationId {
        match self.picks[3] {
            0..4 => 2,
            4..16 => 1,
            _ => 0,
        }
    }

    /// The newest round or one before it.
    pub fn round(&self, federation: FederationId) -> RoundId {
        let next = Federations::<Test>::get(federation).map_or(0, |found| found.next_round);
        let back = [0, 0, 0, 0, 0, 1, 1, 2][usize::from(self.below(2, 8))];
        next.saturating_sub(1).saturating_sub(back)
    }

    /// A round that is settled, or was; else the newest.
    pub fn settled_round(&self, federation: FederationId) -> RoundId {
        let mut rounds: Vec<RoundId> = Rounds::<Test>::iter_prefix(federation)
            .filter(|(_, round)| round.settlement.is_some())
            .map(|(number, _)| number)
            .collect();
        rounds.sort();
        let back = [0, 0, 0, 1, 1, 2, 3, 9][usize::from(self.below(2, 8))];
        let picked = rounds.iter().rev().nth(back).or(rounds.last()).copied();
        picked.unwrap_or_else(|| self.round(federation))
    }

    pub fn member(&self) -> AccountId32 {
        member(self.below(1, ACCOUNTS))
    }

    pub fn amount(&self) -> Balance {
        match self.below(0, 6) {
            0 => Balance::from(self.below(1, 4)),
            1 => ENDOWMENT,
            _ => 80 + 5 * Balance::from(self.below(1, 100)),
        }
    }
}

/// What is the same for all calls of a chain.
pub struct World {
    setup: Dice,
}

impl World {
    pub fn new(setup: Dice) -> Self {
        Self { setup }
    }

    /// Terms of federation 0.
    pub fn change(&self, terms: &mut Terms) {
        change(terms, self.setup);
    }

    /// In some chains decide who comes into federation 0 besides those that are in.
    pub fn restrict(&self) {
        if self.setup.who.is_multiple_of(3) {
            FederationTerms::<Test>::mutate(0, FIRST_TERMS, |terms| {
                let terms = terms.as_mut().expect("the scene is set");
                admit(terms, self.setup);
                terms.max_participants = 7;
            });
        }
    }

    /// The value `depth` steps before the end of an attester's hash chain.
    pub fn link(&self, index: u8, depth: u8) -> H256 {
        (depth..CHAIN_LENGTH).fold(hash(index), |value, _| blake2_256(value.as_bytes()).into())
    }

    /// The value that opens this end of an attester's chain.
    pub fn opening(&self, index: u8, tip: H256) -> H256 {
        (0..CHAIN_LENGTH)
            .find(|depth| self.link(index, *depth) == tip)
            .map_or(hash(0xff), |depth| self.link(index, depth + 1))
    }
}

const CHAIN_LENGTH: u8 = 12;

/// Terms as these numbers say: all couplings, arbiters, governances and quorums.
pub fn change(terms: &mut Terms, dice: Dice) {
    terms.coupling = [Coupling::Loose, Coupling::Loose, Coupling::Flexible, Coupling::Full]
        [usize::from(dice.who % 4)];
    terms.quorum = match dice.below(0, 4) {
        0 => Quorum::Window,
        1 => Quorum::Stake(800),
        _ => Quorum::Count(3),
    };
    terms.arbiter = match dice.below(1, 3) {
        0 => Arbiter::Account(arbiter()),
        1 => Arbiter::Council,
        _ => Arbiter::Attesters,
    };
    terms.governance = match dice.below(2, 3) {
        0 => Governance::Coordinator,
        1 => Governance::Council,
        _ => Governance::Members {
            quorum: percent(20),
            threshold: percent(50),
            voting_blocks: 6,
            delay_blocks: 2,
        },
    };
    terms.attest_by = if dice.rarely(0, 2) { Tally::Stake } else { Tally::Count };
    terms.attest_quorum = percent(if dice.rarely(1, 2) { 30 } else { 60 });
    terms.strikes_to_slash = 1 + u32::from(dice.below(3, 2));
    terms.max_failed_rounds = 1;
    terms.coordinator_bond = if dice.rarely(3, 2) { 60 } else { 0 };
    terms.misconduct = percent(70);
    terms.silence = percent(if dice.rarely(2, 2) { 10 } else { 0 });
    terms.max_examples = if dice.rarely(1, 6) { 9 } else { 0 };
    terms.max_share = percent(if dice.rarely(2, 3) { 45 } else { 100 });
    terms.max_participants = 5;
    terms.max_vote_share = percent(if dice.kind.is_multiple_of(3) { 40 } else { 100 });
    terms.aging_blocks = [0, 0, 0, 30][usize::from(dice.kind / 8 % 4)];
    terms.lock_blocks = [0, 0, 0, 20][usize::from(dice.kind / 32 % 4)];
    terms.vesting_rounds = [0, 1, 3, 32][usize::from(dice.picks[0] / 64)];
    terms.strike_cut = percent([0, 30, 50, 100][usize::from(dice.picks[1] / 64)]);
    terms.tenure_rounds = [0, 1, 2, 5][usize::from(dice.picks[2] / 64)];
}

/// The same, and who comes in: for terms of which no scene is made.
pub fn renew(terms: &mut Terms, dice: Dice) {
    change(terms, dice);
    admit(terms, dice);
}

fn admit(terms: &mut Terms, dice: Dice) {
    terms.admission = match dice.kind / 128 % 6 {
        0 => Admission::Invited,
        1 => Admission::Vouched(1),
        2 => Admission::Vouched(2),
        _ => Admission::Open,
    };
    terms.max_per_organisation = u32::from(dice.kind.is_multiple_of(2));
}
