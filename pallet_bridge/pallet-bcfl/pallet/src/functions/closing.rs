// SPDX-License-Identifier: Apache-2.0
//! Closing a federation, and who gets what its escrow still has.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        tokens::{Precision, Preservation},
    },
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign, Zero};

use crate::{money_rules::part_of, *};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_close(who: T::AccountId, id: FederationId) -> DispatchResult {
        let federation = Self::federation(id)?;
        match federation.state {
            FederationState::Active => Self::begin_closing(who, id, federation),
            FederationState::Closing { ends } => Self::finish_closing(id, federation, ends),
            FederationState::Closed => Self::clear_admissions(id),
        }
    }

    fn begin_closing(
        who: T::AccountId,
        id: FederationId,
        mut federation: Federation,
    ) -> DispatchResult {
        Self::ensure_coordinator(&federation, &who)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        Self::come_into_force(id, &mut federation);
        Self::drop_pending_terms(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let unbonded = Self::now().ensure_add(terms.unbonding_blocks)?;
        let due = max(federation.liable_until, federation.last_claim_until);
        let ends = max(unbonded, due.ensure_add(1)?);
        federation.state = FederationState::Closing { ends };
        Offices::<T>::remove(id);
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::Closing { federation: id, ends });
        Ok(())
    }

    fn finish_closing(
        id: FederationId,
        mut federation: Federation,
        ends: BlockNumber,
    ) -> DispatchResult {
        ensure!(Self::now() >= ends, Error::<T>::ClosingNotOver);
        ensure!(federation.members.is_zero(), Error::<T>::MembersRemain);
        ensure!(federation.proposals.is_zero(), Error::<T>::ProposalsRemain);
        let deposit = core::mem::take(&mut federation.deposit);
        let founder = federation.founder.clone();
        let reason = HoldReason::FederationDeposit.into();
        T::Currency::release(&reason, &founder, deposit, Precision::Exact)?;
        // What nobody claimed in all the time until `ends` is no debt any more.
        federation.owed = 0;
        federation.state = FederationState::Closed;
        Self::empty_purse(id)?;
        federation.left = Self::escrow_funds(id);
        let left = federation.left;
        // What is left goes by further calls: a federation may have more than fits into one.
        Self::remove_admissions(id);
        Self::deposit_event(Event::Closed { federation: id, left });
        if federation.sponsors.is_zero() {
            Self::return_rest(id, &federation)?;
        } else if Sponsors::<T>::contains_key(id, &founder) {
            Self::refund_one(id, &mut federation, founder)?;
        }
        Federations::<T>::insert(id, federation);
        Ok(())
    }
    /// Note what a sponsor paid in. The caller stores the federation.
    pub(crate) fn note_sponsor(
        id: FederationId,
        federation: &mut Federation,
        who: &T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
        let before = Sponsors::<T>::get(id, who);
        if before.is_none() {
            federation.sponsors.ensure_add_assign(1)?;
        }
        federation.funded.ensure_add_assign(amount)?;
        Sponsors::<T>::insert(id, who, before.unwrap_or_default().ensure_add(amount)?);
        Ok(())
    }

    pub(crate) fn do_refund(id: FederationId, account: T::AccountId) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        ensure!(federation.state == FederationState::Closed, Error::<T>::FederationNotClosed);
        Self::refund_one(id, &mut federation, account)?;
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    /// Pay a sponsor its part of what is left, in proportion to what it paid in. The caller stores
    /// the federation.
    fn refund_one(
        id: FederationId,
        federation: &mut Federation,
        account: T::AccountId,
    ) -> DispatchResult {
        let paid = Sponsors::<T>::take(id, &account).ok_or(Error::<T>::NotSponsor)?;
        federation.sponsors.ensure_sub_assign(1)?;
        let part = part_of(federation.left, paid, federation.funded);
        let amount = Self::pay_refund(id, &account, part);
        Self::deposit_event(Event::Refunded { federation: id, account, amount });
        if federation.sponsors.is_zero() {
            Self::return_rest(id, federation)?;
        }
        Ok(())
    }

    /// Pay from an escrow to an account that may be gone. One that cannot take so little keeps
    /// nobody's money back: it stays for the rest.
    fn pay_refund(id: FederationId, account: &T::AccountId, amount: Balance) -> Balance {
        let escrow = Self::escrow_account(id);
        with_storage_layer(|| {
            T::Currency::transfer(&escrow, account, amount, Preservation::Preserve)
        })
        .unwrap_or_default()
    }

    /// Give the founder its existential deposit back, with what rounding or no sponsor left.
    fn return_rest(id: FederationId, federation: &Federation) -> DispatchResult {
        let escrow = Self::escrow_account(id);
        let rest = T::Currency::balance(&escrow);
        T::Currency::transfer(&escrow, &federation.founder, rest, Preservation::Expendable)?;
        Ok(())
    }
}
