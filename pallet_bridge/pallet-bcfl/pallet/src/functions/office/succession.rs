// SPDX-License-Identifier: Apache-2.0
//! Naming successors of a coordinator, and taking over from one that misses its deadlines.
use core::cmp::max;
use frame_support::pallet_prelude::*;
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::traits::{EnsureAdd, EnsureMul, Zero};

use crate::{
    succession_rules::{is_sound, overdue_from, SuccessionLimits},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn ensure_succession(succession: &Succession) -> Result<(), Error<T>> {
        let limits = SuccessionLimits {
            max_idle_blocks: T::MaxUnbondingBlocks::get(),
            max_turn_blocks: T::MaxWindow::get(),
        };
        ensure!(is_sound(succession, &limits), Error::<T>::SuccessionOutOfRange);
        Ok(())
    }

    pub(crate) fn do_name_successors(
        origin: OriginFor<T>,
        id: FederationId,
        succession: Succession,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        // Nobody can vote in a federation without members, and nobody is taken by surprise.
        let is_founding = federation.members.is_zero()
            && ensure_signed(origin.clone()).is_ok_and(|who| who == federation.coordinator);
        if !is_founding {
            Self::ensure_governance(origin, id, &federation)?;
        }
        Self::ensure_succession(&succession)?;
        Self::announce_succession(id, &federation, succession)
    }

    /// Announce successors: they may take over once members had as much time to leave as before
    /// new terms.
    pub(crate) fn announce_succession(
        id: FederationId,
        federation: &Federation,
        succession: Succession,
    ) -> DispatchResult {
        let now = Self::now();
        let terms = Self::terms(id, federation.terms_version)?;
        let notice = match federation.members {
            0 => 0,
            _ => max(terms.notice_blocks, terms.unbonding_blocks),
        };
        let from = now.ensure_add(notice)?;
        let mut office =
            Offices::<T>::get(id).unwrap_or_else(|| Office { since: now, ..Office::default() });
        let count = weights::count(succession.accounts.len());
        office.announce(succession, from, now);
        Offices::<T>::insert(id, office);
        Self::deposit_event(Event::SuccessorsNamed { federation: id, count, from });
        Ok(())
    }

    pub(crate) fn do_pause(
        coordinator: T::AccountId,
        id: FederationId,
        until: BlockNumber,
    ) -> DispatchResult {
        let federation = Self::active_federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        let latest = Self::now().saturating_add(T::MaxRetentionBlocks::get());
        ensure!(until <= latest, Error::<T>::PauseTooLong);
        let mut office = Offices::<T>::get(id).ok_or(Error::<T>::NoSuccession)?;
        office.pause = Some(Pause { round: federation.next_round, until });
        Offices::<T>::insert(id, office);
        Self::deposit_event(Event::Paused { federation: id, until });
        Ok(())
    }

    pub(crate) fn do_take_over(who: T::AccountId, id: FederationId) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        Self::ensure_turn(id, &federation, &who)?;
        let terms = Self::terms(id, federation.terms_version)?;
        if let Some(number) = federation.open_round {
            // Before the place changes: what is missed is held against the one who had it.
            let mut open = Self::ongoing_round(id, number)?;
            Self::end_open((id, number), &mut federation, &mut open)?;
            Rounds::<T>::insert(id, number, open);
        }
        let bond = Bonds::<T>::get(id, &who).unwrap_or_default();
        let missing = terms.coordinator_bond.saturating_sub(bond.amount);
        if missing > 0 {
            Self::put_on_bond(id, who.clone(), missing)?;
        }
        let old = federation.coordinator.clone();
        // Failures in a row stay: else two friends could take over from each other for ever.
        Self::put_coordinator(id, &mut federation, who.clone());
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::TakenOver { federation: id, old, new: who });
        Ok(())
    }

    /// The coordinator has missed a deadline, and nobody before this account has its turn alone.
    fn ensure_turn(
        id: FederationId,
        federation: &Federation,
        who: &T::AccountId,
    ) -> DispatchResult {
        let now = Self::now();
        let office = Offices::<T>::get(id).ok_or(Error::<T>::NoSuccession)?;
        let succession = office.in_force(now);
        let turn = succession.turn_of(who, &federation.coordinator);
        let turn = turn.ok_or(Error::<T>::NotSuccessor)?;
        let last = federation.next_round.checked_sub(1).ok_or(Error::<T>::TakeoverTooEarly)?;
        let round = Self::round(id, last)?;
        let terms = Self::terms(id, round.terms_version)?;
        let overdue = overdue_from(
            (&round, &terms),
            &federation.coordinator,
            federation.next_round,
            (&office, succession),
        );
        let from = overdue.ensure_add(succession.turn_blocks.ensure_mul(turn)?)?;
        ensure!(now >= from, Error::<T>::TakeoverTooEarly);
        Ok(())
    }

    /// Put another account in the place. The caller stores the federation.
    pub(crate) fn put_coordinator(
        id: FederationId,
        federation: &mut Federation,
        coordinator: T::AccountId,
    ) {
        if let Some(mut office) = Offices::<T>::get(id) {
            office.since = Self::now();
            office.pause = None;
            Offices::<T>::insert(id, office);
        }
        let old = core::mem::replace(&mut federation.coordinator, coordinator.clone());
        Self::hand_over_bond(id, federation.liable_until, &old, &coordinator);
        Self::deposit_event(Event::CoordinatorReplaced { federation: id, old, new: coordinator });
    }
}
