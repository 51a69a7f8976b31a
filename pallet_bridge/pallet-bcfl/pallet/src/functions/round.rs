// SPDX-License-Identifier: Apache-2.0
//! Opening a round, committing in it, sealing and aborting it.
use core::cmp::max;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::EnsureAdd;

use crate::{encoding::statement, rules::may_claim, *};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_open_round(
        coordinator: T::AccountId,
        id: FederationId,
        base_model: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let is_continued = federation.model.is_none_or(|model| model == base_model);
        ensure!(is_continued, Error::<T>::ModelNotContinued);
        Self::ensure_bond(id, &coordinator, &terms)?;
        federation.reserved = terms.round_reward;
        ensure!(Self::escrow_funds(id) >= federation.obligations()?, Error::<T>::EscrowShort);
        let of_terms = (federation.terms_version, &terms);
        let opened = Round::open(coordinator, base_model, of_terms, Self::now())?;
        let round = federation.next_round;
        federation.next_round = round.ensure_add(1)?;
        federation.open_round = Some(round);
        federation.liable_until = max(federation.liable_until, opened.liable_until(&terms)?);
        Self::seat_committee(id, &mut federation, round, &terms)?;
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::RoundOpened {
            federation: id,
            round,
            base_model,
            terms_version: opened.terms_version,
            commit_until: opened.commit_until,
            settle_until: opened.settle_until,
        });
        Rounds::<T>::insert(id, round, opened);
        Ok(())
    }

    pub(crate) fn do_commit(
        account: T::AccountId,
        (id, round_id): (FederationId, RoundId),
        (hash, num_examples, said): (H256, u64, H256),
    ) -> DispatchResult {
        Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        ensure!(!round.is_sealed(now), Error::<T>::CommitWindowClosed);
        let terms = Self::terms(id, round.terms_version)?;
        let mut participant = Self::participant(id, &account)?;
        let context = Self::context((id, round_id), &account);
        let statement = statement(&context, &round.binding(), hash, num_examples);
        ensure!(said == H256::from(statement), Error::<T>::StatementDiffers);
        let is_in = Commitments::<T>::contains_key((id, round_id, &account));
        ensure!(!is_in, Error::<T>::AlreadyCommitted);
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        ensure!(!participant.is_suspended(now), Error::<T>::Suspended);
        let is_within = may_claim(num_examples, &terms, participant.max_examples);
        ensure!(is_within, Error::<T>::TooManyExamples);
        let commitment = Commitment::new(hash, num_examples, now, participant.active);
        participant.consents(round.terms_version, &terms);
        participant.takes_part_until(round.liable_until(&terms)?);
        Participants::<T>::insert(id, &account, participant);
        Self::take_commitment((id, round_id), &mut round, account, commitment)?;
        Self::seal_by_quorum(id, round_id, &mut round, &terms);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    pub(crate) fn take_commitment(
        (federation, round_id): (FederationId, RoundId),
        round: &mut Round,
        account: T::AccountId,
        commitment: Commitment,
    ) -> DispatchResult {
        round.count(commitment.stake)?;
        Commitments::<T>::insert((federation, round_id, &account), commitment);
        Self::deposit_event(Event::Committed {
            federation,
            round: round_id,
            account,
            commitment: commitment.hash,
            num_examples: commitment.num_examples,
        });
        Ok(())
    }

    pub(crate) fn seal_by_quorum(
        id: FederationId,
        round_id: RoundId,
        round: &mut Round,
        terms: &Terms,
    ) {
        let is_met = terms.quorum.is_met(round.commitments, round.committed_stake);
        if is_met && round.sealed_at.is_none() {
            Self::seal_now(id, round_id, round);
        }
    }

    fn seal_now(id: FederationId, round_id: RoundId, round: &mut Round) {
        round.sealed_at = Some(Self::now());
        Self::deposit_event(Event::RoundSealed {
            federation: id,
            round: round_id,
            commitments: round.commitments,
            stake: round.committed_stake,
        });
    }

    pub(crate) fn do_seal(id: FederationId, round_id: RoundId) -> DispatchResult {
        Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        ensure!(round.sealed_at.is_none(), Error::<T>::AlreadySealed);
        ensure!(round.is_sealed(Self::now()), Error::<T>::RoundNotSealed);
        Self::seal_now(id, round_id, &mut round);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    pub(crate) fn do_abort(
        who: T::AccountId,
        id: FederationId,
        round_id: RoundId,
    ) -> DispatchResult {
        let place = (id, round_id);
        let mut federation = Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let may = Self::now() > round.settle_until || federation.coordinator == who;
        ensure!(may, Error::<T>::SettleWindowOpen);
        Self::end_open(place, &mut federation, &mut round)?;
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    /// End an open round in the way that its deadline asks for. The caller stores the federation
    /// and the round.
    pub(crate) fn end_open(
        place: (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
    ) -> DispatchResult {
        let by_deadline = Self::now() > round.settle_until;
        let terms = Self::terms(place.0, round.terms_version)?;
        let is_failure = if by_deadline {
            !Self::is_kept_by_silence(place, &terms)
        } else {
            round.commitments > 0 || Self::is_after_a_failure(place)
        };
        if by_deadline {
            Self::note_misses(place, &federation.coordinator, round, &terms)?;
        }
        Self::end_unsettled(place, federation, round, (is_failure, by_deadline));
        Ok(())
    }

    /// True when the committee let the coordinator wait for the words that its terms ask for.
    fn is_kept_by_silence(place: (FederationId, RoundId), terms: &Terms) -> bool {
        let seats = Committees::<T>::get(place.0, place.1).unwrap_or_default();
        terms.coupling != Coupling::Loose
            && terms.attest_by.is_kept_by_silence(&seats, terms.attest_quorum)
    }

    /// True when the round before this one has no settlement that stands. One round that is
    /// called off harms nobody; to open and call off for ever would be to coordinate nothing.
    fn is_after_a_failure((id, number): (FederationId, RoundId)) -> bool {
        let earlier = number.checked_sub(1).and_then(|before| Rounds::<T>::get(id, before));
        earlier.is_some_and(|round| round.state != RoundState::Settled)
    }

    /// End an open round without a settlement. The caller stores the federation and the round.
    pub(crate) fn end_unsettled(
        place: (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
        (is_failure, by_deadline): (bool, bool),
    ) {
        if is_failure {
            federation.mark_failure();
        }
        federation.end_round();
        round.state = RoundState::Aborted;
        round.ended_at = Some(Self::now());
        let (federation, round) = place;
        Self::deposit_event(Event::RoundAborted { federation, round, by_deadline });
    }

    pub(crate) fn do_skip_round(coordinator: T::AccountId, id: FederationId) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        let terms = Self::terms(id, federation.terms_version)?;
        let of_terms = (federation.terms_version, &terms);
        let skipped = Round::skip(coordinator, of_terms, Self::now())?;
        let round = federation.next_round;
        federation.next_round = round.ensure_add(1)?;
        federation.mark_failure();
        Self::keep_committee(id, round, &terms);
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round, skipped);
        Self::deposit_event(Event::RoundSkipped { federation: id, round });
        Ok(())
    }
}
