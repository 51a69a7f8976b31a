//! Making, funding and closing a federation.

use frame_support::{
    defensive,
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        tokens::{Precision, Preservation},
    },
};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, Zero};

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
            max_round_reward: T::MaxRoundReward::get(),
            max_strikes: T::MaxStrikes::get(),
            max_slash: T::MaxSlash::get(),
        }
    }

    pub(crate) fn do_create_federation(
        coordinator: T::AccountId,
        terms: Terms,
        metadata: H256,
    ) -> DispatchResult {
        check_terms(&terms, &Self::limits()).map_err(|fault| match fault {
            TermsFault::OutOfRange => Error::<T>::TermsOutOfRange,
            TermsFault::UnbondingTooShort => Error::<T>::UnbondingTooShort,
        })?;
        let id = NextFederationId::<T>::get();
        let deposit = T::FederationDeposit::get();
        let escrow = Self::escrow_account(id);
        T::Currency::hold(&HoldReason::FederationDeposit.into(), &coordinator, deposit)?;
        // The escrow lives on its own existential deposit, so that a payment can not reap it
        // together with what others are owed.
        let existence = T::Currency::minimum_balance();
        T::Currency::transfer(&coordinator, &escrow, existence, Preservation::Preserve)?;
        NextFederationId::<T>::put(id.ensure_add(1)?);
        FederationTerms::<T>::insert(id, FIRST_TERMS, terms);
        let federation = Federation {
            coordinator: coordinator.clone(),
            state: FederationState::Active,
            terms_version: FIRST_TERMS,
            metadata,
            deposit,
            next_round: 0,
            open_round: None,
            members: 0,
            failed_rounds: 0,
            owed: 0,
            reserved: 0,
        };
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::FederationCreated {
            federation: id,
            coordinator,
            terms_version: FIRST_TERMS,
            escrow,
        });
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
            FederationState::Closed => Err(Error::<T>::FederationNotActive.into()),
        }
    }

    fn begin_closing(
        who: T::AccountId,
        id: FederationId,
        mut federation: Federation,
    ) -> DispatchResult {
        Self::ensure_coordinator(&federation, &who)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        let terms = Self::terms(id, federation.terms_version)?;
        let mut ends = Self::now();
        ends.ensure_add_assign(terms.unbonding_blocks)?;
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
        if federation.obligations()? > 0 {
            defensive!("a federation without members owes credits");
            return Err(Error::<T>::Defensive.into());
        }
        let deposit = core::mem::take(&mut federation.deposit);
        let coordinator = &federation.coordinator;
        let reason = HoldReason::FederationDeposit.into();
        T::Currency::release(&reason, coordinator, deposit, Precision::Exact)?;
        let escrow = Self::escrow_account(id);
        let returned = T::Currency::balance(&escrow);
        T::Currency::transfer(&escrow, coordinator, returned, Preservation::Expendable)?;
        federation.state = FederationState::Closed;
        Federations::<T>::insert(id, federation);
        Self::deposit_event(Event::Closed { federation: id, returned });
        Ok(())
    }
}
