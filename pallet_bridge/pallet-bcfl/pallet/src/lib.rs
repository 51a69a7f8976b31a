//! # BCFL pallet
//!
//! Stakes, rounds, verdicts, rewards and slashes for federated learning.
//!
//! ## Key terms
//!
//! * **Federation**: one training effort with its terms, escrow, members and rounds. A chain
//!   carries many.
//! * **Coordinator**: the account that opens and settles rounds. It is never trusted with funds.
//! * **Participant** (member): an account that joined a federation with a stake.
//! * **Round**: opened, committed, sealed, then settled or aborted, by block deadlines.
//! * **Commitment**: a hash that binds one account to one update in one round.
//! * **Verdict**: what the defense says of an update. It moves no stake by itself.
//! * **Strike**: what a rejection costs besides the reward. Strikes are forgiven.
//! * **Offence**: a fact that may cost stake: two signed commitments for one round, which the
//!   chain proves, or a streak of strikes.
//! * **Slash**: stake really taken and burned, after the dispute window.
//!
//! ## Overview
//!
//! A coordinator makes a federation ([`Pallet::create_federation`]) and its escrow is funded
//! ([`Pallet::fund`]). Accounts join with a stake on hold ([`Pallet::join`]). For each round the
//! coordinator opens it ([`Pallet::open_round`]), members commit ([`Pallet::commit`], or the
//! coordinator relays what they signed: [`Pallet::commit_batch`]), and after the quorum or the end
//! of the window the coordinator settles ([`Pallet::settle`]): accepted members share the reward,
//! rejected ones get a strike. Too many strikes are an offence. After the dispute window anyone
//! executes its slash ([`Pallet::execute_slash`]). Stake leaves by [`Pallet::unbond`] and
//! [`Pallet::withdraw`], rewards by [`Pallet::claim`], and [`Pallet::close`] ends it all.
//!
//! ## Invariants
//!
//! The numbers are the same in `try_state.rs`, in the tests, and in the Python package. What the
//! state alone shows is checked after every test; I1, I7 and I9 are checked over calls.
//!
//! * **I1** Issuance changes only by a burn that an event reports: [`Event::Slashed`] here, the
//!   fee events of the runtime elsewhere.
//! * **I2** What an account has on hold for [`HoldReason::Stake`] is its active and unbonding
//!   stake, summed over its federations.
//! * **I3** Each escrow holds its existential deposit, the credits owed, and the reward of the
//!   open round; a federation pays from its own escrow only.
//! * **I4** At most one commitment for each federation, round and account, inside the window, by
//!   a member with enough stake that is not suspended.
//! * **I5** One offence takes at most `cap` of the stake at the time of the offence, once;
//!   unbonding does not escape it.
//! * **I6** Accepted members are among those that committed; a round's rewards are within its
//!   budget.
//! * **I7** Nobody profits from a slash: all of it is burned.
//! * **I8** A closed federation has no members, deposit, debts or open round.
//! * **I9** Any calls by anyone leave all of this true; a failed call changes nothing.
//!
//! ## What differs from the starting design, and why
//!
//! * The escrow lives on an existential deposit of its own, paid by the coordinator and returned
//!   at the end: else a last small payment would reap it with what others are owed.
//! * Slashes are burned, with no share for a reporter: the reports of this version are relayed by
//!   the coordinator, who must not gain by them.
//! * The pallet makes the settlement root itself: a coordinator can not post one that disagrees
//!   with its verdicts.
//! * [`Pallet::withdraw`] and [`Pallet::claim`] name the account and are open to any signed
//!   origin, and pay only that account: a silent member can not block closing.
//! * A member whose commitment awaits its verdict does not leave, even without stake.
//! * A batch counts for the quorum after its last entry: its members came together.
//! * Evidence of two signed hashes is taken until the settlement deadline, also after the seal.
//! * Attesters, disputes, reporter shares, changed terms and claims by proof come with the code
//!   that acts on them. Until then the dispute window only delays a slash, so that members see it
//!   coming.

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

pub mod encoding;
mod functions;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod messages;
#[cfg(test)]
mod mock;
mod participant;
pub mod rules;
mod sections;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod types;
pub mod weights;

pub use messages::*;
pub use pallet::*;
pub use participant::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use sections::{calls, errors, events};

#[import_section(errors::errors)]
#[import_section(events::events)]
#[import_section(calls::calls)]
#[allow(clippy::as_conversions, clippy::expect_used, reason = "what FRAME's macros write")]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        weights::{count, WeightInfo},
        Balance, BatchEntry, BlockNumber, Commitment, Federation, FederationId, Offence,
        OffenceKind, Participant, RefusalReason, Round, RoundId, Terms, TermsVersion, Verdict,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{Inspect, InspectHold, Mutate, MutateHold},
            StorageVersion,
        },
        PalletId,
    };
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::{traits::BlockNumberProvider, AccountId32, Perbill};

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime decides.
    ///
    /// An account is an sr25519 key of 32 bytes, a balance is `u128` and a block number `u32`:
    /// the signed and hashed encodings are pinned to the byte, and so these types are.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>, AccountId = AccountId32, Hash = H256>
    {
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The money.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + Mutate<Self::AccountId>
            + InspectHold<Self::AccountId>
            + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The clock of all windows.
        type Clock: BlockNumberProvider<BlockNumber = BlockNumber>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;

        /// Escrow accounts derive from this and the federation's id.
        #[pallet::constant]
        type PalletId: Get<PalletId>;

        /// What the coordinator has on hold until the federation is closed.
        #[pallet::constant]
        type FederationDeposit: Get<Balance>;

        /// Most members of a federation, entries of a batch and verdicts of a settlement.
        #[pallet::constant]
        type MaxParticipants: Get<u32>;

        /// Most unbonding chunks of one member.
        #[pallet::constant]
        type MaxUnbonding: Get<u32>;

        /// Least value of `min_stake`.
        #[pallet::constant]
        type MinStake: Get<Balance>;

        /// Greatest value of `round_reward`.
        #[pallet::constant]
        type MaxRoundReward: Get<Balance>;

        /// Longest commit, settle and dispute window.
        #[pallet::constant]
        type MaxWindow: Get<BlockNumber>;

        /// Longest unbonding time.
        #[pallet::constant]
        type MaxUnbondingBlocks: Get<BlockNumber>;

        /// Greatest value of `strikes_to_slash` and `strike_decay_rounds`.
        #[pallet::constant]
        type MaxStrikes: Get<u32>;

        /// Greatest value of `slash.cap`.
        #[pallet::constant]
        type MaxSlash: Get<Perbill>;
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    /// Why the pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// A member's active and unbonding stake.
        Stake,
        /// The coordinator's deposit for a federation's storage.
        FederationDeposit,
    }

    /// Id of the next federation.
    #[pallet::storage]
    pub type NextFederationId<T> = StorageValue<_, FederationId, ValueQuery>;

    /// The federations.
    // Twox64Concat: ids are counted up by the pallet, nobody chooses them.
    #[pallet::storage]
    pub type Federations<T: Config> = StorageMap<_, Twox64Concat, FederationId, Federation>;

    /// The terms of each federation, by version.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type FederationTerms<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, TermsVersion, Terms>;

    /// The members of each federation.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Participants<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        T::AccountId,
        Participant<T::MaxUnbonding>,
    >;

    /// The rounds of each federation.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type Rounds<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, RoundId, Round>;

    /// The commitments of each round.
    // Twox64Concat for the counted ids; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Commitments<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, RoundId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Commitment,
    >;

    /// Offences that wait for their slash: at most one for a round and account.
    // Twox64Concat for the counted ids; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Offences<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, RoundId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Offence,
    >;
}
