// SPDX-License-Identifier: Apache-2.0

use alloc::collections::BTreeMap;
use frame_support::ensure;

use super::Check;
use crate::*;

impl<T: Config> Pallet<T> {
    /// I5: an offence asks for at most the cap, and its member and round know of it.
    pub(super) fn check_offences() -> Check {
        let mut by_member = BTreeMap::<(FederationId, T::AccountId), u32>::new();
        let mut by_round = BTreeMap::<(FederationId, RoundId), u32>::new();
        for ((id, number, account), offence) in Offences::<T>::iter() {
            let round = Rounds::<T>::get(id, number).ok_or("I5: an offence without round")?;
            let cap = Self::try_terms(id, round.terms_version)?.slash.cap;
            ensure!(offence.amount <= cap.mul_floor(offence.stake), "I5: above the cap");
            ensure!(offence.reporter.as_ref() != Some(&account), "I7: reported by itself");
            let is_false = offence.kind == OffenceKind::FalseAttestation;
            let is_void = round.state == RoundState::Voided;
            ensure!(is_void || !is_false, "a false attestation of a settlement that stands");
            Self::check_dispute_votes((id, number), &offence)?;
            if offence.state.waits() {
                let count = by_member.entry((id, account)).or_default();
                *count = count.saturating_add(1);
                let count = by_round.entry((id, number)).or_default();
                *count = count.saturating_add(1);
            }
        }
        for (id, account, participant) in Participants::<T>::iter() {
            let count = by_member.remove(&(id, account)).unwrap_or_default();
            ensure!(participant.pending_offences == count, "I5: offences are not counted right");
        }
        ensure!(by_member.is_empty(), "I5: an offender has left before the slash");
        for (id, number, round) in Rounds::<T>::iter() {
            let count = by_round.remove(&(id, number)).unwrap_or_default();
            ensure!(round.pending_offences == count, "I5: a round's offences are miscounted");
        }
        Ok(())
    }

    /// Each seat of the committee votes once at most on a dispute.
    fn check_dispute_votes((id, number): (FederationId, RoundId), offence: &Offence) -> Check {
        let OffenceState::Disputed(dispute) = offence.state else {
            return Ok(());
        };
        ensure!(dispute.upheld & dispute.overturned == 0, "a seat voted both ways");
        let seats = Committees::<T>::get(id, number).unwrap_or_default();
        let votes = (dispute.upheld | dispute.overturned).count_ones();
        ensure!(votes <= weights::count(seats.len()), "more votes than seats");
        Ok(())
    }
}
