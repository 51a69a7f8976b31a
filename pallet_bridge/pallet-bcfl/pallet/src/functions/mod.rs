// SPDX-License-Identifier: Apache-2.0
//! What the calls do. A call that fails is undone whole by FRAME's storage layer.
mod admission;
mod attesters;
mod batch;
mod closing;
mod disputes;
mod federation;
mod governance;
mod node_keys;
mod offence;
mod office;
mod prune;
mod reward;
mod round;
mod seats;
mod settling;
mod stake;

use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::Inspect,
        tokens::{Fortitude, Preservation},
        DefensiveOption,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::traits::{AccountIdConversion, BlockNumberProvider, Zero};

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

    /// Hash of the first block: System keeps it for ever.
    pub fn genesis_hash() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    pub(crate) fn now() -> BlockNumber {
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

    fn round(id: FederationId, round: RoundId) -> Result<Round, Error<T>> {
        Rounds::<T>::get(id, round).ok_or(Error::<T>::RoundNotFound)
    }

    fn ongoing_round(id: FederationId, round: RoundId) -> Result<Round, Error<T>> {
        let round = Self::round(id, round)?;
        ensure!(round.state == RoundState::Open, Error::<T>::RoundNotOpen);
        Ok(round)
    }

    /// The settlement of a round, if it stands.
    fn settlement(round: &Round) -> Result<Settlement, Error<T>> {
        ensure!(round.state != RoundState::Voided, Error::<T>::RoundVoided);
        round.settlement.ok_or(Error::<T>::RoundNotSettled)
    }

    fn ensure_coordinator(federation: &Federation, who: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(federation.coordinator == *who, Error::<T>::NotCoordinator);
        Ok(())
    }
}
