//! Why a call was refused, and what would have worked.

use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod errors {
    #[pallet::error]
    pub enum Error<T> {
        /// No federation has this id: take it from `FederationCreated`.
        FederationNotFound,
        /// Only the federation's coordinator may do this: sign with its account.
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
        /// `1 <= max_participants <= MaxParticipants`; `quorum <= max_participants`; commit,
        /// settle and dispute blocks from 1 to `MaxWindow`; `unbonding_blocks <=
        /// MaxUnbondingBlocks`; `round_reward <= MaxRoundReward`; `strikes_to_slash` and
        /// `strike_decay_rounds` from 1 to `MaxStrikes`; `slash.equivocation` and
        /// `slash.outlier_base` at most `slash.cap`, and `slash.cap <= MaxSlash`.
        TermsOutOfRange,
        /// Stake could leave before an offence is executed: `unbonding_blocks` must be more than
        /// `commit_blocks + settle_blocks + dispute_blocks`.
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
        /// The member is suspended after an offence: commit from block `suspended_until` on.
        Suspended,
        /// Verdicts must be in strictly ascending order of their accounts, one for each.
        VerdictsNotSorted,
        /// The escrow can not pay what is owed and this round's reward: `fund` it first.
        EscrowShort,
        /// The member has `MaxUnbonding` chunks on their way out: withdraw the ripe ones first.
        TooManyUnbonding,
        /// No stake is free yet: wait until the oldest chunk's `until`, or `unbond` first.
        NothingToWithdraw,
        /// An offence of this member waits: execute its slash first.
        OffencePending,
        /// No offence waits for this account in this round: it never was, or was executed.
        OffenceNotFound,
        /// The slash may be disputed still: execute it from block `executable_at` on.
        DisputeWindowOpen,
        /// The member has no credits: nothing was earned, or all was claimed.
        NothingToClaim,
        /// Members remain: `withdraw` each of them first, which any account may do.
        MembersRemain,
        /// The closing time runs: finish from block `ends` on.
        ClosingNotOver,
        /// The amount must be more than zero.
        ZeroAmount,
        /// A state that the pallet excludes: a defect, please report it. Nothing was changed.
        Defensive,
    }
}
