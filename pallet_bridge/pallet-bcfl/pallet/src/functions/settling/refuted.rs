// SPDX-License-Identifier: Apache-2.0
//! Settlements that a committee refutes: it did the round again, and something else came out.
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use sp_core::H256;

use crate::{
    encoding::{attest_statement, refute_statement},
    weights::unmeasured,
    *,
};

impl<T: Config> Pallet<T> {
    /// What a seat says that attests this settlement, and what one says that refutes it.
    pub(crate) fn words_on(
        place: (FederationId, RoundId),
        round: &Round,
        settlement: &Settlement,
    ) -> (H256, H256) {
        let genesis = Self::genesis_hash();
        let said = (settlement.model, settlement.report, settlement.root);
        (
            attest_statement(genesis, place, round.terms_hash, said),
            refute_statement(genesis, place, round.terms_hash, said),
        )
    }

    /// True while a seat may say this after the deadline of the settlement: to do a round again
    /// takes what was settled, so a refutation has the dispute window.
    pub(crate) fn is_late_refutation(
        place: (FederationId, RoundId),
        round: &Round,
        statement: H256,
    ) -> bool {
        let Some(settlement) = round.settlement.as_ref() else { return false };
        let is_in_time = Self::now() <= settlement.dispute_until;
        is_in_time && Self::words_on(place, round, settlement).1 == statement
    }

    pub(crate) fn do_report_wrong_verdict(
        who: T::AccountId,
        place: (FederationId, RoundId),
    ) -> DispatchResult {
        let mut federation = Self::federation(place.0)?;
        let (mut round, terms) = Self::round_and_terms(place)?;
        let settlement = Self::settlement(&round)?;
        Self::ensure_reportable(&round, &terms)?;
        let (attested, refuted) = Self::words_on(place, &round, &settlement);
        let seats = Committees::<T>::get(place.0, place.1).unwrap_or_default();
        let refutes = |_: usize, seat: &Seat| seat.is_for(refuted);
        let is_refuted = terms.attest_by.decides(&seats, terms.attest_quorum, refutes);
        ensure!(is_refuted, Error::<T>::NotRefuted);
        Self::deposit_event(Event::RoundRefuted {
            federation: place.0,
            round: place.1,
            model: settlement.model,
            report: settlement.report,
            root: settlement.root,
        });
        // The settlement of a seat of the committee is not the coordinator's doing.
        if settlement.by_coordinator {
            Self::punish(place, &mut federation, &mut round, &terms, None)?;
        }
        Self::void_round(place, &mut federation, &mut round, who)?;
        let attesters: Vec<_> = seats.into_iter().filter(|seat| seat.is_for(attested)).collect();
        for seat in attesters {
            Self::note_false_attestation(place, &mut round, &seat.account, &terms)?;
        }
        Federations::<T>::insert(place.0, federation);
        Rounds::<T>::insert(place.0, place.1, round);
        Ok(())
    }

    /// Take the strikes back that a list gave at once. Its other effects on a member are small, or
    /// end by themselves: a streak is called off ([`Pallet::lapse`]).
    pub(crate) fn take_back_strikes((federation, round): (FederationId, RoundId)) {
        let judged: Vec<_> = Commitments::<T>::iter_key_prefix((federation, round)).collect();
        for account in judged {
            let Some(mut member) = Participants::<T>::get(federation, &account) else { continue };
            let before = member.struck.len();
            member.struck.retain(|struck| *struck != round);
            if member.struck.len() == before {
                continue;
            }
            let strikes = member.strikes.saturating_sub(1);
            if strikes < member.strikes {
                member.strikes = strikes;
                let account = account.clone();
                Self::deposit_event(Event::StrikeForgiven { federation, round, account, strikes });
            }
            Participants::<T>::insert(federation, account, member);
        }
    }

    /// What that costs at most: a list has no more verdicts.
    pub(crate) fn weight_of_strikes() -> Weight {
        let most = u64::from(T::MaxVerdicts::get());
        unmeasured::<T>(most.saturating_mul(2), most)
    }

    /// Nobody is noted as the reporter, and nobody gets a share: it was the committee that decided.
    fn note_false_attestation(
        place: (FederationId, RoundId),
        round: &mut Round,
        account: &T::AccountId,
        terms: &Terms,
    ) -> DispatchResult {
        // Its stake stays until the round is beyond disputes. Who has no record has nothing to lose.
        let Some(mut member) = Participants::<T>::get(place.0, account) else { return Ok(()) };
        let kind = OffenceKind::FalseAttestation;
        Self::record_offence(place, round, account, &mut member, kind, None, terms)?;
        Participants::<T>::insert(place.0, account, member);
        Ok(())
    }
}
