//! What the calls do. A call that fails is undone whole by FRAME's storage layer.

mod federation;
mod offence;
mod round;
mod settle;
mod stake;

use frame_support::{
    defensive,
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Preservation},
        DefensiveOption,
    },
};
use sp_runtime::traits::{AccountIdConversion, BlockNumberProvider};

use crate::*;

impl<T: Config> Pallet<T> {
    /// Account that holds the reward money of a federation. Nobody has its key.
    pub fn escrow_account(federation: FederationId) -> T::AccountId {
        T::PalletId::get().into_sub_account_truncating(federation)
    }

    /// What the escrow can pay and stay alive: its balance above the existential deposit.
    pub fn escrow_funds(federation: FederationId) -> Balance {
        T::Currency::reducible_balance(
            &Self::escrow_account(federation),
            Preservation::Preserve,
            Fortitude::Polite,
        )
    }

    fn now() -> BlockNumber {
        T::Clock::current_block_number()
    }

    fn federation(id: FederationId) -> Result<Federation, Error<T>> {
        Federations::<T>::get(id).ok_or(Error::<T>::FederationNotFound)
    }

    fn active_federation(id: FederationId) -> Result<Federation, Error<T>> {
        let federation = Self::federation(id)?;
        ensure!(federation.state == FederationState::Active, Error::<T>::FederationNotActive);
        Ok(federation)
    }

    fn terms(id: FederationId, version: TermsVersion) -> Result<Terms, Error<T>> {
        FederationTerms::<T>::get(id, version).defensive_ok_or(Error::<T>::Defensive)
    }

    fn participant(
        id: FederationId,
        account: &T::AccountId,
    ) -> Result<Participant<T::MaxUnbonding>, Error<T>> {
        Participants::<T>::get(id, account).ok_or(Error::<T>::NotParticipant)
    }

    fn ongoing_round(id: FederationId, round: RoundId) -> Result<Round, Error<T>> {
        let round = Rounds::<T>::get(id, round).ok_or(Error::<T>::RoundNotFound)?;
        ensure!(round.state == RoundState::Open, Error::<T>::RoundNotOpen);
        Ok(round)
    }

    fn ensure_coordinator(federation: &Federation, who: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(federation.coordinator == *who, Error::<T>::NotCoordinator);
        Ok(())
    }

    /// Pay all of a member's credits from the federation's own escrow.
    fn pay_credits(
        id: FederationId,
        federation: &mut Federation,
        account: &T::AccountId,
        participant: &mut Participant<T::MaxUnbonding>,
    ) -> DispatchResult {
        let amount = core::mem::take(&mut participant.credits);
        let Some(owed) = federation.owed.checked_sub(amount) else {
            defensive!("credits are more than the federation owes");
            return Err(Error::<T>::Defensive.into());
        };
        federation.owed = owed;
        let escrow = Self::escrow_account(id);
        T::Currency::transfer(&escrow, account, amount, Preservation::Preserve)?;
        Self::deposit_event(Event::Claimed { federation: id, account: account.clone(), amount });
        Ok(())
    }
}
