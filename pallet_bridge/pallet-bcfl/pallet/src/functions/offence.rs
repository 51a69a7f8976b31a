// SPDX-License-Identifier: Apache-2.0
//! Recording an offence, and taking what it costs once its window is over.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        DefensiveOption,
    },
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign};

use crate::{rules::slash_fraction, *};

impl<T: Config> Pallet<T> {
    /// Note an offence: the member stays suspended while it waits. Returns false, and does
    /// nothing, when one stands for this round and account, also one that was executed or
    /// overturned: one slash for one round. The caller stores the round and the participant.
    pub(crate) fn record_offence(
        (federation, round_id): (FederationId, RoundId),
        round: &mut Round,
        account: &T::AccountId,
        participant: &mut Participant<T::MaxUnbonding>,
        kind: OffenceKind,
        reporter: Option<T::AccountId>,
        terms: &Terms,
    ) -> Result<bool, DispatchError> {
        let stake = participant.at_stake()?;
        let fraction = slash_fraction(kind, terms, participant.offences);
        let amount = fraction.mul_floor(stake);
        if let Some(earlier) = Offences::<T>::get((federation, round_id, account)) {
            if !earlier.yields_to(kind, amount) && !earlier.is_moot(round) {
                return Ok(false);
            }
            let place = (federation, round_id);
            Self::call_off(place, round, account, participant, (earlier.state, false))?;
        }
        let executable_at = Self::now().ensure_add(terms.dispute_blocks)?;
        participant.offences.ensure_add_assign(1)?;
        participant.pending_offences.ensure_add_assign(1)?;
        round.pending_offences.ensure_add_assign(1)?;
        let state = OffenceState::Pending;
        let offence =
            Offence { kind, stake, amount, executable_at, reporter: reporter.clone(), state };
        Offences::<T>::insert((federation, round_id, account), offence);
        Self::deposit_event(Event::OffenceRecorded {
            federation,
            round: round_id,
            account: account.clone(),
            kind,
            stake,
            amount,
            executable_at,
            reporter,
        });
        Ok(true)
    }

    /// The offence of an account in a round, while its slash is to come.
    pub(crate) fn waiting_offence(
        place: (FederationId, RoundId),
        account: &T::AccountId,
    ) -> Result<Offence, Error<T>> {
        let offence =
            Offences::<T>::get((place.0, place.1, account)).ok_or(Error::<T>::OffenceNotFound)?;
        ensure!(offence.state.waits(), Error::<T>::OffenceNotFound);
        Ok(offence)
    }

    /// True when an offence of this account in this round waits for its slash.
    pub(crate) fn offence_waits(id: FederationId, round: RoundId, account: &T::AccountId) -> bool {
        Self::waiting_offence((id, round), account).is_ok()
    }

    pub(crate) fn do_execute_slash(
        id: FederationId,
        round_id: RoundId,
        account: T::AccountId,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let (mut round, terms) = Self::round_and_terms((id, round_id))?;
        let mut offence = Self::waiting_offence((id, round_id), &account)?;
        let now = Self::now();
        let is_disputed = matches!(offence.state, OffenceState::Disputed(_));
        ensure!(!is_disputed, Error::<T>::DisputeOpen);
        ensure!(now >= offence.executable_at, Error::<T>::DisputeWindowOpen);
        ensure!(!offence.rests_on_a_void(&round), Error::<T>::RoundVoided);
        let mut participant =
            Participants::<T>::get(id, &account).defensive_ok_or(Error::<T>::Defensive)?;
        let active = participant.active;
        let taken = participant.slash(offence.amount)?;
        let from_active = active.ensure_sub(participant.active)?;
        federation.take_stake(from_active, participant.held_since)?;
        participant.pending_offences.ensure_sub_assign(1)?;
        round.pending_offences.ensure_sub_assign(1)?;
        let cooled = now.ensure_add(terms.cooldown_blocks)?;
        participant.suspended_until = max(participant.suspended_until, cooled);
        let reporter = Self::paid_reporter((id, round_id), &round, &federation, &offence, &terms);
        let wanted = terms.reporter_share.mul_floor(taken);
        let shared = Self::pay_reporter(&account, reporter.as_ref(), wanted);
        let burned = taken.ensure_sub(shared)?;
        let reason = HoldReason::Stake.into();
        T::Currency::burn_held(&reason, &account, burned, Precision::Exact, Fortitude::Force)?;
        let forfeited =
            Self::forfeit_reward((id, round_id), &mut federation, &mut round, &account)?;
        Self::forfeit_within_reach((id, round_id), &mut federation, &account)?;
        Self::retire_attester(id, &account, now);
        offence.state = OffenceState::Executed;
        let (kind, amount) = (offence.kind, offence.amount);
        Offences::<T>::insert((id, round_id, &account), offence);
        Participants::<T>::insert(id, &account, participant);
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::Slashed {
            federation: id,
            round: round_id,
            account,
            kind,
            amount,
            burned,
            shared,
            reporter: reporter.filter(|_| shared > 0),
            forfeited,
        });
        Ok(())
    }

    /// Who gets the reporter's share. Nobody who decides: not the coordinator, and for a mismatch
    /// nobody at all unless a quorum of attesters signed the root that shows it. Else a coordinator
    /// could post a wrong digest, and a friend of it report the member.
    fn paid_reporter(
        place: (FederationId, RoundId),
        round: &Round,
        federation: &Federation,
        offence: &Offence,
        terms: &Terms,
    ) -> Option<T::AccountId> {
        let reporter = offence.reporter.clone()?;
        let is_founded =
            || offence.kind.is_signed() || Self::is_settlement_attested(place, round, terms);
        (reporter != federation.coordinator && is_founded()).then_some(reporter)
    }

    /// Pay what can be paid: a reporter that cannot take the money must not stop the slash.
    fn pay_reporter(
        account: &T::AccountId,
        reporter: Option<&T::AccountId>,
        amount: Balance,
    ) -> Balance {
        let Some(reporter) = reporter else { return 0 };
        with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &HoldReason::Stake.into(),
                account,
                reporter,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })
        .unwrap_or_default()
    }
}
