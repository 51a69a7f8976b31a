//! Recording an offence, and taking what it costs once its window is over.

use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        DefensiveOption,
    },
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign};

use crate::{rules::slash_fraction, *};

impl<T: Config> Pallet<T> {
    /// Note an offence, suspend the member until it can be executed. Returns false, and does
    /// nothing, when one stands for this round and account already: one slash for one round.
    pub(crate) fn record_offence(
        (federation, round): (FederationId, RoundId),
        account: &T::AccountId,
        participant: &mut Participant<T::MaxUnbonding>,
        kind: OffenceKind,
        terms: &Terms,
    ) -> Result<bool, DispatchError> {
        if Offences::<T>::contains_key((federation, round, account)) {
            return Ok(false);
        }
        let stake = participant.at_stake()?;
        let fraction = slash_fraction(kind, &terms.slash, participant.offences);
        let amount = fraction.mul_floor(stake);
        let executable_at = Self::now().ensure_add(terms.dispute_blocks)?;
        participant.offences.ensure_add_assign(1)?;
        participant.pending_offences.ensure_add_assign(1)?;
        participant.suspended_until = max(participant.suspended_until, executable_at);
        Offences::<T>::insert(
            (federation, round, account),
            Offence { kind, stake, amount, executable_at },
        );
        Self::deposit_event(Event::OffenceRecorded {
            federation,
            round,
            account: account.clone(),
            kind,
            stake,
            amount,
            executable_at,
        });
        Ok(true)
    }

    pub(crate) fn do_execute_slash(
        id: FederationId,
        round: RoundId,
        account: T::AccountId,
    ) -> DispatchResult {
        Self::federation(id)?;
        let offence =
            Offences::<T>::take((id, round, &account)).ok_or(Error::<T>::OffenceNotFound)?;
        ensure!(Self::now() >= offence.executable_at, Error::<T>::DisputeWindowOpen);
        let mut participant =
            Participants::<T>::get(id, &account).defensive_ok_or(Error::<T>::Defensive)?;
        let burned = participant.slash(offence.amount)?;
        participant.pending_offences.ensure_sub_assign(1)?;
        T::Currency::burn_held(
            &HoldReason::Stake.into(),
            &account,
            burned,
            Precision::Exact,
            Fortitude::Force,
        )?;
        Participants::<T>::insert(id, &account, participant);
        Self::deposit_event(Event::Slashed {
            federation: id,
            round,
            account,
            kind: offence.kind,
            amount: offence.amount,
            burned,
        });
        Ok(())
    }
}
