// SPDX-License-Identifier: Apache-2.0
//! Registering attesters, and attesting.
use core::cmp::max;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureMul, EnsureSubAssign};

use super::seats::Seats;
use crate::{
    governance_rules::aged,
    randomness::{mix, opens},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register_attester(
        account: T::AccountId,
        id: FederationId,
        tip: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let participant = Self::participant(id, &account)?;
        ensure!(account != federation.coordinator, Error::<T>::CoordinatorConflict);
        // One that no draw knows any more makes room for its own return.
        if let Some(earlier) = Attesters::<T>::get(id, &account) {
            ensure!(earlier.is_gone(federation.seed_at), Error::<T>::AlreadyAttester);
            Self::forget_attester(id, &mut federation, &account)?;
        }
        ensure!(federation.attesters < T::MaxAttesters::get(), Error::<T>::TooManyAttesters);
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        let now = Self::now();
        ensure!(!participant.is_suspended(now), Error::<T>::Suspended);
        let age = now.saturating_sub(participant.held_since);
        let weight = aged(participant.active, age, terms.aging_blocks);
        ensure!(weight > 0, Error::<T>::StakeTooYoung);
        federation.attesters.ensure_add_assign(1)?;
        Federations::<T>::insert(id, federation);
        Attesters::<T>::insert(id, &account, Attester::new(tip, weight, now));
        Self::deposit_event(Event::AttesterRegistered { federation: id, account, weight });
        Ok(())
    }

    pub(crate) fn do_resign_attester(account: T::AccountId, id: FederationId) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut attester = Attesters::<T>::get(id, &account).ok_or(Error::<T>::NotAttester)?;
        ensure!(attester.leaves.is_none(), Error::<T>::NotAttester);
        // Under a known seed, who leaves at once changes the draw as it likes. And who sits still has
        // to speak.
        let last = federation.next_round.checked_sub(1);
        let sits = last.is_some_and(|round| Self::is_seated(id, round, &account));
        let leaves_at_once = !federation.seeded && !sits;
        if leaves_at_once {
            Self::forget_attester(id, &mut federation, &account)?;
            Federations::<T>::insert(id, federation);
        } else {
            attester.leaves = Some(Self::now());
            Attesters::<T>::insert(id, &account, attester);
        }
        Self::deposit_event(Event::AttesterResigned { federation: id, account, leaves_at_once });
        Ok(())
    }

    /// Remove the attester, if it is one. The caller stores the federation.
    pub(crate) fn forget_attester(
        id: FederationId,
        federation: &mut Federation,
        account: &T::AccountId,
    ) -> DispatchResult {
        if Attesters::<T>::take(id, account).is_some() {
            federation.attesters.ensure_sub_assign(1)?;
        }
        Ok(())
    }

    /// What a slashed attester registered with is no longer there: it has to register again.
    pub(crate) fn retire_attester(id: FederationId, account: &T::AccountId, now: BlockNumber) {
        if let Some(mut attester) = Attesters::<T>::get(id, account) {
            attester.leaves = attester.leaves.or(Some(now));
            Attesters::<T>::insert(id, account, attester);
        }
    }

    /// An attester keeps the stake it is weighed by until it resigns: else it could move the draw
    /// planck by planck once the seed is known.
    pub(crate) fn ensure_free_to_unbond(
        id: FederationId,
        account: &T::AccountId,
        rest: Balance,
    ) -> DispatchResult {
        let is_bound = Attesters::<T>::get(id, account)
            .is_some_and(|attester| attester.leaves.is_none() && rest < attester.weight);
        ensure!(!is_bound, Error::<T>::AttesterStake);
        Ok(())
    }

    pub(crate) fn do_attest(
        account: T::AccountId,
        place: (FederationId, RoundId),
        statement: H256,
        preimage: H256,
    ) -> DispatchResult {
        let federation = Self::federation(place.0)?;
        let (mut round, terms) = Self::round_and_terms(place)?;
        let takes_words = matches!(round.state, RoundState::Open | RoundState::Settled);
        ensure!(takes_words, Error::<T>::RoundNotOpen);
        let now = Self::now();
        ensure!(round.is_sealed(now), Error::<T>::RoundNotSealed);
        let is_in_time =
            now <= round.settle_until || Self::is_late_refutation(place, &round, statement);
        ensure!(is_in_time, Error::<T>::SettleWindowClosed);
        ensure!(account != federation.coordinator, Error::<T>::CoordinatorConflict);
        let (mut seats, index) = Self::seat_of(place, &account)?;
        let seat = seats.get_mut(index).ok_or(Error::<T>::Defensive)?;
        let mut participant = Self::participant(place.0, &account)?;
        match seat.weigh(statement) {
            Saying::Again => return Err(Error::<T>::AlreadyAttested.into()),
            Saying::Conflict => {
                seat.is_void = true;
                let kind = OffenceKind::AttesterEquivocation;
                let member = &mut participant;
                Self::record_offence(place, &mut round, &account, member, kind, None, &terms)?;
                Rounds::<T>::insert(place.0, place.1, round);
                Participants::<T>::insert(place.0, &account, participant);
                Committees::<T>::insert(place.0, place.1, seats);
                return Ok(());
            }
            Saying::First => {
                Self::ensure_may_attest(&participant, &terms)?;
                Self::reveal(place, federation, &round, &account, preimage)?;
            }
            Saying::Instead => Self::ensure_may_attest(&participant, &terms)?,
        }
        seat.said = Some(statement);
        Committees::<T>::insert(place.0, place.1, seats);
        if !statement.is_zero() {
            // The hash of the terms is in what it says. An abstention says nothing of them.
            participant.consents(round.terms_version, &terms);
            let until = round.settle_until.ensure_add(terms.dispute_blocks.ensure_mul(2)?)?;
            participant.takes_part_until(until);
            Participants::<T>::insert(place.0, &account, participant);
        }
        let (federation, round) = place;
        Self::deposit_event(Event::Attested { federation, round, account, statement });
        Ok(())
    }

    fn ensure_may_attest(
        participant: &Participant<T::MaxUnbonding>,
        terms: &Terms,
    ) -> DispatchResult {
        ensure!(participant.at_stake()? >= terms.min_stake, Error::<T>::StakeTooLow);
        ensure!(!participant.is_suspended(Self::now()), Error::<T>::Suspended);
        Ok(())
    }

    /// Take the next value of the attester's chain and mix it into the seed.
    fn reveal(
        place: (FederationId, RoundId),
        mut federation: Federation,
        round: &Round,
        account: &T::AccountId,
        preimage: H256,
    ) -> DispatchResult {
        let mut attester = Attesters::<T>::get(place.0, account).ok_or(Error::<T>::NotAttester)?;
        ensure!(opens(preimage, attester.tip), Error::<T>::WrongPreimage);
        attester.tip = preimage;
        attester.missed = 0;
        Attesters::<T>::insert(place.0, account, attester);
        federation.seed = mix(federation.seed, &Self::context(place, account), preimage);
        federation.seed_at = max(federation.seed_at, round.opened_at);
        federation.seeded = true;
        Federations::<T>::insert(place.0, federation);
        Ok(())
    }

    /// The committee of a round, and where in it the account sits.
    pub(crate) fn seat_of(
        (federation, round): (FederationId, RoundId),
        who: &T::AccountId,
    ) -> Result<(Seats<T>, usize), Error<T>> {
        let seats = Committees::<T>::get(federation, round).unwrap_or_default();
        let place = seats.iter().position(|seat| seat.account == *who);
        let place = place.ok_or(Error::<T>::NotSeated)?;
        Ok((seats, place))
    }

    /// True when the account sits in the committee of the round.
    pub(crate) fn is_seated(id: FederationId, round: RoundId, who: &T::AccountId) -> bool {
        Self::seat_of((id, round), who).is_ok()
    }

    /// Check that the coupling of the terms lets this settlement pass.
    pub(crate) fn ensure_attested(
        id: FederationId,
        round: RoundId,
        terms: &Terms,
        statement: H256,
        strikes: u32,
    ) -> DispatchResult {
        let needed = match terms.coupling {
            Coupling::Loose => false,
            Coupling::Flexible => strikes > 0,
            Coupling::Full => true,
        };
        let may = !needed || Self::is_attested((id, round), terms, statement);
        ensure!(may, Error::<T>::NotAttested);
        Ok(())
    }

    fn is_attested(
        (federation, round): (FederationId, RoundId),
        terms: &Terms,
        statement: H256,
    ) -> bool {
        let seats = Committees::<T>::get(federation, round).unwrap_or_default();
        terms.attest_by.has_quorum(&seats, terms.attest_quorum, |_, seat| seat.is_for(statement))
    }

    /// True when a quorum of the committee attested what the round was settled with.
    pub(crate) fn is_settlement_attested(
        place: (FederationId, RoundId),
        round: &Round,
        terms: &Terms,
    ) -> bool {
        round.settlement.as_ref().is_some_and(|settlement| {
            Self::is_attested(place, terms, Self::words_on(place, round, settlement).0)
        })
    }
}
