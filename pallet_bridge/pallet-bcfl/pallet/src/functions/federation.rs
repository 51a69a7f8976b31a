// SPDX-License-Identifier: Apache-2.0
//! Making, funding and closing a federation.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        tokens::{Precision, Preservation},
    },
};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, Zero};

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
        let federation = Federation {
            liable_until: Self::now(),
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

    pub(crate) fn do_fund(
        who: T::AccountId,
        federation: FederationId,
        amount: Balance,
    ) -> DispatchResult {
        Self::active_federation(federation)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let escrow = Self::escrow_account(federation);
        T::Currency::transfer(&who, &escrow, amount, Preservation::Preserve)?;
        Self::deposit_event(Event::Funded { federation, who, amount });
        Ok(())
    }

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
        let founder = &federation.founder;
        let reason = HoldReason::FederationDeposit.into();
        T::Currency::release(&reason, founder, deposit, Precision::Exact)?;
        let escrow = Self::escrow_account(id);
        let returned = T::Currency::balance(&escrow);
        T::Currency::transfer(&escrow, founder, returned, Preservation::Expendable)?;
        // What nobody claimed in all the time until `ends` is no debt any more.
        federation.owed = 0;
        federation.state = FederationState::Closed;
        Federations::<T>::insert(id, federation);
        // What is left goes by further calls: a federation may have more than fits into one.
        Self::remove_admissions(id);
        Self::deposit_event(Event::Closed { federation: id, returned });
        Ok(())
    }
}
