// SPDX-License-Identifier: Apache-2.0
//! Paying rewards, and what becomes of those that are not paid.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign};

use crate::{
    money_rules::{is_vested, left_after_strikes, reaches, Moment, MAX_VESTING_ROUNDS},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_claim(
        id: FederationId,
        account: T::AccountId,
        rounds: BoundedVec<RoundId, T::MaxClaims>,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        ensure!(federation.state != FederationState::Closed, Error::<T>::FederationNotActive);
        let (mut earned, mut amount): (Balance, Balance) = (0, 0);
        for round in rounds {
            let (reward, left) = Self::take_reward(id, &federation, round, &account)?;
            earned.ensure_add_assign(reward)?;
            amount.ensure_add_assign(left)?;
        }
        ensure!(earned > 0, Error::<T>::NothingToClaim);
        federation.owed.ensure_sub_assign(earned)?;
        Federations::<T>::insert(id, federation);
        // Strikes may leave nothing. An account that is not there could not take nothing.
        if amount > 0 {
            let escrow = Self::escrow_account(id);
            T::Currency::transfer(&escrow, &account, amount, Preservation::Preserve)?;
        }
        Self::deposit_event(Event::Claimed { federation: id, account, amount });
        Ok(())
    }

    /// Mark one reward as paid. Returns how much waited, and how much of it is paid: nothing when
    /// nothing waits.
    fn take_reward(
        id: FederationId,
        federation: &Federation,
        round_id: RoundId,
        account: &T::AccountId,
    ) -> Result<(Balance, Balance), DispatchError> {
        let (mut round, terms) = Self::round_and_terms((id, round_id))?;
        if let Some(spoiled) = round.compensation.filter(|spoiled| spoiled.each > 0) {
            let paid = Self::take_compensation((id, round_id), round, spoiled, account)?;
            return Ok((paid, paid));
        }
        let mut settlement = Self::settlement_to_pay(&round)?;
        let is_accused = Self::is_accused((id, round_id), account, &terms);
        ensure!(!is_accused, Error::<T>::OffencePending);
        let Some(mut commitment) = Commitments::<T>::get((id, round_id, account)) else {
            return Ok((0, 0));
        };
        if !commitment.judged || commitment.payout != Payout::Waiting {
            return Ok((0, 0));
        }
        let vests = (terms.vesting_rounds, settlement.vests_at);
        let is_vested = is_vested(round_id, vests.0, vests.1, Self::moment(federation));
        ensure!(is_vested, Error::<T>::RewardNotVested);
        let earned = commitment.reward;
        let left = left_after_strikes(earned, round_id, &Self::struck(id, account), &terms);
        commitment.payout = Payout::Paid;
        settlement.unpaid.ensure_sub_assign(earned)?;
        round.settlement = Some(settlement);
        Commitments::<T>::insert((id, round_id, account), commitment);
        Rounds::<T>::insert(id, round_id, round);
        Self::announce_cut((id, round_id), account.clone(), earned.ensure_sub(left)?);
        Ok((earned, left))
    }

    /// True when an offence waits that may take the reward of this round: of a reward that vests
    /// any of its owner's, else what a slash will take could be claimed before it.
    fn is_accused(
        (id, round): (FederationId, RoundId),
        account: &T::AccountId,
        terms: &Terms,
    ) -> bool {
        let waits = || {
            Participants::<T>::get(id, account).is_some_and(|member| member.pending_offences > 0)
        };
        Self::offence_waits(id, round, account) || (terms.vesting_rounds > 0 && waits())
    }

    /// The latest rounds in which an account got a strike. Of one that left an organisation they
    /// are on record under the organisation's name, which nobody knows any more: nothing is cut.
    fn struck(id: FederationId, account: &T::AccountId) -> Struck {
        match Participants::<T>::get(id, account) {
            Some(participant) => participant.struck,
            None => Records::<T>::get(id, Subject::Account(account.clone()))
                .map_or_else(Struck::default, |record| record.struck),
        }
    }

    /// What decides now whether a reward is vested.
    fn moment(federation: &Federation) -> Moment {
        Moment {
            next_round: federation.next_round,
            now: Self::now(),
            is_ending: federation.state != FederationState::Active,
        }
    }

    /// Take every reward of an account that is not vested, also those that verdicts to come will
    /// give. The caller stores the federation.
    pub(crate) fn forfeit_unvested(
        id: FederationId,
        federation: &mut Federation,
        account: &T::AccountId,
    ) -> DispatchResult {
        let next = federation.next_round;
        for round in next.saturating_sub(MAX_VESTING_ROUNDS)..next {
            Self::forfeit_if_unvested((id, round), federation, account, None)?;
        }
        Ok(())
    }

    /// Take every reward of an offender, besides that of the offence's own round, which vests over
    /// that round, or is not vested now. The caller stores the federation.
    pub(crate) fn forfeit_within_reach(
        (id, offended): (FederationId, RoundId),
        federation: &mut Federation,
        account: &T::AccountId,
    ) -> DispatchResult {
        let next = federation.next_round;
        let before = offended.saturating_sub(MAX_VESTING_ROUNDS)..offended;
        let first_after = max(next.saturating_sub(MAX_VESTING_ROUNDS), before.end.ensure_add(1)?);
        for round in before.chain(first_after..next) {
            Self::forfeit_if_unvested((id, round), federation, account, Some(offended))?;
        }
        Ok(())
    }

    fn forfeit_if_unvested(
        (id, round_id): (FederationId, RoundId),
        federation: &mut Federation,
        account: &T::AccountId,
        offended: Option<RoundId>,
    ) -> DispatchResult {
        let may_have = Commitments::<T>::get((id, round_id, account))
            .is_some_and(|one| one.payout == Payout::Waiting && (one.reward > 0 || !one.judged));
        if !may_have {
            return Ok(());
        }
        let (mut round, terms) = Self::round_and_terms((id, round_id))?;
        let vests_at = match (round.state, &round.settlement) {
            (RoundState::Open, _) => BlockNumber::MAX,
            (RoundState::Settled, Some(settlement)) if !settlement.expired => settlement.vests_at,
            _ => return Ok(()),
        };
        let vesting = terms.vesting_rounds;
        let is_reached = offended.is_some_and(|offended| reaches(offended, round_id, vesting));
        if !is_reached && is_vested(round_id, vesting, vests_at, Self::moment(federation)) {
            return Ok(());
        }
        let taken = Self::forfeit_reward((id, round_id), federation, &mut round, account)?;
        Rounds::<T>::insert(id, round_id, round);
        Self::announce_cut((id, round_id), account.clone(), taken);
        Ok(())
    }

    /// Say what was taken of a reward, unless that is nothing.
    pub(crate) fn announce_cut(
        (federation, round): (FederationId, RoundId),
        account: T::AccountId,
        amount: Balance,
    ) {
        if amount > 0 {
            Self::deposit_event(Event::RewardCut { federation, round, account, amount });
        }
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
