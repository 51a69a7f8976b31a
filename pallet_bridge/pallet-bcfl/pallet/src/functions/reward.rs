// SPDX-License-Identifier: Apache-2.0
//! Paying rewards, and what becomes of those that are not paid.
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign};

use crate::*;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_claim(
        id: FederationId,
        account: T::AccountId,
        rounds: BoundedVec<RoundId, T::MaxClaims>,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        ensure!(federation.state != FederationState::Closed, Error::<T>::FederationNotActive);
        let mut amount: Balance = 0;
        for round in rounds {
            amount.ensure_add_assign(Self::take_reward(id, round, &account)?)?;
        }
        ensure!(amount > 0, Error::<T>::NothingToClaim);
        federation.owed.ensure_sub_assign(amount)?;
        Federations::<T>::insert(id, federation);
        let escrow = Self::escrow_account(id);
        T::Currency::transfer(&escrow, &account, amount, Preservation::Preserve)?;
        Self::deposit_event(Event::Claimed { federation: id, account, amount });
        Ok(())
    }

    /// Mark one reward as paid. Returns how much it was: nothing when nothing waits.
    fn take_reward(
        id: FederationId,
        round_id: RoundId,
        account: &T::AccountId,
    ) -> Result<Balance, DispatchError> {
        let mut round = Self::round(id, round_id)?;
        if let Some(spoiled) = round.compensation.filter(|spoiled| spoiled.each > 0) {
            return Self::take_compensation((id, round_id), round, spoiled, account);
        }
        let mut settlement = Self::settlement_to_pay(&round)?;
        ensure!(!Self::offence_waits(id, round_id, account), Error::<T>::OffencePending);
        let Some(mut commitment) = Commitments::<T>::get((id, round_id, account)) else {
            return Ok(0);
        };
        if !commitment.judged || commitment.payout != Payout::Waiting {
            return Ok(0);
        }
        commitment.payout = Payout::Paid;
        settlement.unpaid.ensure_sub_assign(commitment.reward)?;
        round.settlement = Some(settlement);
        Commitments::<T>::insert((id, round_id, account), commitment);
        Rounds::<T>::insert(id, round_id, round);
        Ok(commitment.reward)
    }

    /// Mark the part of one commitment in a compensation as paid. Returns how much it was. Who
    /// spoiled the round gets nothing of it.
    fn take_compensation(
        (id, number): (FederationId, RoundId),
        mut round: Round,
        mut compensation: Compensation,
        account: &T::AccountId,
    ) -> Result<Balance, DispatchError> {
        ensure!(!Self::offence_waits(id, number, account), Error::<T>::OffencePending);
        let Some(mut commitment) = Commitments::<T>::get((id, number, account)) else {
            return Ok(0);
        };
        let is_left = compensation.unpaid >= compensation.each;
        let may = commitment.payout == Payout::Waiting && *account != round.coordinator;
        if !is_left || !may {
            return Ok(0);
        }
        commitment.payout = Payout::Paid;
        compensation.unpaid.ensure_sub_assign(compensation.each)?;
        round.compensation = Some(compensation);
        Commitments::<T>::insert((id, number, account), commitment);
        Rounds::<T>::insert(id, number, round);
        Ok(compensation.each)
    }

    /// The settlement of a round, if it stands, is final and has not expired.
    pub(crate) fn settlement_to_pay(round: &Round) -> Result<Settlement, Error<T>> {
        let settlement = Self::settlement(round)?;
        ensure!(!settlement.expired, Error::<T>::RoundExpired);
        ensure!(Self::now() > settlement.dispute_until, Error::<T>::SettlementDisputable);
        Ok(settlement)
    }

    /// Take the reward that an offender earned, or will, in this round. Returns what the escrow
    /// owes less now; the rest follows when the leaf is applied.
    pub(crate) fn forfeit_reward(
        (id, round_id): (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
        account: &T::AccountId,
    ) -> Result<Balance, DispatchError> {
        let Some(mut commitment) = Commitments::<T>::get((id, round_id, account)) else {
            return Ok(0);
        };
        if commitment.payout != Payout::Waiting {
            return Ok(0);
        }
        commitment.payout = Payout::Forfeited;
        Commitments::<T>::insert((id, round_id, account), commitment);
        let Some(settlement) = round.settlement.as_mut() else {
            return Ok(0);
        };
        if !commitment.judged || settlement.expired {
            return Ok(0);
        }
        settlement.unpaid.ensure_sub_assign(commitment.reward)?;
        federation.owed.ensure_sub_assign(commitment.reward)?;
        Ok(commitment.reward)
    }

    /// Give back to the escrow what waits of a round. Returns how much.
    pub(crate) fn release_unpaid(
        federation: &mut Federation,
        settlement: &mut Settlement,
    ) -> Result<Balance, DispatchError> {
        settlement.expired = true;
        settlement.left = Totals::default();
        let unpaid = core::mem::take(&mut settlement.unpaid);
        // A closed federation owes nothing: all went to its founder.
        if federation.state != FederationState::Closed {
            federation.owed.ensure_sub_assign(unpaid)?;
        }
        Ok(unpaid)
    }

    /// Undo a settlement that was proved wrong. Returns what the escrow owes less now.
    pub(crate) fn void_settlement(
        federation: &mut Federation,
        round: &mut Round,
    ) -> Result<Balance, DispatchError> {
        let mut settlement = Self::settlement(round)?;
        let released = Self::release_unpaid(federation, &mut settlement)?;
        round.state = RoundState::Voided;
        round.settlement = Some(settlement);
        federation.failures_in_row =
            federation.failures_in_row.ensure_add(settlement.failures_before)?;
        federation.mark_failure();
        Ok(released)
    }

    pub(crate) fn do_expire(id: FederationId, round_id: RoundId) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut round = Self::round(id, round_id)?;
        Self::expire_round((id, round_id), &mut federation, &mut round)?;
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    pub(crate) fn expire_round(
        (id, round_id): (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
    ) -> DispatchResult {
        if let Some(left) = round.compensation.filter(|left| left.unpaid > 0) {
            return Self::expire_compensation((id, round_id), federation, round, left);
        }
        let mut settlement = Self::settlement(round)?;
        ensure!(!settlement.expired, Error::<T>::RoundExpired);
        ensure!(Self::now() > settlement.claim_until, Error::<T>::ClaimsOpen);
        ensure!(round.pending_offences == 0, Error::<T>::RoundOffencesPending);
        let returned = Self::release_unpaid(federation, &mut settlement)?;
        round.settlement = Some(settlement);
        Self::deposit_event(Event::RoundExpired { federation: id, round: round_id, returned });
        Ok(())
    }

    /// Give back to the escrow what nobody claimed of a compensation.
    fn expire_compensation(
        (id, round_id): (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
        mut compensation: Compensation,
    ) -> DispatchResult {
        ensure!(Self::now() > compensation.until, Error::<T>::ClaimsOpen);
        ensure!(round.pending_offences == 0, Error::<T>::RoundOffencesPending);
        let returned = core::mem::take(&mut compensation.unpaid);
        // A closed federation owes nothing: all went to its founder.
        if federation.state != FederationState::Closed {
            federation.owed.ensure_sub_assign(returned)?;
        }
        round.compensation = Some(compensation);
        Self::deposit_event(Event::RoundExpired { federation: id, round: round_id, returned });
        Ok(())
    }
}
