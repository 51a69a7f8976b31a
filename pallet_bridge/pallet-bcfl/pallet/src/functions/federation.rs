// SPDX-License-Identifier: Apache-2.0
//! Making and funding a federation.
mod fees;

use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        tokens::Preservation,
    },
};
use sp_core::H256;
use sp_runtime::traits::EnsureAdd;

use crate::{
    rules::{check_terms, Limits, TermsFault},
    *,
};

impl<T: Config> Pallet<T> {
    fn limits() -> Limits {
        Limits {
            min_stake: T::MinStake::get(),
            max_participants: T::MaxParticipants::get(),
            max_window: T::MaxWindow::get(),
            max_unbonding_blocks: T::MaxUnbondingBlocks::get(),
            max_retention_blocks: T::MaxRetentionBlocks::get(),
            max_round_reward: T::MaxRoundReward::get(),
            max_strikes: T::MaxStrikes::get(),
            max_slash: T::MaxSlash::get(),
            max_reporter_share: T::MaxReporterShare::get(),
            max_dispute_bond: T::MaxDisputeBond::get(),
            max_committee: T::MaxCommittee::get(),
            max_coordinator_bond: T::MaxCoordinatorBond::get(),
        }
    }

    pub(crate) fn ensure_terms(terms: &Terms) -> Result<(), Error<T>> {
        check_terms(terms, &Self::limits()).map_err(|fault| match fault {
            TermsFault::OutOfRange => Error::<T>::TermsOutOfRange,
            TermsFault::UnbondingTooShort => Error::<T>::UnbondingTooShort,
            TermsFault::NoticeTooShort => Error::<T>::NoticeTooShort,
        })
    }

    pub(crate) fn do_create_federation(
        founder: T::AccountId,
        terms: Terms,
        metadata: H256,
    ) -> DispatchResult {
        Self::ensure_terms(&terms)?;
        let bond = terms.coordinator_bond;
        let id = NextFederationId::<T>::get();
        let deposit = T::FederationDeposit::get();
        let escrow = Self::escrow_account(id);
        T::Currency::hold(&HoldReason::FederationDeposit.into(), &founder, deposit)?;
        // The escrow lives on its own existential deposit, so that a payment cannot reap it
        // together with what others are owed.
        let existence = T::Currency::minimum_balance();
        T::Currency::transfer(&founder, &escrow, existence, Preservation::Preserve)?;
        NextFederationId::<T>::put(id.ensure_add(1)?);
        FederationTerms::<T>::insert(id, FIRST_TERMS, terms);
        let now = Self::now();
        let federation = Federation {
            liable_until: now,
            youth: Youth::new(now),
            ..Federation::new(founder.clone(), metadata, deposit)
        };
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::FederationCreated {
            federation: id,
            coordinator: founder.clone(),
            terms_version: FIRST_TERMS,
            escrow,
        });
        if bond > 0 {
            Self::put_on_bond(id, founder, bond)?;
        }
        Ok(())
    }

    pub(crate) fn do_fund(who: T::AccountId, id: FederationId, amount: Balance) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        // Each sponsor is a record that stays as long as the federation.
        ensure!(amount >= T::Currency::minimum_balance(), Error::<T>::FundsTooSmall);
        let escrow = Self::escrow_account(id);
        T::Currency::transfer(&who, &escrow, amount, Preservation::Preserve)?;
        Self::note_sponsor(id, &mut federation, &who, amount)?;
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::Funded { federation: id, who, amount });
        Ok(())
    }
}
