// SPDX-License-Identifier: Apache-2.0
//! Why a call was refused, and what would have worked.
use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// No federation has this id: take it from `FederationCreated`.
        FederationNotFound,
        /// Only the federation's coordinator may do this, and settle only a round that it opened:
        /// sign with its account.
        NotCoordinator,
        /// The account is no member: `join` first.
        NotParticipant,
        /// The account is a member already: use `add_stake`.
        AlreadyJoined,
        /// The federation has `max_participants` members: wait until one leaves.
        FederationFull,
        /// The active stake would be below `min_stake`: stake more, or unbond all of it.
        StakeTooLow,
        /// The federation is closing or closed: it takes no members, money or rounds.
        FederationNotActive,
        /// A term is out of the runtime's range. All of these must hold: `min_stake >= MinStake`;
        /// `1 <= max_participants <= MaxParticipants`; a quorum by count from 1 to
        /// `max_participants`, by stake above 0; commit, settle, dispute and voting blocks from 1
        /// to `MaxWindow`; `claim_blocks` from 1 to `MaxUnbondingBlocks`; unbonding, cooldown and
        /// delay blocks up to `MaxUnbondingBlocks`; `retention_blocks` from `dispute_blocks +
        /// claim_blocks` to `MaxRetentionBlocks`; `round_reward <= MaxRoundReward`;
        /// `strikes_to_slash`, `strike_decay_rounds` and `max_failed_rounds` from 1 to
        /// `MaxStrikes`, `tenure_rounds` up to that; `vesting_rounds` up to 32; notice, lock and
        /// aging blocks up to `MaxUnbondingBlocks`; `max_share` and `max_vote_share` above 0;
        /// `coordinator_bond <= MaxCoordinatorBond`; vouchers from 1 to 16; silence and each slash at most `slash.cap`, and that at most `MaxSlash`;
        /// `reporter_share <= MaxReporterShare`; `dispute_bond <= MaxDisputeBond`;
        /// `committee_size <= MaxCommittee`, and with `attest_quorum` above 0 unless the coupling
        /// is loose and the arbiter no committee; a members' quorum above 0 and threshold of at
        /// least a half.
        TermsOutOfRange,
        /// Stake could leave before an offence is executed or twice vote: `unbonding_blocks` must
        /// be more than `commit_blocks + settle_blocks + 2 * dispute_blocks`, and more than the
        /// members' `voting_blocks`.
        UnbondingTooShort,
        /// A round is open: settle or abort it first.
        RoundInProgress,
        /// The federation has no such round: take the number from `RoundOpened`.
        RoundNotFound,
        /// The round is settled or aborted: use the open one.
        RoundNotOpen,
        /// The round is sealed: commit in the next one.
        CommitWindowClosed,
        /// The round still takes commitments: settle after its quorum or its window.
        RoundNotSealed,
        /// The settlement deadline has passed: abort the round.
        SettleWindowClosed,
        /// Only the coordinator may abort before the settlement deadline: wait until it passed.
        SettleWindowOpen,
        /// The account has committed in this round: a round takes one commitment of each.
        AlreadyCommitted,
        /// A verdict names an account without commitment in this round: leave it out.
        NotCommitted,
        /// The member is suspended: an offence waits for its slash or dispute, or block
        /// `suspended_until` is not reached.
        Suspended,
        /// Verdicts must be in strictly ascending order of their accounts, one for each.
        VerdictsNotSorted,
        /// The escrow can not pay what is owed and this round's reward: `fund` it first.
        EscrowShort,
        /// The member has `MaxUnbonding` chunks on their way out: withdraw the ripe ones first.
        TooManyUnbonding,
        /// No stake is free yet: wait until the oldest chunk's `until`, or `unbond` first.
        NothingToWithdraw,
        /// An offence of this account waits: execute its slash, or decide its dispute, first.
        OffencePending,
        /// No offence waits for this account in this round: it never was, or is decided.
        OffenceNotFound,
        /// The slash may be disputed still: execute it from block `executable_at` on.
        DisputeWindowOpen,
        /// Nothing waits for this account in these rounds: it was not earned, paid or forfeited.
        NothingToClaim,
        /// Members remain: `withdraw` each of them first, which any account may do.
        MembersRemain,
        /// Proposals remain: `enact` each of them to its end first, which any account may do.
        ProposalsRemain,
        /// The closing time runs: finish from block `ends` on.
        ClosingNotOver,
        /// The amount must be more than zero.
        ZeroAmount,
        /// The round is sealed already: aggregate and settle.
        AlreadySealed,
        /// The round has no settlement that stands: use a settled one.
        RoundNotSettled,
        /// The dispute window of the settlement is open: come after block `dispute_until`.
        SettlementDisputable,
        /// What was left of this round went back to the escrow: claims came too late.
        RoundExpired,
        /// The rewards of this round may still be claimed: come after block `claim_until`.
        ClaimsOpen,
        /// Offences of this round wait: execute their slashes, or decide their disputes, first.
        RoundOffencesPending,
        /// The records of this round must still be kept: prune after its retention.
        RetentionNotOver,
        /// Nothing of this round is left to prune.
        NothingToPrune,
        /// The totals are not those of any verdicts on this round: as many as commitments, one strike for each rejection, rewards within the budget and only when
        /// one is accepted.
        TotalsImpossible,
        /// The leaf uses more than is left of the settlement's totals.
        TotalsExceeded,
        /// The leaf's strikes or reward do not fit its outcome: it can not be applied.
        LeafUnsound,
        /// The leaf's commitment is not the one that the account made in this round.
        CommitmentDiffers,
        /// A verdict was applied to this account in this round already.
        AlreadyJudged,
        /// The round was settled with a list: only a posted root has leaves to apply or refute.
        NotMerkle,
        /// The settlement was proved wrong: nothing of it is paid.
        RoundVoided,
        /// Attestations of this settlement are missing: it needs `attest_quorum` of the
        /// committee on exactly this statement.
        NotAttested,
        /// The member is registered already: `resign_attester` first.
        AlreadyAttester,
        /// The member is no registered attester: `register_attester` first.
        NotAttester,
        /// The federation has `MaxAttesters` attesters: wait until one leaves.
        TooManyAttesters,
        /// An attester keeps the stake it registered with: `resign_attester` before `unbond`.
        AttesterStake,
        /// Who judges does not execute: the coordinator can not do this here.
        CoordinatorConflict,
        /// The account has no seat in this round's committee.
        NotSeated,
        /// The account attested this statement already.
        AlreadyAttested,
        /// The preimage does not hash to the tip of the attester's chain.
        WrongPreimage,
        /// Reports on this round are closed: they are taken until its dispute window ends.
        ReportWindowClosed,
        /// A signature or an inclusion proof does not hold: check context, index and order.
        ProofInvalid,
        /// What the proof shows is no offence: the two things said, or the digests, must differ.
        NotAnOffence,
        /// An offence of this account in this round, or a misconduct in it, is known already.
        AlreadyReported,
        /// The proof does not refute the root. It must show two leaves out of the order of their
        /// accounts; a leaf without this commitment, or unsound; or the two neighbours between
        /// which an account that committed has no leaf.
        RootNotBad,
        /// The offence is disputed already.
        AlreadyDisputed,
        /// The offence is not disputed.
        OffenceNotDisputed,
        /// Too late: disputes come before `executable_at`, decisions until the dispute's `until`.
        DisputeClosed,
        /// The dispute may still be decided: `lapse` it after its `until`.
        DisputeOpen,
        /// Only the terms' arbiter decides a dispute.
        NotArbiter,
        /// Only the governance that the terms name may do this: sign as it, or `propose`.
        NotGovernance,
        /// Members do not vote on this under the present terms and failures.
        NotProposable,
        /// The federation has `MaxProposals` proposals: clear away an ended one first.
        TooManyProposals,
        /// The federation has no such proposal: take the number from `Proposed`.
        ProposalNotFound,
        /// The vote on this proposal is over.
        VotingClosed,
        /// The proposal may not be enacted yet: come at block `enact_at`.
        NotYetEnactable,
        /// The account has voted on this already.
        AlreadyVoted,
        /// The account has no active stake: only that votes and sits in committees.
        NoActiveStake,
        /// A state that the pallet excludes: a defect, please report it. Nothing was changed.
        Defensive,
        /// The hash is not that of the terms in force: read them again before you consent.
        TermsDiffer,
        /// The statement is not the hash of this round, its terms and this commitment.
        StatementDiffers,
        /// `notice_blocks` is shorter than `unbonding_blocks`: members could not leave in time.
        NoticeTooShort,
        /// Under the coordinator's governance only the members change the arbiter, the committee
        /// and how it counts, the coupling, the reporter's share, the governance, the vote share
        /// and the admission, and raise the reward or `max_share`: `propose` it.
        MembersDecide,
        /// The round does not start from the model of the last settled one: use that, or rebase.
        ModelNotContinued,
        /// A member that committed has no verdict: name each of them, excluded at least.
        VerdictMissing,
        /// The coordinator's bond is below the terms' `coordinator_bond`: post more.
        BondShort,
        /// The bond is not free: its account coordinates, or its rounds may still be reported.
        BondNotFree,
        /// Nobody, or not enough members that still stand for it, invited this account: let the
        /// coordinator or the council `invite` it, or as many members as the terms say.
        NotInvited,
        /// The account, or another one of its organisation, has vouched for this one already.
        AlreadyVouched,
        /// The organisation has `max_per_organisation` members: wait until one leaves.
        OrganisationFull,
        /// Others vouched for this account with another organisation or number of examples: name
        /// the same.
        OrganisationDiffers,
        /// The stake counts for nothing yet: it was raised too late for this vote, or has no weight
        /// under the terms' `aging_blocks` so soon. It votes on later proposals.
        StakeTooYoung,
        /// The stake stays for `lock_blocks` after its member joined: come then.
        StakeLocked,
        /// More examples than the terms, or those who admitted the member, allow.
        TooManyExamples,
        /// The instruction says of the round what the chain says of it.
        NotMisconduct,
        /// The reward is not vested yet: more rounds, or more blocks, have to pass.
        RewardNotVested,
        /// Other terms are announced already: wait until they are in force.
        TermsPending,
        /// The member, or another one of its organisation, has a proposal that is not decided: wait
        /// for its enactment.
        ProposalUndecided,
        /// The federation is not closed: what its escrow has left is refunded after that.
        FederationNotClosed,
        /// The account has paid nothing in, or is refunded already.
        NotSponsor,
        /// The amount is below the existential deposit: a sponsor pays in at least that much.
        FundsTooSmall,
        /// A succession out of range: nobody may be in it twice; with anybody in it, `idle_blocks`
        /// are from 1 to `MaxUnbondingBlocks`, and `turn_blocks` from 1 to `MaxWindow`.
        SuccessionOutOfRange,
        /// The federation names no successors: let its governance `name_successors` first.
        NoSuccession,
        /// The account is not in the succession that is in force, or is in office.
        NotSuccessor,
        /// The coordinator has missed no deadline yet, or another successor has its turn first.
        TakeoverTooEarly,
        /// A pause ends within `MaxRetentionBlocks`: announce a shorter one, and later another.
        PauseTooLong,
        /// Too few seats attested the refutation of the settlement: it takes the terms'
        /// `attest_quorum`, and more than half of all votes of the committee.
        NotRefuted,
    }
}
