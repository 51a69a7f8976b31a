// SPDX-License-Identifier: Apache-2.0
//! The life of an offence: what yields to what, and when it may move money.
use core::cmp::max;

use crate::{Balance, BlockNumber, Offence, OffenceKind, OffenceState, Round, RoundState};

impl OffenceKind {
    /// True for what two signatures prove, without anyone's judgement.
    pub fn is_signed(self) -> bool {
        matches!(self, OffenceKind::Equivocation | OffenceKind::AttesterEquivocation)
    }
}

impl Offence {
    /// True when this one makes room for another offence of the same account and round. Only
    /// signatures displace what was judged, only while nobody upheld or executed it, and never to
    /// lower what it costs: else a mild offence would shield a grave one, or the other way round.
    pub fn yields_to(&self, kind: OffenceKind, amount: Balance) -> bool {
        let is_graver = kind.is_signed() && !self.kind.is_signed();
        match self.state {
            OffenceState::Overturned => is_graver,
            OffenceState::Pending | OffenceState::Disputed(_) => is_graver && amount >= self.amount,
            OffenceState::Upheld | OffenceState::Executed => false,
        }
    }

    /// First block in which an upheld offence may be executed: at once. A mismatch is as good as
    /// the root that shows it, and a streak as the settlement that ended it: they wait until nobody
    /// can prove that settlement bad any more.
    pub fn executable_once_upheld(&self, now: BlockNumber) -> BlockNumber {
        match self.kind {
            OffenceKind::Mismatch | OffenceKind::Outlier => max(self.executable_at, now),
            OffenceKind::Equivocation
            | OffenceKind::AttesterEquivocation
            | OffenceKind::Silence
            | OffenceKind::FalseAttestation => now,
        }
    }

    /// True when nothing can come of it any more, so that another one takes its place: it rests on a
    /// settlement that was proved bad, and took nothing.
    pub fn is_moot(&self, round: &Round) -> bool {
        self.state != OffenceState::Executed && self.rests_on_a_void(round)
    }

    /// True for what rests on a settlement that was proved bad: it can only be called off.
    pub fn rests_on_a_void(&self, round: &Round) -> bool {
        let is_of_settlement = matches!(self.kind, OffenceKind::Mismatch | OffenceKind::Outlier);
        is_of_settlement && round.state == RoundState::Voided
    }
}
