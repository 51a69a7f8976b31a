//! The calls. What they do is in `functions/`.

use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Make a federation and become its coordinator.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator to be.
        ///
        /// ## Details
        /// `FederationDeposit` goes on hold until the federation is closed. The escrow account
        /// gets the existential deposit from the coordinator and returns it with the rest.
        ///
        /// ## Errors
        /// [`Error::TermsOutOfRange`], [`Error::UnbondingTooShort`], and those of the currency.
        ///
        /// ## Events
        /// [`Event::FederationCreated`]
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::create_federation())]
        pub fn create_federation(
            origin: OriginFor<T>,
            terms: Terms,
            metadata: H256,
        ) -> DispatchResult {
            Self::do_create_federation(ensure_signed(origin)?, terms, metadata)
        }

        /// Pay money into the escrow of a federation.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone.
        ///
        /// ## Details
        /// Only this federation pays from it. What is left when it closes is the coordinator's.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`], [`Error::ZeroAmount`].
        ///
        /// ## Events
        /// [`Event::Funded`]
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::fund())]
        pub fn fund(
            origin: OriginFor<T>,
            federation: FederationId,
            amount: Balance,
        ) -> DispatchResult {
            Self::do_fund(ensure_signed(origin)?, federation, amount)
        }

        /// Become a member with a stake.
        ///
        /// ## Dispatch Origin
        /// Signed, by the member to be. The coordinator may join like anyone.
        ///
        /// ## Details
        /// The stake goes on hold under [`HoldReason::Stake`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::AlreadyJoined`], [`Error::FederationFull`], [`Error::StakeTooLow`].
        ///
        /// ## Events
        /// [`Event::Joined`]
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::join())]
        pub fn join(
            origin: OriginFor<T>,
            federation: FederationId,
            stake: Balance,
        ) -> DispatchResult {
            Self::do_join(ensure_signed(origin)?, federation, stake)
        }

        /// Put more stake on hold.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member.
        ///
        /// ## Details
        /// The active stake must reach `min_stake` with it.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotParticipant`], [`Error::ZeroAmount`], [`Error::StakeTooLow`].
        ///
        /// ## Events
        /// [`Event::StakeAdded`]
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::add_stake())]
        pub fn add_stake(
            origin: OriginFor<T>,
            federation: FederationId,
            amount: Balance,
        ) -> DispatchResult {
            Self::do_add_stake(ensure_signed(origin)?, federation, amount)
        }

        /// Send stake on its way out.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member.
        ///
        /// ## Details
        /// The stake stays on hold, and slashable, for `unbonding_blocks`. What stays active is
        /// nothing or at least `min_stake`.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`], [`Error::ZeroAmount`],
        /// [`Error::StakeTooLow`], [`Error::TooManyUnbonding`].
        ///
        /// ## Events
        /// [`Event::Unbonding`]
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::unbond())]
        pub fn unbond(
            origin: OriginFor<T>,
            federation: FederationId,
            amount: Balance,
        ) -> DispatchResult {
            Self::do_unbond(ensure_signed(origin)?, federation, amount)
        }

        /// Release a member's free stake to that member.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone: nobody can block a closing by doing nothing.
        ///
        /// ## Details
        /// Free are the ripe chunks, or all stake when the closing time is over. A member without
        /// stake leaves and is paid the credits, unless a verdict on its commitment is awaited.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`], [`Error::OffencePending`],
        /// [`Error::NothingToWithdraw`].
        ///
        /// ## Events
        /// [`Event::Withdrawn`], [`Event::Claimed`], [`Event::Left`]
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_withdraw(federation, account)
        }

        /// Open the next round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// The round's reward is reserved: the escrow must cover it and all that is owed.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::RoundInProgress`], [`Error::EscrowShort`].
        ///
        /// ## Events
        /// [`Event::RoundOpened`]
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::open_round())]
        pub fn open_round(
            origin: OriginFor<T>,
            federation: FederationId,
            base_model: H256,
        ) -> DispatchResult {
            Self::do_open_round(ensure_signed(origin)?, federation, base_model)
        }

        /// Commit to an update.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with an active stake of `min_stake` that is not suspended.
        ///
        /// ## Details
        /// Once in a round, in its commit window. The quorum's last commitment seals the round.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::CommitWindowClosed`], [`Error::NotParticipant`],
        /// [`Error::AlreadyCommitted`], [`Error::StakeTooLow`], [`Error::Suspended`].
        ///
        /// ## Events
        /// [`Event::Committed`], [`Event::RoundSealed`]
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            commitment: H256,
            num_examples: u64,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_commit(who, federation, round, commitment, num_examples)
        }

        /// Relay commitments that members signed.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// Each entry is looked at alone: one bad entry does not stop the others. The quorum is
        /// counted after the last entry. A second hash of one account, validly signed, is an
        /// offence, and until the settlement deadline it is one even after the window.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`], [`Error::RoundNotFound`],
        /// [`Error::RoundNotOpen`], [`Error::SettleWindowClosed`].
        ///
        /// ## Events
        /// For each entry [`Event::Committed`] or [`Event::CommitmentRefused`];
        /// [`Event::OffenceRecorded`], [`Event::RoundSealed`]
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::commit_batch(count(entries.len())))]
        pub fn commit_batch(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            entries: BoundedVec<BatchEntry, T::MaxParticipants>,
        ) -> DispatchResult {
            Self::do_commit_batch(ensure_signed(origin)?, federation, round, entries)
        }

        /// Say what became of the updates, and end the round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// The accepted share the round's reward evenly. The rejected get a strike each, and a
        /// streak of strikes is an offence. The pallet makes the settlement root itself.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`], [`Error::RoundNotFound`],
        /// [`Error::RoundNotOpen`], [`Error::RoundNotSealed`], [`Error::SettleWindowClosed`],
        /// [`Error::VerdictsNotSorted`], [`Error::NotCommitted`].
        ///
        /// ## Events
        /// For each verdict [`Event::Rewarded`] or [`Event::Struck`]; [`Event::StrikeForgiven`],
        /// [`Event::OffenceRecorded`]; last [`Event::RoundSettled`]
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::settle(count(verdicts.len())))]
        pub fn settle(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            model: H256,
            report: H256,
            verdicts: BoundedVec<Verdict, T::MaxParticipants>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_settle(who, federation, round, model, report, verdicts)
        }

        /// End a round without verdicts.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator, or by anyone after the settlement deadline.
        ///
        /// ## Details
        /// Nobody loses stake. After the deadline it counts as the coordinator's failure.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::SettleWindowOpen`].
        ///
        /// ## Events
        /// [`Event::RoundAborted`]
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::abort())]
        pub fn abort(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            Self::do_abort(ensure_signed(origin)?, federation, round)
        }

        /// Take and burn what an offence costs.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, once the dispute window is over.
        ///
        /// ## Details
        /// Active stake first, then the oldest chunk on its way out. Nobody gains by it.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::OffenceNotFound`],
        /// [`Error::DisputeWindowOpen`].
        ///
        /// ## Events
        /// [`Event::Slashed`]
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::execute_slash())]
        pub fn execute_slash(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_execute_slash(federation, round, account)
        }

        /// Pay a member's credits to that member.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone.
        ///
        /// ## Details
        /// All credits at once, from the federation's own escrow.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`], [`Error::NothingToClaim`].
        ///
        /// ## Events
        /// [`Event::Claimed`]
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_claim(federation, account)
        }

        /// Begin to close a federation, or finish it.
        ///
        /// ## Dispatch Origin
        /// Signed: the coordinator begins, anyone finishes.
        ///
        /// ## Details
        /// The first call ends all further rounds. From block `ends` on, and once no member is
        /// left, the second releases the deposit and returns the escrow to the coordinator.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`],
        /// [`Error::RoundInProgress`], [`Error::ClosingNotOver`], [`Error::MembersRemain`],
        /// [`Error::FederationNotActive`].
        ///
        /// ## Events
        /// [`Event::Closing`], then [`Event::Closed`]
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::close())]
        pub fn close(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_close(ensure_signed(origin)?, federation)
        }
    }
}
