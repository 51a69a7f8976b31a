// SPDX-License-Identifier: Apache-2.0
//! Upgrades of the runtime without a sudo key: the council allows a code by its hash, and anyone
//! brings it (`System::apply_authorized_upgrade`). System checks then that it is this runtime in a
//! higher version. The council gets no other power of root by it.
pub use pallet::*;

#[allow(clippy::as_conversions, clippy::expect_used, reason = "what FRAME's macros write")]
#[frame_support::pallet]
pub mod pallet {
    use frame_support::{dispatch::DispatchClass, pallet_prelude::*};
    use frame_system::{pallet_prelude::*, WeightInfo};

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// What the runtime decides.
    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// Who allows upgrades.
        type UpgradeOrigin: EnsureOrigin<Self::RuntimeOrigin>;
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Allow the code with this hash to become the runtime. It takes the place of another that
        /// was allowed and not brought.
        ///
        /// ## Dispatch Origin
        /// [`Config::UpgradeOrigin`].
        ///
        /// ## Events
        /// `System::UpgradeAuthorized`
        #[pallet::call_index(0)]
        #[pallet::weight((T::SystemWeightInfo::authorize_upgrade(), DispatchClass::Operational))]
        pub fn authorize_upgrade(origin: OriginFor<T>, code_hash: T::Hash) -> DispatchResult {
            T::UpgradeOrigin::ensure_origin(origin)?;
            frame_system::Pallet::<T>::do_authorize_upgrade(code_hash, true);
            Ok(())
        }
    }
}
