//! What happened. Amounts are what really moved.

use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A federation was made.
        FederationCreated {
            /// Its id.
            federation: FederationId,
            /// Who opens and settles its rounds.
            coordinator: T::AccountId,
            /// Version of its terms.
            terms_version: TermsVersion,
            /// Account that holds its reward money.
            escrow: T::AccountId,
        },
        /// Money came into the escrow.
        Funded {
            /// Which federation.
            federation: FederationId,
            /// Who paid.
            who: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A member joined.
        Joined {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// Stake put on hold.
            stake: Balance,
        },
        /// A member put more stake on hold.
        StakeAdded {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// How much more.
            amount: Balance,
        },
        /// Stake is on its way out, and still slashable.
        Unbonding {
            /// Which federation.
            federation: FederationId,
            /// Whose.
            account: T::AccountId,
            /// How much.
            amount: Balance,
            /// First block in which it may be withdrawn.
            until: BlockNumber,
        },
        /// Stake was released.
        Withdrawn {
            /// Which federation.
            federation: FederationId,
            /// Whose.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A member without stake left.
        Left {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
        },
        /// A round takes commitments.
        RoundOpened {
            /// Which federation.
            federation: FederationId,
            /// Its number.
            round: RoundId,
            /// Hash of the model that training starts from.
            base_model: H256,
            /// Last block that takes commitments.
            commit_until: BlockNumber,
            /// Last block that takes the settlement.
            settle_until: BlockNumber,
        },
        /// A commitment is in.
        Committed {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// The commitment hash.
            commitment: H256,
            /// Examples the member says it trained on.
            num_examples: u64,
        },
        /// An entry of a batch was not taken; the others were looked at all the same.
        CommitmentRefused {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose entry.
            account: T::AccountId,
            /// Why.
            reason: RefusalReason,
        },
        /// The quorum is met: no further commitment is taken.
        RoundSealed {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Number of commitments.
            commitments: u32,
        },
        /// Verdicts are in.
        RoundSettled {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Hash of the new model.
            model: H256,
            /// Hash of the coordinator's report.
            report: H256,
            /// Merkle root over the verdicts.
            root: H256,
            /// Number of accepted updates.
            accepted: u32,
            /// Number of rejected updates.
            rejected: u32,
            /// Sum of the credited rewards.
            rewards: Balance,
        },
        /// A reward was credited; `claim` pays it.
        Rewarded {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A rejected update cost a strike.
        Struck {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// Strikes after this one.
            strikes: u32,
            /// The rule's reason code.
            reason: u8,
            /// The rule's score, in units of 10^-6.
            score: i64,
        },
        /// Enough accepted rounds in a row took a strike away.
        StrikeForgiven {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// Strikes that are left.
            strikes: u32,
        },
        /// An offence waits for its slash.
        OffenceRecorded {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// What it was.
            kind: OffenceKind,
            /// Active and unbonding stake at this moment.
            stake: Balance,
            /// What the slash takes at most.
            amount: Balance,
            /// First block in which it may be executed.
            executable_at: BlockNumber,
        },
        /// Stake was taken and burned.
        Slashed {
            /// Which federation.
            federation: FederationId,
            /// Which round the offence was in.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// What it was taken for.
            kind: OffenceKind,
            /// What the offence asked for.
            amount: Balance,
            /// What was really taken and burned.
            burned: Balance,
        },
        /// A round ended without verdicts.
        RoundAborted {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// True when the settlement deadline had passed: a failure mark.
            by_deadline: bool,
        },
        /// Rewards were paid from the escrow.
        Claimed {
            /// Which federation.
            federation: FederationId,
            /// To whom.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// No more rounds.
        Closing {
            /// Which federation.
            federation: FederationId,
            /// First block in which all stake is free.
            ends: BlockNumber,
        },
        /// The federation is over; the deposit is released.
        Closed {
            /// Which federation.
            federation: FederationId,
            /// What the escrow returned to the coordinator.
            returned: Balance,
        },
    }
}
