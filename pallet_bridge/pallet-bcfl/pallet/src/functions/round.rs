// SPDX-License-Identifier: Apache-2.0
//! Opening a round, committing in it, sealing and aborting it.
use core::cmp::max;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureMul};

use crate::{encoding::statement, *};

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
        federation.reserved = terms.round_reward;
        ensure!(Self::escrow_funds(id) >= federation.obligations()?, Error::<T>::EscrowShort);
        let of_terms = (federation.terms_version, &terms);
        let opened = Round::open(coordinator, base_model, of_terms, Self::now())?;
        let round = federation.next_round;
        federation.next_round = round.ensure_add(1)?;
        federation.open_round = Some(round);
        let disputes = terms.dispute_blocks.ensure_mul(2)?;
        let liable = opened.settle_until.ensure_add(disputes)?;
        federation.liable_until = max(federation.liable_until, liable);
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
        let participant = Self::participant(id, &account)?;
        let context = Self::context((id, round_id), &account);
        let statement = statement(&context, &round.binding(), hash, num_examples);
        ensure!(said == H256::from(statement), Error::<T>::StatementDiffers);
        let is_in = Commitments::<T>::contains_key((id, round_id, &account));
        ensure!(!is_in, Error::<T>::AlreadyCommitted);
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        ensure!(!participant.is_suspended(now), Error::<T>::Suspended);
        let commitment = Commitment::new(hash, num_examples, now, participant.active);
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
        let mut federation = Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        let by_deadline = now > round.settle_until;
        let may = by_deadline || federation.coordinator == who;
        ensure!(may, Error::<T>::SettleWindowOpen);
        if by_deadline {
            federation.mark_failure();
            Self::note_misses(id, round_id)?;
        }
        federation.end_round();
        round.state = RoundState::Aborted;
        round.ended_at = Some(now);
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::RoundAborted { federation: id, round: round_id, by_deadline });
        Ok(())
    }
}
