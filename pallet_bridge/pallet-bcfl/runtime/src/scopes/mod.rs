// SPDX-License-Identifier: Apache-2.0
//! Keys that lie on a machine and cannot move money.
//!
//! An account says once who owns it, and what its own key is for ([`Pallet::restrict`]). From then
//! on a transaction that it signs itself is one of the few calls of its scope, without a tip, or it
//! is refused before a fee is taken: a stolen key cannot even burn what the account has. The owner,
//! whose key lies somewhere else, does everything else for it by `Proxy::proxy`, and changes the
//! scope or ends it in the same way.
//!
//! What is dispatched in the account's name by somebody who may do that is not restricted: the
//! owner, a council, root.
mod allowed;
mod config;

pub use allowed::{allows, ProxyType};
pub use pallet::*;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What an account's own key is for.
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod scope {
    use super::*;

    /// What an account's own key is for.
    #[derive(
        Clone,
        Copy,
        PartialEq,
        Eq,
        Debug,
        Encode,
        Decode,
        DecodeWithMemTracking,
        MaxEncodedLen,
        TypeInfo,
    )]
    pub enum Scope {
        /// To train: to commit to updates, and what anyone may do for a round.
        Node,
        /// To coordinate rounds.
        Coordinator,
        /// To attest settlements.
        Attester,
        /// Nothing.
        Frozen,
    }
}
pub use scope::Scope;

/// Why a transaction is refused: its call is outside of the scope of the account's key.
pub const OUT_OF_SCOPE: u8 = 1;
/// Why a transaction is refused: it offers a tip, and the account's key has a scope.
pub const TIP_OUT_OF_SCOPE: u8 = 2;

#[allow(clippy::as_conversions, clippy::expect_used, reason = "what FRAME's macros write")]
#[frame_support::pallet]
pub mod pallet {
    use super::Scope;
    use frame_support::{pallet_prelude::*, traits::OnKilledAccount};
    use frame_system::pallet_prelude::*;
    use pallet_proxy::WeightInfo;
    use sp_runtime::traits::Zero;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// All of it is decided by the pallet of proxies.
    #[pallet::config]
    pub trait Config: frame_system::Config + pallet_proxy::Config {}

    /// What the key of each restricted account is for.
    // Blake2_128Concat: anyone can grind accounts.
    #[pallet::storage]
    pub type Scopes<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Scope>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account's key has a scope, and an owner acts for the account.
        Restricted {
            /// Whose key.
            account: T::AccountId,
            /// Who acts for it.
            owner: T::AccountId,
            /// What the key is for.
            scope: Scope,
        },
        /// The key of a restricted account is for something else from now on.
        ScopeSet {
            /// Whose key.
            account: T::AccountId,
            /// What it is for.
            scope: Scope,
        },
        /// An account's key is for everything again.
        Lifted {
            /// Whose key.
            account: T::AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The account is restricted already: its owner sets another scope with `set_scope`.
        AlreadyRestricted,
        /// The account is not restricted: it begins with `restrict`.
        NotRestricted,
        /// Somebody else acts for the account already, or the owner does in a lesser way: take
        /// that back first with `Proxy::remove_proxies`.
        OtherProxies,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            for account in Scopes::<T>::iter_keys() {
                let lives = frame_system::Pallet::<T>::account_exists(&account);
                ensure!(lives, "a scope of an account that is gone");
            }
            Ok(())
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Let an owner act for this account, and its own key do only what the scope is for.
        ///
        /// ## Dispatch Origin
        /// Signed, by the account.
        ///
        /// ## Details
        /// The owner becomes its proxy for any call, and the only one; the deposit for that is the
        /// account's. Only the owner can undo it. Who has neither the owner's key nor that of the
        /// scope has lost the account.
        ///
        /// ## Errors
        /// [`Error::AlreadyRestricted`], [`Error::OtherProxies`], and those of the proxies' pallet
        /// and the currency.
        ///
        /// ## Events
        /// `Proxy::ProxyAdded`, [`Event::Restricted`]
        // Not measured: as `add_proxy` to as many as there may be, with the scope besides.
        #[pallet::call_index(0)]
        #[pallet::weight(
            <T as pallet_proxy::Config>::WeightInfo::add_proxy(T::MaxProxies::get())
                .saturating_add(Pallet::<T>::scope_weight())
        )]
        pub fn restrict(origin: OriginFor<T>, owner: T::AccountId, scope: Scope) -> DispatchResult {
            let account = ensure_signed(origin)?;
            ensure!(!Scopes::<T>::contains_key(&account), Error::<T>::AlreadyRestricted);
            let (proxies, _) = pallet_proxy::Proxies::<T>::get(&account);
            let is_owner = proxies.iter().all(|one| {
                one.delegate == owner && one.proxy_type == Default::default() && one.delay.is_zero()
            });
            ensure!(is_owner, Error::<T>::OtherProxies);
            if proxies.is_empty() {
                pallet_proxy::Pallet::<T>::add_proxy_delegate(
                    &account,
                    owner.clone(),
                    Default::default(),
                    Zero::zero(),
                )?;
            }
            Scopes::<T>::insert(&account, scope);
            Self::deposit_event(Event::Restricted { account, owner, scope });
            Ok(())
        }

        /// Let the key of a restricted account be for something else, or for nothing.
        ///
        /// ## Dispatch Origin
        /// The account, by its owner: no scope has this call.
        ///
        /// ## Errors
        /// [`Error::NotRestricted`].
        ///
        /// ## Events
        /// [`Event::ScopeSet`]
        #[pallet::call_index(1)]
        #[pallet::weight(Pallet::<T>::scope_weight())]
        pub fn set_scope(origin: OriginFor<T>, scope: Scope) -> DispatchResult {
            let account = ensure_signed(origin)?;
            ensure!(Scopes::<T>::contains_key(&account), Error::<T>::NotRestricted);
            Scopes::<T>::insert(&account, scope);
            Self::deposit_event(Event::ScopeSet { account, scope });
            Ok(())
        }

        /// Let the key of a restricted account be for everything again. The owner stays its proxy.
        ///
        /// ## Dispatch Origin
        /// The account, by its owner: no scope has this call.
        ///
        /// ## Errors
        /// [`Error::NotRestricted`].
        ///
        /// ## Events
        /// [`Event::Lifted`]
        #[pallet::call_index(2)]
        #[pallet::weight(Pallet::<T>::scope_weight())]
        pub fn lift(origin: OriginFor<T>) -> DispatchResult {
            let account = ensure_signed(origin)?;
            ensure!(Scopes::<T>::take(&account).is_some(), Error::<T>::NotRestricted);
            Self::deposit_event(Event::Lifted { account });
            Ok(())
        }
    }

    impl<T: Config> Pallet<T> {
        /// One scope read and written.
        fn scope_weight() -> Weight {
            pallet_bcfl::weights::unmeasured::<T>(1, 1)
        }
    }

    /// An account that is gone has nothing to keep from its key.
    impl<T: Config> OnKilledAccount<T::AccountId> for Pallet<T> {
        fn on_killed_account(who: &T::AccountId) {
            Scopes::<T>::remove(who);
        }
    }
}
