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
        /// `FederationDeposit` goes on hold until the federation is closed. The escrow account
        /// gets the existential deposit from its founder and returns it with the rest.
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
        /// Only this federation pays from it. What is left when it closes is the founder's.
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
        /// [`Error::StakeTooLow`], [`Error::TooManyUnbonding`], [`Error::AttesterStake`].
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
        /// stake leaves, unless a verdict on its commitment is awaited or it is suspended. Its
        /// rewards stay claimable, except those that are not vested when it leaves with strikes.
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
            ensure_signed(origin)?;
            Self::do_withdraw(federation, account)
        }

        /// Open the next round.
        ///
        /// ## Dispatch Origin
        /// Signed, by the coordinator.
        ///
        /// ## Details
        /// The round's reward is reserved: the escrow must cover it and all that is owed. The
        /// round's committee is drawn.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotCoordinator`], [`Error::RoundInProgress`], [`Error::EscrowShort`].
        ///
        /// ## Events
        /// [`Event::RoundOpened`], [`Event::CommitteeSeated`]
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
        /// The accepted share the round's reward by weight, and may claim it after the dispute
        /// window. The rejected get a strike each, and a streak of strikes is an offence. The
        /// pallet makes the settlement root itself.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::NotCoordinator`], [`Error::RoundNotFound`],
        /// [`Error::RoundNotOpen`], [`Error::RoundNotSealed`], [`Error::SettleWindowClosed`],
        /// [`Error::VerdictsNotSorted`], [`Error::NotCommitted`], [`Error::NotAttested`].
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
        /// Nobody loses stake. After the deadline it counts as the coordinator's failure, and
        /// committee members that were silent have missed a round.
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
        /// leaf first.
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
        /// their time, and once no member is left, the second releases the deposit and returns
        /// the escrow to the founder.
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

        /// Change the terms, from the next round on.
        ///
        /// ## Dispatch Origin
        /// The governance that the present terms name: the coordinator, signed, or the council.
        /// Members propose and vote instead.
        ///
        /// ## Details
        /// A round under way keeps the terms it was opened with. Terms under which no round was
        /// opened are removed when newer ones come.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotGovernance`], [`Error::TermsOutOfRange`], [`Error::UnbondingTooShort`].
        ///
        /// ## Events
        /// [`Event::TermsSet`]
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::set_terms())]
        pub fn set_terms(
            origin: OriginFor<T>,
            federation: FederationId,
            terms: Terms,
        ) -> DispatchResult {
            Self::do_set_terms(origin, federation, terms)
        }

        /// Let members vote on new terms or a new coordinator.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with active stake.
        ///
        /// ## Details
        /// Under the members' governance always; under another one on the coordinator only, and
        /// only after `max_failed_rounds` failures in a row or when nothing happened for longer
        /// than `retention_blocks` after `liable_until`. `ProposalDeposit` goes on hold until the
        /// proposal is decided.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotParticipant`], [`Error::NoActiveStake`], [`Error::NotProposable`],
        /// [`Error::TooManyProposals`], [`Error::TermsOutOfRange`],
        /// [`Error::UnbondingTooShort`].
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

        /// Vote on a proposal with all active stake.
        ///
        /// ## Dispatch Origin
        /// Signed, by a member with active stake. Stake on its way out does not vote.
        ///
        /// ## Details
        /// Once for each account. Stake that voted can not leave, come back and vote again:
        /// unbonding takes longer than voting.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::ProposalNotFound`], [`Error::VotingClosed`], [`Error::NotParticipant`],
        /// [`Error::NoActiveStake`], [`Error::AlreadyVoted`].
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
        /// votes; the last one removes the proposal.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::ProposalNotFound`],
        /// [`Error::NotYetEnactable`].
        ///
        /// ## Events
        /// [`Event::Enacted`] with [`Event::TermsSet`] or [`Event::CoordinatorReplaced`], or
        /// [`Event::ProposalRejected`]; [`Event::ProposalCleared`]
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
        /// value before it. The active stake of this moment is the weight in all draws; it can
        /// not be unbonded before [`Pallet::resign_attester`].
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::FederationNotActive`],
        /// [`Error::NotParticipant`], [`Error::CoordinatorConflict`],
        /// [`Error::AlreadyAttester`], [`Error::TooManyAttesters`], [`Error::StakeTooLow`],
        /// [`Error::Suspended`].
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
        /// settlement.
        ///
        /// ## Details
        /// `statement` is [`crate::encoding::attest_statement`], or zero for an abstention, which
        /// a statement may replace. `preimage` opens the attester's chain and is mixed into the
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
        /// failure mark.
        ///
        /// ## Errors
        /// [`Error::FederationNotFound`], [`Error::RoundNotFound`], [`Error::RoundNotSettled`],
        /// [`Error::RoundVoided`], [`Error::NotMerkle`], [`Error::ReportWindowClosed`],
        /// [`Error::ProofInvalid`], [`Error::RootNotBad`].
        ///
        /// ## Events
        /// [`Event::RoundVoided`]
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
        /// Signed, by anyone, after the dispute's deadline; at once for a mismatch whose root was
        /// proved bad, disputed or not.
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
        /// Signed, by anyone, after `claim_until` and once no offence of the round waits.
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
    }
}
