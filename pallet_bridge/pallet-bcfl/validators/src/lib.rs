// SPDX-License-Identifier: Apache-2.0
//! # Validator set
//!
//! The accounts whose session keys write blocks and vote for finality, as a list that a council
//! changes.
//!
//! ## Overview
//!
//! [`pallet_session`] asks at the start of each session who validates in the session after it.
//! This pallet answers with its list. So a change made in session `n` is queued at the start of
//! session `n + 1` and is in force from the start of session `n + 2`.
//!
//! The list starts as what the session pallet has at genesis: the accounts of its `keys`.
//!
//! ## What it guards
//!
//! * Only [`Config::ChangeOrigin`] changes the list.
//! * An account without session keys is not added: it could not write a block.
//! * The list never falls below [`Config::MinValidators`] by a call. A validator that purges its
//!   own session keys resigns by itself; the list keeps it, and takes it back with new keys.
//! * When nobody in the list has keys, the set that is in force stays.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::unwrap_used
    )
)]
#![warn(missing_docs)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::traits::{ValidatorRegistration, ValidatorSet};
use pallet_session::SessionManager;
use sp_staking::SessionIndex;

#[allow(clippy::as_conversions, clippy::expect_used, reason = "what FRAME's macros write")]
#[frame_support::pallet]
pub mod pallet {
    use crate::WeightInfo;
    use frame_support::{
        pallet_prelude::*,
        traits::{StorageVersion, ValidatorRegistration, ValidatorSet},
    };
    use frame_system::pallet_prelude::*;

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime decides.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who changes the list.
        type ChangeOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who validates now, and who has session keys: the session pallet.
        type Session: ValidatorSet<Self::AccountId, ValidatorId = Self::AccountId>
            + ValidatorRegistration<Self::AccountId>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;

        /// Least length of the list after a removal.
        #[pallet::constant]
        type MinValidators: Get<u32>;

        /// Greatest length of the list.
        #[pallet::constant]
        type MaxValidators: Get<u32>;

        /// Gives session keys to the accounts of the benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// The list, in the order of addition.
    #[pallet::storage]
    pub type Validators<T: Config> =
        StorageValue<_, BoundedVec<T::AccountId, T::MaxValidators>, ValueQuery>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account came into the list. It validates from the session after the next one.
        ValidatorAdded {
            /// Which account.
            validator: T::AccountId,
        },
        /// An account left the list. It validates until the session after the next one.
        ValidatorRemoved {
            /// Which account.
            validator: T::AccountId,
        },
    }

    /// Why a call was refused, and what would have worked.
    #[pallet::error]
    pub enum Error<T> {
        /// The account is in the list already: nothing is to do.
        AlreadyValidator,
        /// The account is not in the list: take it from `Validators`.
        NotValidator,
        /// The account has no session keys: it must send `Session::set_keys` first.
        NoSessionKeys,
        /// The list has `MaxValidators` accounts: remove one first.
        TooManyValidators,
        /// The list has `MinValidators` accounts: add another one first.
        TooFewValidators,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Add an account to the list.
        ///
        /// ## Dispatch Origin
        /// [`Config::ChangeOrigin`].
        ///
        /// ## Details
        /// The account validates from the session after the next one.
        ///
        /// ## Errors
        /// [`Error::AlreadyValidator`], [`Error::NoSessionKeys`], [`Error::TooManyValidators`].
        ///
        /// ## Events
        /// [`Event::ValidatorAdded`]
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::add_validator())]
        pub fn add_validator(origin: OriginFor<T>, validator: T::AccountId) -> DispatchResult {
            T::ChangeOrigin::ensure_origin(origin)?;
            Validators::<T>::try_mutate(|list| {
                ensure!(!list.contains(&validator), Error::<T>::AlreadyValidator);
                ensure!(T::Session::is_registered(&validator), Error::<T>::NoSessionKeys);
                list.try_push(validator.clone()).map_err(|_| Error::<T>::TooManyValidators)
            })?;
            Self::deposit_event(Event::ValidatorAdded { validator });
            Ok(())
        }

        /// Remove an account from the list.
        ///
        /// ## Dispatch Origin
        /// [`Config::ChangeOrigin`].
        ///
        /// ## Details
        /// The account validates until the session after the next one. Its session keys stay.
        ///
        /// ## Errors
        /// [`Error::NotValidator`], [`Error::TooFewValidators`].
        ///
        /// ## Events
        /// [`Event::ValidatorRemoved`]
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::remove_validator())]
        pub fn remove_validator(origin: OriginFor<T>, validator: T::AccountId) -> DispatchResult {
            T::ChangeOrigin::ensure_origin(origin)?;
            Validators::<T>::try_mutate(|list| {
                let length = list.len();
                list.retain(|account| *account != validator);
                ensure!(list.len() < length, Error::<T>::NotValidator);
                let left = u32::try_from(list.len()).unwrap_or(u32::MAX);
                ensure!(left >= T::MinValidators::get(), Error::<T>::TooFewValidators);
                Ok::<(), DispatchError>(())
            })?;
            Self::deposit_event(Event::ValidatorRemoved { validator });
            Ok(())
        }
    }
}

impl<T: Config> SessionManager<T::AccountId> for Pallet<T> {
    /// Answer with those in the list that have keys, when they are others than the ones in force.
    /// No answer keeps the set that is in force.
    fn new_session(_: SessionIndex) -> Option<Vec<T::AccountId>> {
        let ready: Vec<_> =
            Validators::<T>::get().into_iter().filter(T::Session::is_registered).collect();
        (!ready.is_empty() && ready != T::Session::validators()).then_some(ready)
    }

    /// Take over the session's validators where the list is empty: at genesis, or in a chain that
    /// gets this pallet later.
    fn start_session(_: SessionIndex) {
        if !Validators::<T>::exists() {
            let validators = T::Session::validators();
            if !validators.is_empty() {
                Validators::<T>::put(frame_support::BoundedVec::truncate_from(validators));
            }
        }
    }

    fn end_session(_: SessionIndex) {}
}
