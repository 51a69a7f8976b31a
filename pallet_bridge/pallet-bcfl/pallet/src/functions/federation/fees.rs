// SPDX-License-Identifier: Apache-2.0
//! The purse from which a federation pays fees of members that have nothing left to pay them with.
//!
//! The pallet decides whose fee is paid and counts it. That it is paid is the runtime's part, where
//! fees are taken.
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Preservation},
    },
};
use sp_runtime::traits::{AccountIdConversion, Zero};

use crate::*;

/// What tells a purse from the escrow of the same federation. It comes after the id: no id that an
/// escrow's account is made of ends in it.
const PURSE: [u8; 4] = *b"fees";

impl<T: Config> Pallet<T> {
    /// Account that holds what a federation pays fees with. Nobody has its key.
    pub fn purse_account(federation: FederationId) -> T::AccountId {
        T::PalletId::get().into_sub_account_truncating((federation, PURSE))
    }

    /// What the purse can pay and stay alive: its balance above the existential deposit.
    pub fn purse_funds(federation: FederationId) -> Balance {
        Self::reducible(&Self::purse_account(federation))
    }

    fn reducible(who: &T::AccountId) -> Balance {
        T::Currency::reducible_balance(who, Preservation::Preserve, Fortitude::Polite)
    }

    fn sponsored_day() -> BlockNumber {
        Self::now().checked_div(T::SponsoredPeriod::get()).unwrap_or_default()
    }

    pub(crate) fn do_fund_fees(
        who: T::AccountId,
        id: FederationId,
        amount: Balance,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        // One that ends still has members that leave it.
        ensure!(federation.state != FederationState::Closed, Error::<T>::FederationNotActive);
        ensure!(amount >= T::Currency::minimum_balance(), Error::<T>::FundsTooSmall);
        let purse = Self::purse_account(id);
        T::Currency::transfer(&who, &purse, amount, Preservation::Preserve)?;
        Self::note_sponsor(id, &mut federation, &who, amount)?;
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::FeesFunded { federation: id, who, amount, purse });
        Ok(())
    }

    /// Move what the purse has left to the escrow, from where it goes back to the sponsors.
    pub(crate) fn empty_purse(id: FederationId) -> DispatchResult {
        let purse = Self::purse_account(id);
        let left = T::Currency::balance(&purse);
        if !left.is_zero() {
            let escrow = Self::escrow_account(id);
            T::Currency::transfer(&purse, &escrow, left, Preservation::Expendable)?;
        }
        Ok(())
    }

    /// Which federation pays this fee of a call that `who` signed; none: `who` does, or nobody.
    ///
    /// A federation pays for a member's own calls, and for the joining of who is invited to it;
    /// when that account has what the call puts on hold, and not the fee besides; as often as
    /// [`Config::MaxSponsoredCalls`] a day; and as long as there is enough in its purse.
    pub fn sponsor_of(who: &T::AccountId, call: &Call<T>, fee: Balance) -> Option<FederationId> {
        let (id, held) = Self::own_call(who, call)?;
        let own = Self::reducible(who);
        let is_short = own >= held && own < held.saturating_add(fee);
        let pays = is_short
            && Self::is_sponsored(who, id, call)
            && Sponsorships::<T>::get(id, who).used_on(Self::sponsored_day())
                < T::MaxSponsoredCalls::get()
            && Self::purse_funds(id) >= fee;
        pays.then_some(id)
    }

    /// The federation whose member's own call this is, and what it needs of the member's balance
    /// itself.
    fn own_call(who: &T::AccountId, call: &Call<T>) -> Option<(FederationId, Balance)> {
        match call {
            Call::join { federation, stake, .. } => Some((*federation, *stake)),
            Call::add_stake { federation, amount } => Some((*federation, *amount)),
            Call::propose { federation, .. } => Some((*federation, T::ProposalDeposit::get())),
            Call::withdraw { federation, account } | Call::claim { federation, account, .. }
                if account == who =>
            {
                Some((*federation, 0))
            }
            Call::unbond { federation, .. }
            | Call::commit { federation, .. }
            | Call::vote { federation, .. }
            | Call::register_attester { federation, .. }
            | Call::resign_attester { federation, .. }
            | Call::attest { federation, .. }
            | Call::dispute { federation, .. }
            | Call::bind_node_key { federation, .. } => Some((*federation, 0)),
            _ => None,
        }
    }

    fn is_sponsored(who: &T::AccountId, id: FederationId, call: &Call<T>) -> bool {
        if matches!(call, Call::join { .. }) {
            Self::may_join(id, who)
        } else {
            Participants::<T>::contains_key(id, who)
        }
    }

    /// True when everything but its stake is there for an account to join by invitation.
    fn may_join(id: FederationId, who: &T::AccountId) -> bool {
        let Ok(federation) = Self::active_federation(id) else { return false };
        let Ok(terms) = Self::terms(id, federation.terms_version) else { return false };
        terms.admission != Admission::Open
            && Invitations::<T>::get(id, who).is_some_and(|invitation| {
                invitation.is_complete(terms.admission, federation.members)
            })
    }

    /// Count a fee that a federation is about to pay for an account.
    pub fn count_sponsored(id: FederationId, who: &T::AccountId) {
        let day = Self::sponsored_day();
        Sponsorships::<T>::mutate(id, who, |found| *found = found.with_one_on(day));
    }

    /// Say what a federation paid for an account.
    pub fn note_sponsored(federation: FederationId, account: T::AccountId, fee: Balance) {
        Self::deposit_event(Event::FeeSponsored { federation, account, fee });
    }
}
