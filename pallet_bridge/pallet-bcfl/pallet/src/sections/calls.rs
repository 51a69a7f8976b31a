// SPDX-License-Identifier: Apache-2.0
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
        /// `FederationDeposit` goes on hold until the federation is closed, and the terms'
        /// `coordinator_bond` as the founder's bond. The escrow account gets the existential
        /// deposit from its founder and returns it with the rest.
        ///
        /// ## Errors
        /// [`Error::TermsOutOfRange`], [`Error::UnbondingTooShort`], [`Error::NoticeTooShort`], and
        /// those of the currency.
        ///
        /// ## Events
        /// [`Event::FederationCreated`], [`Event::BondPosted`]
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
        /// Only this federation pays from it. What is left when it closes goes back to those who
        /// paid in: [`Pallet::refund`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`], [`Error::FundsTooSmall`].
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
        /// The stake goes on hold under [`HoldReason::Stake`]. `terms_hash` is the consent to the
        /// terms in force. Unless admission is open, an invitation is used up
        /// ([`Pallet::invite`]). Strikes, offences and a cool-down of before are there again:
        /// those of the account, and those of its organisation.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`], [`Error::TermsDiffer`],
        /// [`Error::AlreadyJoined`], [`Error::FederationFull`], [`Error::StakeTooLow`],
        /// [`Error::NotInvited`], [`Error::OrganisationFull`].
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::Joined`]
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::join())]
        pub fn join(
            origin: OriginFor<T>,
            federation: FederationId,
            stake: Balance,
            terms_hash: H256,
        ) -> DispatchResult {
            Self::do_join(ensure_signed(origin)?, federation, stake, terms_hash)
        }

        /// Put more stake on hold.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member.
        ///
        /// ## Details
        /// The active stake must reach `min_stake` with it. All of it is as young as its newest
        /// part where its age counts.
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
        /// The stake stays on hold, and slashable, for `unbonding_blocks` of the terms that the
        /// member signed or of those in force, whichever is less, and until all rounds and votes
        /// that it took part in are over. What stays active is nothing or at least `min_stake`.
        /// While worse terms are announced, or are in force and not signed by the member, only
        /// those rounds and votes hold it, and `lock_blocks` does not.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`], [`Error::ZeroAmount`],
        /// [`Error::StakeLocked`], [`Error::StakeTooLow`], [`Error::TooManyUnbonding`],
        /// [`Error::AttesterStake`].
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::Unbonding`]
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
        /// stake leaves, unless a verdict on its commitment is awaited or it is suspended. Its
        /// rewards stay claimable, except those that are not vested when it leaves with strikes:
        /// such a member leaves by its own call only.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`], [`Error::OffencePending`],
        /// [`Error::NothingToWithdraw`].
        ///
        /// ## Events
        /// [`Event::Withdrawn`], [`Event::RewardCut`], [`Event::Left`]
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
        ) -> DispatchResult {
            let caller = ensure_signed(origin)?;
            Self::do_withdraw(&caller, federation, account)
        }

        /// Open the next round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// The round starts from the model of the last settled round, if there is one. Its reward
        /// is reserved: the escrow must cover it and all that is owed. Its committee is drawn;
        /// seats that were silent in the rounds before have missed them.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::RoundInProgress`], [`Error::ModelNotContinued`],
        /// [`Error::BondShort`], [`Error::EscrowShort`].
        ///
        /// ## Events
        /// [`Event::RoundOpened`], [`Event::CommitteeSeated`], [`Event::AttesterDropped`],
        /// [`Event::OffenceRecorded`]
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
        /// Once in a round, in its commit window. `statement` is [`crate::encoding::statement`]
        /// as the chain makes it from the round: with it the member consents to the round's terms.
        /// The quorum's last commitment seals the round.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::CommitWindowClosed`], [`Error::NotParticipant`], [`Error::StatementDiffers`],
        /// [`Error::AlreadyCommitted`], [`Error::StakeTooLow`], [`Error::Suspended`],
        /// [`Error::TooManyExamples`].
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
            statement: H256,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let said = (commitment, num_examples, statement);
            Self::do_commit(who, (federation, round), said)
        }

        /// Relay commitments that members signed.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// Each entry is looked at alone: one bad entry does not stop the others. By its signature
        /// the member consents to the round's terms. The quorum is counted after the last entry. A second hash of one account, validly signed, is an
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
            entries: BoundedVec<BatchEntry, T::MaxVerdicts>,
        ) -> DispatchResult {
            Self::do_commit_batch(ensure_signed(origin)?, federation, round, entries)
        }

        /// Say what became of the updates, and end the round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator; under full coupling also by a committee member.
        ///
        /// ## Details
        /// Each account that committed has one verdict. The accepted share the round's reward by
        /// weight, none more than the terms' `max_share`, and may claim it after the dispute
        /// window. The rejected get a strike each, and a streak of strikes is an offence. The
        /// pallet makes the settlement root itself.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`], [`Error::RoundNotFound`],
        /// [`Error::RoundNotOpen`], [`Error::RoundNotSealed`], [`Error::SettleWindowClosed`],
        /// [`Error::VerdictsNotSorted`], [`Error::NotCommitted`], [`Error::VerdictMissing`],
        /// [`Error::NotAttested`].
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
            verdicts: BoundedVec<Verdict, T::MaxVerdicts>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_settle(who, (federation, round), model, report, verdicts)
        }

        /// End a round without verdicts.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator, or by anyone after the settlement deadline.
        ///
        /// ## Details
        /// It counts as the coordinator's failure when it ends a round with commitments, or one
        /// after a round without a settlement that stands. After the deadline it counts too, unless
        /// silent seats alone kept the attestations from their quorum; committee members that were
        /// silent have missed a round, which may be an offence.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::SettleWindowOpen`].
        ///
        /// ## Events
        /// [`Event::RoundAborted`], [`Event::OffenceRecorded`]
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::abort())]
        pub fn abort(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            Self::do_abort(ensure_signed(origin)?, federation, round)
        }

        /// Take what an offence costs.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, once the dispute window is over or the offence is upheld.
        ///
        /// ## Details
        /// Active stake first, then the oldest chunk on its way out. The reporter gets its share,
        /// the rest is burned. The escrow's again are the offender's rewards of that round, of
        /// the `vesting_rounds` rounds before it, and all others that are not vested. The offender
        /// stays suspended for `cooldown_blocks`.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::OffenceNotFound`],
        /// [`Error::DisputeOpen`], [`Error::DisputeWindowOpen`], [`Error::RoundVoided`].
        ///
        /// ## Events
        /// [`Event::RewardCut`] for each other round, [`Event::Slashed`]
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

        /// Pay an account's rewards of these rounds to that account.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone; the account need not be a member any more.
        ///
        /// ## Details
        /// A reward is paid once, from the federation's own escrow, after the round's dispute
        /// window, once it is vested and until it has expired. Each strike of the rounds over
        /// which it vests takes `strike_cut` of what is left of it. Of a posted root, apply the
        /// leaf first. Of a round that its coordinator spoiled, what each commitment gets is paid
        /// instead, at once.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::RoundNotFound`], [`Error::RoundNotSettled`], [`Error::RoundVoided`],
        /// [`Error::SettlementDisputable`], [`Error::RoundExpired`],
        /// [`Error::OffencePending`], [`Error::RewardNotVested`], [`Error::NothingToClaim`].
        ///
        /// ## Events
        /// [`Event::RewardCut`], [`Event::Claimed`]
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::claim(count(rounds.len())))]
        pub fn claim(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
            rounds: BoundedVec<RoundId, T::MaxClaims>,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_claim(federation, account, rounds)
        }

        /// Begin to close a federation, or finish it.
        ///
        /// ## Dispatch Origin
        /// Signed: the coordinator begins, anyone finishes.
        ///
        /// ## Details
        /// The first call ends all further rounds. From block `ends` on, when all claims had
        /// their time, and once no member is left, the second releases the deposit, and what the
        /// escrow has left is its sponsors': the founder gets its part at once, others by
        /// [`Pallet::refund`]. Terms that are announced are dropped. Invitations and records go with
        /// the end, 64 of each; further calls remove what is left.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`],
        /// [`Error::RoundInProgress`], [`Error::ClosingNotOver`], [`Error::MembersRemain`],
        /// [`Error::FederationNotActive`].
        ///
        /// ## Events
        /// [`Event::Closing`], then [`Event::Closed`] and [`Event::Refunded`]
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::close())]
        pub fn close(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_close(ensure_signed(origin)?, federation)
        }

        /// Change the terms, from the next round on.
        ///
        /// ## Dispatch Origin
        /// The governance that the present terms name: the coordinator, signed, or the council.
        /// Members propose and vote instead.
        ///
        /// ## Details
        /// The terms are announced. They come into force after `notice_blocks` of those in force,
        /// with the next call that reads the terms: it says [`Event::TermsSet`]. A round under way
        /// keeps the terms it was opened with. While they wait, and after, members for whom they
        /// are worse leave under the old ones ([`Pallet::unbond`]). Terms under which no round was
        /// opened are removed when newer ones come.
        ///
        /// A coordinator that governs leaves some terms to the members: see
        /// [`Error::MembersDecide`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotGovernance`], [`Error::TermsOutOfRange`], [`Error::UnbondingTooShort`],
        /// [`Error::NoticeTooShort`], [`Error::MembersDecide`], [`Error::TermsPending`].
        ///
        /// ## Events
        /// [`Event::TermsScheduled`]
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::set_terms())]
        pub fn set_terms(
            origin: OriginFor<T>,
            federation: FederationId,
            terms: Terms,
        ) -> DispatchResult {
            Self::do_set_terms(origin, federation, terms)
        }

        /// Let members vote on new terms, a new coordinator or a model to start from.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with active stake.
        ///
        /// ## Details
        /// Under the members' governance always. Under the coordinator's, on terms: half of the
        /// stake votes, half of it approves. Under any, on the coordinator, after
        /// `max_failed_rounds` failures in a row or when nothing happened for longer than
        /// `retention_blocks` after `liable_until`. `ProposalDeposit` goes on hold until the
        /// proposal is decided.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotParticipant`], [`Error::NoActiveStake`], [`Error::NotProposable`],
        /// [`Error::TooManyProposals`], [`Error::ProposalUndecided`], [`Error::TermsOutOfRange`],
        /// [`Error::UnbondingTooShort`], [`Error::NoticeTooShort`].
        ///
        /// ## Events
        /// [`Event::Proposed`]
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::propose())]
        pub fn propose(
            origin: OriginFor<T>,
            federation: FederationId,
            proposal: Proposal,
        ) -> DispatchResult {
            Self::do_propose(ensure_signed(origin)?, federation, proposal)
        }

        /// Vote on a proposal with the active stake that was there before it.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with active stake. Stake on its way out does not vote.
        ///
        /// ## Details
        /// Once for each account. The stake counts by its age at the proposal: all of it from
        /// `aging_blocks` on. The accounts of one organisation, or an account without one, have
        /// `max_vote_share` of all active stake together; what is more counts as nothing. Stake
        /// that voted stays until the decision, and can not come back and vote again: it would be
        /// too young.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::ProposalNotFound`], [`Error::VotingClosed`], [`Error::NotParticipant`],
        /// [`Error::NoActiveStake`], [`Error::AlreadyVoted`], [`Error::StakeTooYoung`].
        ///
        /// ## Events
        /// [`Event::Voted`]
        #[pallet::call_index(16)]
        #[pallet::weight(T::WeightInfo::vote())]
        pub fn vote(
            origin: OriginFor<T>,
            federation: FederationId,
            proposal: ProposalId,
            approve: bool,
        ) -> DispatchResult {
            Self::do_vote(ensure_signed(origin)?, federation, proposal, approve)
        }

        /// Decide a proposal after its vote and delay, and clear its votes away.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone.
        ///
        /// ## Details
        /// The first call decides and releases the deposit. Each call removes up to `limit`
        /// votes; the last one removes the proposal. Terms are announced as by
        /// [`Pallet::set_terms`], in the place of any that wait. Another model is the start of the
        /// next round, also when one is open that is settled later.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::ProposalNotFound`],
        /// [`Error::NotYetEnactable`].
        ///
        /// ## Events
        /// [`Event::Enacted`] with [`Event::TermsScheduled`], [`Event::CoordinatorReplaced`] or
        /// [`Event::Rebased`], or [`Event::ProposalRejected`]; [`Event::ProposalCleared`]
        #[pallet::call_index(17)]
        #[pallet::weight(T::WeightInfo::enact(*limit))]
        pub fn enact(
            origin: OriginFor<T>,
            federation: FederationId,
            proposal: ProposalId,
            limit: u32,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_enact(federation, proposal, limit)
        }

        /// Say by one root what became of the updates, and end the round: for any number.
        ///
        /// ## Dispatch Origin
        /// As of [`Pallet::settle`].
        ///
        /// ## Details
        /// The totals bind the root: whatever its leaves say, no more is ever paid or struck.
        /// After the dispute window anyone applies a leaf ([`Pallet::apply_leaf`]).
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`], [`Error::RoundNotFound`],
        /// [`Error::RoundNotOpen`], [`Error::RoundNotSealed`], [`Error::SettleWindowClosed`],
        /// [`Error::TotalsImpossible`], [`Error::NotAttested`].
        ///
        /// ## Events
        /// [`Event::RoundSettled`]
        #[pallet::call_index(18)]
        #[pallet::weight(T::WeightInfo::settle_root())]
        pub fn settle_root(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            model: H256,
            report: H256,
            root: H256,
            totals: Totals,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_settle_root(who, (federation, round), model, report, root, totals)
        }

        /// Apply one verdict of a posted root.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, after the dispute window and until the round has expired.
        ///
        /// ## Details
        /// Once for each account. A reward then waits for its claim; a strike counts at once.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::RoundNotFound`], [`Error::RoundNotSettled`], [`Error::RoundVoided`],
        /// [`Error::NotMerkle`], [`Error::SettlementDisputable`], [`Error::RoundExpired`],
        /// [`Error::ProofInvalid`], [`Error::LeafUnsound`], [`Error::NotCommitted`],
        /// [`Error::CommitmentDiffers`], [`Error::AlreadyJudged`], [`Error::TotalsExceeded`].
        ///
        /// ## Events
        /// [`Event::LeafApplied`]; [`Event::Rewarded`] or [`Event::Struck`],
        /// [`Event::StrikeForgiven`], [`Event::OffenceRecorded`]
        #[pallet::call_index(19)]
        #[pallet::weight(T::WeightInfo::apply_leaf())]
        pub fn apply_leaf(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            leaf: Leaf,
            index: u32,
            proof: MerkleProof,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_apply_leaf(federation, round, ProvenLeaf { leaf, index, proof })
        }

        /// Offer to sit in committees.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with active stake.
        ///
        /// ## Details
        /// `tip` is the end of a chain of hashes: the first attestation of each round reveals the
        /// value before it. The active stake of this moment, by its age as in a vote, is the weight
        /// in all draws; it can not be unbonded before [`Pallet::resign_attester`]. An organisation
        /// has one seat of a committee at most.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotParticipant`], [`Error::CoordinatorConflict`],
        /// [`Error::AlreadyAttester`], [`Error::TooManyAttesters`], [`Error::StakeTooLow`],
        /// [`Error::Suspended`], [`Error::StakeTooYoung`].
        ///
        /// ## Events
        /// [`Event::AttesterRegistered`]
        #[pallet::call_index(20)]
        #[pallet::weight(T::WeightInfo::register_attester())]
        pub fn register_attester(
            origin: OriginFor<T>,
            federation: FederationId,
            tip: H256,
        ) -> DispatchResult {
            Self::do_register_attester(ensure_signed(origin)?, federation, tip)
        }

        /// Take back the offer to sit in committees.
        ///
        /// ## Dispatch Origin
        /// Signed, by an attester.
        ///
        /// ## Details
        /// At once before there is a seed. Then it stays in the draws of the present seed, so that
        /// nobody changes a draw whose outcome is known; its stake is free to unbond.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotAttester`].
        ///
        /// ## Events
        /// [`Event::AttesterResigned`]
        #[pallet::call_index(21)]
        #[pallet::weight(T::WeightInfo::resign_attester())]
        pub fn resign_attester(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_resign_attester(ensure_signed(origin)?, federation)
        }

        /// Attest what a settlement will say.
        ///
        /// ## Dispatch Origin
        /// Signed, by a committee member, from the seal until `settle_until`, also after the
        /// settlement. What refutes the settlement is taken until its `dispute_until` too.
        ///
        /// ## Details
        /// `statement` is [`crate::encoding::attest_statement`], or
        /// [`crate::encoding::refute_statement`] of who did the round again and got something else,
        /// or zero for an abstention, which either may replace. `preimage` opens the attester's chain and is mixed into the
        /// seed of the next committees; after an abstention it is not looked at. A second,
        /// different statement is recorded as an offence.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::RoundNotSealed`], [`Error::SettleWindowClosed`],
        /// [`Error::CoordinatorConflict`], [`Error::NotSeated`], [`Error::NotParticipant`],
        /// [`Error::AlreadyAttested`], [`Error::StakeTooLow`], [`Error::Suspended`],
        /// [`Error::NotAttester`], [`Error::WrongPreimage`].
        ///
        /// ## Events
        /// [`Event::Attested`] or [`Event::OffenceRecorded`]
        #[pallet::call_index(22)]
        #[pallet::weight(T::WeightInfo::attest())]
        pub fn attest(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            statement: H256,
            preimage: H256,
        ) -> DispatchResult {
            Self::do_attest(ensure_signed(origin)?, (federation, round), statement, preimage)
        }

        /// Prove that one account signed two different things about one round.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, until the round's reports close.
        ///
        /// ## Details
        /// What is on chain counts as said: then the signature beside it is not looked at. Two
        /// attestations also void the seat.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`],
        /// [`Error::ReportWindowClosed`], [`Error::NotAnOffence`], [`Error::ProofInvalid`],
        /// [`Error::NotSeated`], [`Error::NotParticipant`], [`Error::AlreadyReported`].
        ///
        /// ## Events
        /// [`Event::OffenceRecorded`]
        #[pallet::call_index(23)]
        #[pallet::weight(T::WeightInfo::report_equivocation())]
        pub fn report_equivocation(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            proof: EquivocationProof,
        ) -> DispatchResult {
            Self::do_report_equivocation(ensure_signed(origin)?, (federation, round), proof)
        }

        /// Prove that the update revealed is not the one committed to.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, until the round's reports close.
        ///
        /// ## Details
        /// The settlement root has a leaf of which what was revealed does not fit the commitment,
        /// and a quorum of the committee attested it. The proof is as good as their word: who
        /// never revealed this disputes.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotSettled`],
        /// [`Error::RoundVoided`], [`Error::ReportWindowClosed`], [`Error::ProofInvalid`],
        /// [`Error::NotAttested`], [`Error::NotCommitted`], [`Error::NotAnOffence`],
        /// [`Error::NotParticipant`], [`Error::AlreadyReported`].
        ///
        /// ## Events
        /// [`Event::OffenceRecorded`]
        #[pallet::call_index(24)]
        #[pallet::weight(T::WeightInfo::report_mismatch())]
        pub fn report_mismatch(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            leaf: Leaf,
            index: u32,
            proof: MerkleProof,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let proven = ProvenLeaf { leaf, index, proof };
            Self::do_report_mismatch(who, (federation, round), proven)
        }

        /// Prove that a posted root can not be right, and void its round.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, in the dispute window of the settlement.
        ///
        /// ## Details
        /// Nothing of the round is paid and no strike of it counts; the coordinator gets a
        /// failure mark. Where who opened the round posted the root, its bond pays as for
        /// [`Pallet::report_misconduct`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotSettled`],
        /// [`Error::RoundVoided`], [`Error::NotMerkle`], [`Error::ReportWindowClosed`],
        /// [`Error::ProofInvalid`], [`Error::RootNotBad`].
        ///
        /// ## Events
        /// [`Event::MisconductProved`], [`Event::RoundVoided`]
        #[pallet::call_index(25)]
        #[pallet::weight(T::WeightInfo::report_bad_root())]
        pub fn report_bad_root(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            proof: BadRoot,
        ) -> DispatchResult {
            Self::do_report_bad_root(ensure_signed(origin)?, (federation, round), proof)
        }

        /// Object to an offence of one's own.
        ///
        /// ## Dispatch Origin
        /// Signed, by the accused, before the offence may be executed.
        ///
        /// ## Details
        /// The terms' `dispute_bond` goes on hold; where the account has too little for that, it
        /// is a part of its stake. The arbiter has `dispute_blocks`.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::OffenceNotFound`],
        /// [`Error::AlreadyDisputed`], [`Error::DisputeClosed`].
        ///
        /// ## Events
        /// [`Event::OffenceDisputed`]
        #[pallet::call_index(26)]
        #[pallet::weight(T::WeightInfo::dispute())]
        pub fn dispute(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            Self::do_dispute(ensure_signed(origin)?, (federation, round))
        }

        /// Decide a dispute, or vote on it.
        ///
        /// ## Dispatch Origin
        /// The terms' arbiter: its account, the council, or a committee member of the round,
        /// whose vote counts towards `attest_quorum`.
        ///
        /// ## Details
        /// Upheld: the bond is burned, the slash may follow at once. Overturned: the bond is
        /// released, the offence costs nothing.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::OffenceNotFound`],
        /// [`Error::OffenceNotDisputed`], [`Error::DisputeClosed`], [`Error::NotArbiter`],
        /// [`Error::CoordinatorConflict`], [`Error::NotSeated`], [`Error::AlreadyVoted`].
        ///
        /// ## Events
        /// [`Event::DisputeVoted`]; [`Event::OffenceUpheld`] or [`Event::OffenceOverturned`]
        #[pallet::call_index(27)]
        #[pallet::weight(T::WeightInfo::resolve())]
        pub fn resolve(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            account: T::AccountId,
            uphold: bool,
        ) -> DispatchResult {
            Self::do_resolve(origin, (federation, round), account, uphold)
        }

        /// End a dispute that nobody decided in time, in favour of the accused.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, after the dispute's deadline; at once for a mismatch or a streak whose
        /// settlement was proved bad, disputed or not.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::OffenceNotFound`],
        /// [`Error::OffenceNotDisputed`], [`Error::DisputeOpen`].
        ///
        /// ## Events
        /// [`Event::OffenceOverturned`]
        #[pallet::call_index(28)]
        #[pallet::weight(T::WeightInfo::lapse())]
        pub fn lapse(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_lapse((federation, round), account)
        }

        /// Say that the commit window is over.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, after the window of a round that its quorum did not seal.
        ///
        /// ## Details
        /// For the event: the round takes no commitments either way.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotOpen`],
        /// [`Error::RoundNotSealed`], [`Error::AlreadySealed`].
        ///
        /// ## Events
        /// [`Event::RoundSealed`]
        #[pallet::call_index(29)]
        #[pallet::weight(T::WeightInfo::seal())]
        pub fn seal(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_seal(federation, round)
        }

        /// Give back to the escrow what nobody claimed of a round.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, after `claim_until` (of a compensation: after its `until`) and once no
        /// offence of the round waits.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotSettled`],
        /// [`Error::RoundVoided`], [`Error::ClaimsOpen`], [`Error::RoundOffencesPending`],
        /// [`Error::RoundExpired`].
        ///
        /// ## Events
        /// [`Event::RoundExpired`]
        #[pallet::call_index(30)]
        #[pallet::weight(T::WeightInfo::expire())]
        pub fn expire(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire(federation, round)
        }

        /// Remove records of an old round, at most `limit` of them.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, after the round's retention and its claims.
        ///
        /// ## Details
        /// Commitments, decided offences and the committee go. The round with its settlement
        /// root stays, so that later proofs hold. What was not claimed expires.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundInProgress`],
        /// [`Error::RetentionNotOver`], [`Error::RoundOffencesPending`],
        /// [`Error::NothingToPrune`], [`Error::ZeroAmount`].
        ///
        /// ## Events
        /// [`Event::RoundPruned`], [`Event::RoundExpired`]
        #[pallet::call_index(31)]
        #[pallet::weight(T::WeightInfo::prune(*limit))]
        pub fn prune(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            limit: u32,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_prune(federation, round, limit)
        }

        /// Put another account in the coordinator's place.
        ///
        /// ## Dispatch Origin
        /// As of [`Pallet::set_terms`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotGovernance`].
        ///
        /// ## Events
        /// [`Event::CoordinatorReplaced`]
        #[pallet::call_index(32)]
        #[pallet::weight(T::WeightInfo::replace_coordinator())]
        pub fn replace_coordinator(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
        ) -> DispatchResult {
            Self::do_replace_coordinator(origin, federation, account)
        }

        /// Admit an account, or vouch for it.
        ///
        /// ## Dispatch Origin
        /// Under [`Admission::Invited`](crate::Admission::Invited) the coordinator, signed, or the
        /// council. Under [`Admission::Vouched`](crate::Admission::Vouched) a member with active
        /// stake that is not suspended, one of each organisation; while there are fewer members
        /// than have to vouch, the coordinator or the council too.
        ///
        /// ## Details
        /// It says to whom the account belongs (an empty name: to nobody) and how many examples it
        /// has (0: nothing is said). All vouchers of an account say the same. Only those count that
        /// are members, and not suspended, when the account joins.
        ///
        /// Invitations are used up by joining; what is left of them goes when the federation is
        /// closed. Until then their number is bounded by the fees that were paid for them only.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::AlreadyJoined`], [`Error::NotGovernance`], [`Error::NotParticipant`],
        /// [`Error::NoActiveStake`], [`Error::Suspended`], [`Error::AlreadyVouched`],
        /// [`Error::OrganisationDiffers`].
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::Invited`]
        #[pallet::call_index(33)]
        #[pallet::weight(T::WeightInfo::invite())]
        pub fn invite(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
            organisation: Organisation,
            max_examples: u64,
        ) -> DispatchResult {
            Self::do_invite(origin, federation, account, organisation, max_examples)
        }

        /// Put more on hold as a coordinator's bond.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// A round opens only while the bond is at least the terms' `coordinator_bond`. The
        /// founder posts that much when it makes the federation.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::ZeroAmount`], and those of the currency.
        ///
        /// ## Events
        /// [`Event::BondPosted`]
        #[pallet::call_index(34)]
        #[pallet::weight(T::WeightInfo::post_bond())]
        pub fn post_bond(
            origin: OriginFor<T>,
            federation: FederationId,
            amount: Balance,
        ) -> DispatchResult {
            Self::do_post_bond(ensure_signed(origin)?, federation, amount)
        }

        /// Take a free bond back, whole.
        ///
        /// ## Dispatch Origin
        /// Signed, by whose it is.
        ///
        /// ## Details
        /// Free is the bond of one who was replaced, from the block on in which none of its rounds
        /// can be reported any more; and every bond of a federation whose closing time is over.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NothingToWithdraw`], [`Error::BondNotFree`].
        ///
        /// ## Events
        /// [`Event::BondReleased`]
        #[pallet::call_index(35)]
        #[pallet::weight(T::WeightInfo::withdraw_bond())]
        pub fn withdraw_bond(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_withdraw_bond(ensure_signed(origin)?, federation)
        }

        /// Let the next round start from another model than that of the last settled one.
        ///
        /// ## Dispatch Origin
        /// As of [`Pallet::set_terms`], between rounds.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotGovernance`], [`Error::RoundInProgress`].
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::Rebased`]
        #[pallet::call_index(36)]
        #[pallet::weight(T::WeightInfo::rebase())]
        pub fn rebase(
            origin: OriginFor<T>,
            federation: FederationId,
            model: H256,
        ) -> DispatchResult {
            Self::do_rebase(origin, federation, model)
        }

        /// Prove that the coordinator of a round broke its duty.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, until the round's reports close.
        ///
        /// ## Details
        /// The account that opened the round signed an instruction for it that names another base
        /// model or other terms than the round has on chain. `misconduct` of the terms'
        /// `coordinator_bond` is taken from its bond: first those who committed are compensated,
        /// each with no more than an equal part of the round's reward, to be claimed as rewards
        /// are; then the reporter gets its share, unless it coordinates; the rest is burned. An
        /// open round ends, a settled one is voided, and what is posted for it is not paid.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`],
        /// [`Error::ReportWindowClosed`], [`Error::AlreadyReported`], [`Error::NotMisconduct`],
        /// [`Error::ProofInvalid`].
        ///
        /// ## Events
        /// [`Event::MisconductProved`]; [`Event::RoundAborted`] or [`Event::RoundVoided`]
        #[pallet::call_index(37)]
        #[pallet::weight(T::WeightInfo::report_misconduct()
            .saturating_add(Pallet::<T>::weight_of_strikes()))]
        pub fn report_misconduct(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
            proof: MisconductProof,
        ) -> DispatchResult {
            Self::do_report_misconduct(ensure_signed(origin)?, (federation, round), proof)
        }

        /// Use up a round number without a round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// For a number under which nodes signed something that can not be brought on chain any
        /// more: under another number they may sign anew. It counts as a failure. A committee that
        /// would sit again does so after it.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::RoundInProgress`].
        ///
        /// ## Events
        /// [`Event::RoundSkipped`]
        #[pallet::call_index(38)]
        #[pallet::weight(T::WeightInfo::skip_round())]
        pub fn skip_round(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_skip_round(ensure_signed(origin)?, federation)
        }

        /// Pay a sponsor its part of what the escrow of a closed federation has left.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone.
        ///
        /// ## Details
        /// The part is in proportion to what the sponsor paid in, of all that sponsors paid in ever,
        /// rounded down. With the last refund the founder gets the existential deposit of the
        /// escrow back, and what rounding left. A part that an account without money can not take,
        /// as it is below the existential deposit, is left for that too.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotClosed`], [`Error::NotSponsor`].
        ///
        /// ## Events
        /// [`Event::Refunded`]
        #[pallet::call_index(39)]
        #[pallet::weight(T::WeightInfo::refund())]
        pub fn refund(
            origin: OriginFor<T>,
            federation: FederationId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_refund(federation, account)
        }

        /// Say who may take over when the coordinator misses its deadlines, in which order.
        ///
        /// ## Dispatch Origin
        /// As of [`Pallet::set_terms`]; while there are no members the coordinator too, under any
        /// governance.
        ///
        /// ## Details
        /// In force after the notice of new terms, or at once while there are no members. An empty
        /// list takes the right from all. It replaces one that is announced and not yet in force.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotGovernance`], [`Error::SuccessionOutOfRange`].
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::SuccessorsNamed`]
        #[pallet::call_index(40)]
        #[pallet::weight(T::WeightInfo::name_successors())]
        pub fn name_successors(
            origin: OriginFor<T>,
            federation: FederationId,
            succession: Succession,
        ) -> DispatchResult {
            Self::do_name_successors(origin, federation, succession)
        }

        /// Take the place of a coordinator that missed its deadlines.
        ///
        /// ## Dispatch Origin
        /// Signed, by an account of the succession that is in force.
        ///
        /// ## Details
        /// The coordinator has missed a deadline when its round passed `settle_until` unsettled,
        /// until it opens another one; or when there was no round for `idle_blocks` after the last
        /// one, its own coming and its last pause. Under another coupling than loose attesters can
        /// keep a round from its settlement: then `idle_blocks` count from `settle_until` on.
        /// Before the first round there is no deadline.
        ///
        /// The first in the succession after the one in office may take over then, the second
        /// `turn_blocks` later, and so on. What the bond lacks of the terms' `coordinator_bond` goes
        /// on hold. An open round is aborted, as by [`Pallet::abort`]. The model that the next round
        /// starts from stays. The bond of the one deposed is free once its rounds are beyond
        /// reports.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`], [`Error::NoSuccession`],
        /// [`Error::NotSuccessor`], [`Error::TakeoverTooEarly`], and those of the currency.
        ///
        /// ## Events
        /// [`Event::TermsSet`] when announced terms are due, [`Event::RoundAborted`],
        /// [`Event::OffenceRecorded`], [`Event::BondPosted`], [`Event::CoordinatorReplaced`],
        /// [`Event::TakenOver`]
        #[pallet::call_index(41)]
        #[pallet::weight(T::WeightInfo::take_over())]
        pub fn take_over(origin: OriginFor<T>, federation: FederationId) -> DispatchResult {
            Self::do_take_over(ensure_signed(origin)?, federation)
        }

        /// Say that there will be no round until a block, on purpose.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator, between rounds.
        ///
        /// ## Details
        /// The time without a round counts from the end of the pause. The next round ends it. It
        /// does not help after a round that passed its deadline: only another round does.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::RoundInProgress`], [`Error::PauseTooLong`],
        /// [`Error::NoSuccession`].
        ///
        /// ## Events
        /// [`Event::Paused`]
        #[pallet::call_index(42)]
        #[pallet::weight(T::WeightInfo::pause())]
        pub fn pause(
            origin: OriginFor<T>,
            federation: FederationId,
            until: BlockNumber,
        ) -> DispatchResult {
            Self::do_pause(ensure_signed(origin)?, federation, until)
        }

        /// Say with which key one's node authenticates itself off chain, or take that back.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member.
        ///
        /// ## Details
        /// It replaces what was bound before, and goes when the member leaves. The chain checks no
        /// possession: two members may name one key. Whoever knows the public key can check the
        /// proof; a server sees besides which node really has the key.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotParticipant`].
        ///
        /// ## Events
        /// [`Event::NodeKeyBound`] or [`Event::NodeKeyCleared`]
        #[pallet::call_index(43)]
        #[pallet::weight(T::WeightInfo::bind_node_key())]
        pub fn bind_node_key(
            origin: OriginFor<T>,
            federation: FederationId,
            bound: Option<NodeKey>,
        ) -> DispatchResult {
            Self::do_bind_node_key(ensure_signed(origin)?, federation, bound)
        }

        /// Pay into the purse from which a federation pays fees of its members.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone.
        ///
        /// ## Details
        /// The purse is apart from the escrow: it pays no reward, and no reward pays a fee. It pays
        /// when a member has not enough for the fee of a call of its own, or who is invited to join
        /// has the stake and no fee besides, up to [`Config::MaxSponsoredCalls`] times for an account
        /// in [`Config::SponsoredPeriod`] blocks; never a tip. It keeps an existential deposit.
        /// Whoever pays in is a sponsor: what the purse has left when the federation is closed goes
        /// to the escrow, and from there back to the sponsors ([`Pallet::refund`]).
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`] of a closed one,
        /// [`Error::FundsTooSmall`], and those of the currency.
        ///
        /// ## Events
        /// [`Event::FeesFunded`]
        #[pallet::call_index(44)]
        #[pallet::weight(T::WeightInfo::fund_fees())]
        pub fn fund_fees(
            origin: OriginFor<T>,
            federation: FederationId,
            amount: Balance,
        ) -> DispatchResult {
            Self::do_fund_fees(ensure_signed(origin)?, federation, amount)
        }

        /// Void a round whose settlement its committee refuted.
        ///
        /// ## Dispatch Origin
        /// Signed, by anyone, in the dispute window of the settlement.
        ///
        /// ## Details
        /// Seats attest a refutation by [`Pallet::attest`]. Those that did need `attest_quorum` and
        /// more than half of all votes. Then it is as for [`Pallet::report_bad_root`], but that
        /// nobody gets a reporter's share, and the seats that attested the settlement commit an
        /// offence.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotSettled`],
        /// [`Error::RoundVoided`], [`Error::ReportWindowClosed`], [`Error::NotRefuted`].
        ///
        /// ## Events
        /// [`Event::RoundRefuted`], [`Event::MisconductProved`], [`Event::RoundVoided`],
        /// [`Event::OffenceRecorded`]
        #[pallet::call_index(45)]
        #[pallet::weight(T::WeightInfo::report_wrong_verdict(T::MaxCommittee::get())
            .saturating_add(Pallet::<T>::weight_of_strikes()))]
        pub fn report_wrong_verdict(
            origin: OriginFor<T>,
            federation: FederationId,
            round: RoundId,
        ) -> DispatchResult {
            Self::do_report_wrong_verdict(ensure_signed(origin)?, (federation, round))
        }
    }
}
