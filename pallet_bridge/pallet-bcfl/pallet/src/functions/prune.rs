// SPDX-License-Identifier: Apache-2.0
//! Removing what an old round does not need any more.
use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, traits::DefensiveOption};
use sp_runtime::traits::{EnsureAdd, EnsureSub};

use crate::{weights::count, *};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_prune(id: FederationId, round_id: RoundId, limit: u32) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut round = Self::round(id, round_id)?;
        ensure!(limit > 0, Error::<T>::ZeroAmount);
        let terms = Self::terms(id, round.terms_version)?;
        let keep_until = round.keep_until(&terms)?.ok_or(Error::<T>::RoundInProgress)?;
        ensure!(Self::now() > keep_until, Error::<T>::RetentionNotOver);
        ensure!(round.pending_offences == 0, Error::<T>::RoundOffencesPending);
        let is_owed = round.settlement.is_some_and(|settlement| !settlement.expired)
            || round.compensation.is_some_and(|compensation| compensation.unpaid > 0);
        if is_owed {
            Self::expire_round((id, round_id), &mut federation, &mut round)?;
            Federations::<T>::insert(id, federation);
        }
        let commitments = Self::prune_commitments(id, round_id, limit);
        round.stored =
            round.stored.checked_sub(commitments).defensive_ok_or(Error::<T>::Defensive)?;
        let rest = limit.ensure_sub(commitments)?;
        let mut removed = commitments.ensure_add(Self::prune_offences(id, round_id, rest))?;
        if removed < limit && Committees::<T>::take(id, round_id).is_some() {
            removed = removed.ensure_add(1)?;
        }
        ensure!(removed > 0, Error::<T>::NothingToPrune);
        let left = round.stored;
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::RoundPruned { federation: id, round: round_id, removed, left });
        Ok(())
    }

    fn prune_commitments(id: FederationId, round: RoundId, limit: u32) -> u32 {
        let keys: Vec<_> = Commitments::<T>::iter_key_prefix((id, round)).take_up_to(limit);
        for account in &keys {
            Commitments::<T>::remove((id, round, account));
        }
        count(keys.len())
    }

    fn prune_offences(id: FederationId, round: RoundId, limit: u32) -> u32 {
        let keys: Vec<_> = Offences::<T>::iter_key_prefix((id, round)).take_up_to(limit);
        for account in &keys {
            Offences::<T>::remove((id, round, account));
        }
        count(keys.len())
    }
}

/// Taking a `u32` of items, however wide an index is.
trait TakeUpTo: Iterator + Sized {
    fn take_up_to(self, limit: u32) -> Vec<Self::Item> {
        self.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
    }
}

impl<I: Iterator> TakeUpTo for I {}
