// SPDX-License-Identifier: Apache-2.0
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
            /// Terms that the round runs under.
            terms_version: TermsVersion,
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
        /// No further commitment is taken: aggregate.
        RoundSealed {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Number of commitments.
            commitments: u32,
            /// Active stake of those who committed.
            stake: Balance,
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
            /// As a list or as a root.
            mode: SettlementMode,
            /// What the verdicts come to.
            totals: Totals,
            /// Terms that the round ran under.
            terms_version: TermsVersion,
            /// Last block that takes reports.
            dispute_until: BlockNumber,
            /// Last block before which nobody may let the rewards expire.
            claim_until: BlockNumber,
        },
        /// A leaf of a posted root was applied.
        LeafApplied {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// Its verdict.
            outcome: Outcome,
        },
        /// A reward waits: `claim` pays it after the dispute window.
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
            /// Who reported it.
            reporter: Option<T::AccountId>,
        },
        /// Stake was taken: a part paid to the reporter, the rest burned.
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
            /// What was really burned.
            burned: Balance,
            /// What was really paid to the reporter.
            shared: Balance,
            /// Who got it.
            reporter: Option<T::AccountId>,
            /// The reward of this round that is the escrow's again.
            forfeited: Balance,
        },
        /// A round ended without verdicts.
        RoundAborted {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// True when the settlement deadline had passed.
            by_deadline: bool,
        },
        /// Rewards of one or more rounds were paid from the escrow.
        Claimed {
            /// Which federation.
            federation: FederationId,
            /// To whom.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// What nobody claimed is the escrow's again.
        RoundExpired {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// How much.
            returned: Balance,
        },
        /// Records of an old round were removed.
        RoundPruned {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// How many records.
            removed: u32,
            /// Commitments that are left.
            left: u32,
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
            /// What the escrow has left for its sponsors, above its existential deposit.
            left: Balance,
        },
        /// New terms are in force from the next round on.
        TermsSet {
            /// Which federation.
            federation: FederationId,
            /// Their version.
            terms_version: TermsVersion,
        },
        /// Members may vote on a proposal.
        Proposed {
            /// Which federation.
            federation: FederationId,
            /// Its number.
            proposal: ProposalId,
            /// Who proposed it.
            proposer: T::AccountId,
            /// Last block that takes votes.
            voting_until: BlockNumber,
            /// First block in which it may be enacted.
            enact_at: BlockNumber,
        },
        /// A member voted.
        Voted {
            /// Which federation.
            federation: FederationId,
            /// On what.
            proposal: ProposalId,
            /// Who.
            account: T::AccountId,
            /// For or against.
            approve: bool,
            /// With how much active stake.
            stake: Balance,
        },
        /// A proposal is in force.
        Enacted {
            /// Which federation.
            federation: FederationId,
            /// Which.
            proposal: ProposalId,
        },
        /// A proposal missed its quorum or its threshold.
        ProposalRejected {
            /// Which federation.
            federation: FederationId,
            /// Which.
            proposal: ProposalId,
        },
        /// All votes of a decided proposal are removed.
        ProposalCleared {
            /// Which federation.
            federation: FederationId,
            /// Which.
            proposal: ProposalId,
        },
        /// Another account opens and settles rounds.
        CoordinatorReplaced {
            /// Which federation.
            federation: FederationId,
            /// Who did.
            old: T::AccountId,
            /// Who does now.
            new: T::AccountId,
        },
        /// A member offers to sit in committees.
        AttesterRegistered {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// Stake with which it is drawn.
            weight: Balance,
        },
        /// An attester takes its offer back.
        AttesterResigned {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// False when draws of the present seed may still name it.
            leaves_at_once: bool,
        },
        /// An attester was removed before a draw: it missed too many rounds, or had resigned.
        AttesterDropped {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// How many it missed.
            missed: u32,
        },
        /// A round has its committee.
        CommitteeSeated {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// How many sit in it.
            seats: u32,
            /// Seed of the draw.
            seed: H256,
        },
        /// A committee member attested a statement.
        Attested {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Who.
            account: T::AccountId,
            /// What it attested.
            statement: H256,
        },
        /// An accused objects to an offence.
        OffenceDisputed {
            /// Which federation.
            federation: FederationId,
            /// Which round the offence was in.
            round: RoundId,
            /// Who objects.
            account: T::AccountId,
            /// What was put on hold for it, or is of the stake.
            bond: Balance,
            /// Last block in which it may be decided.
            until: BlockNumber,
        },
        /// A committee member voted on a dispute.
        DisputeVoted {
            /// Which federation.
            federation: FederationId,
            /// Which round the offence was in.
            round: RoundId,
            /// Who objected.
            account: T::AccountId,
            /// Who voted.
            voter: T::AccountId,
            /// For the offence, or for the accused.
            uphold: bool,
        },
        /// The arbiter confirmed an offence: its slash may follow at once.
        OffenceUpheld {
            /// Which federation.
            federation: FederationId,
            /// Which round the offence was in.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// What was burned of the bond.
            burned: Balance,
        },
        /// An offence was decided in favour of the accused.
        OffenceOverturned {
            /// Which federation.
            federation: FederationId,
            /// Which round the offence was in.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// What was returned of the bond.
            returned: Balance,
            /// True when nobody decided the dispute in time.
            by_deadline: bool,
        },
        /// A settlement was proved wrong: nothing of it is paid.
        RoundVoided {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Who proved it.
            who: T::AccountId,
            /// What is the escrow's again.
            released: Balance,
        },
        /// New terms are announced.
        TermsScheduled {
            /// Which federation.
            federation: FederationId,
            /// Their version.
            terms_version: TermsVersion,
            /// First block in which a round opens under them.
            from: BlockNumber,
            /// True when they are worse for members: whoever leaves before does so under the old.
            is_worse: bool,
        },
        /// An account was admitted, or one more member vouches for it.
        Invited {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// Whom it belongs to.
            organisation: Organisation,
            /// Most examples that it is vouched for; 0: nothing is said of that.
            max_examples: u64,
            /// How many members vouch for it.
            vouchers: u32,
        },
        /// A coordinator put more of its bond on hold.
        BondPosted {
            /// Which federation.
            federation: FederationId,
            /// Who.
            account: T::AccountId,
            /// How much more.
            amount: Balance,
        },
        /// A coordinator's bond was released.
        BondReleased {
            /// Which federation.
            federation: FederationId,
            /// Whose.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// The next round starts from another model than that of the last settled one.
        Rebased {
            /// Which federation.
            federation: FederationId,
            /// Hash of the model.
            model: H256,
        },
        /// A coordinator broke its duty in a round, and paid for it.
        MisconductProved {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// Who coordinated it.
            coordinator: T::AccountId,
            /// What was taken of its bond.
            taken: Balance,
            /// What was burned of that.
            burned: Balance,
            /// What the reporter got of it.
            shared: Balance,
            /// What goes to those who committed in the round.
            compensation: Balance,
            /// Who got the share.
            reporter: Option<T::AccountId>,
        },
        /// Strikes, an offence or leaving took a part of a reward that was not vested, or what a
        /// verdict gives after them.
        RewardCut {
            /// Which federation.
            federation: FederationId,
            /// Round of the reward.
            round: RoundId,
            /// Whose.
            account: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A round number was used up without a round.
        RoundSkipped {
            /// Which federation.
            federation: FederationId,
            /// The number.
            round: RoundId,
        },
        /// A sponsor of a closed federation got its part of what the escrow had left.
        Refunded {
            /// Which federation.
            federation: FederationId,
            /// Who had paid in.
            account: T::AccountId,
            /// How much it got.
            amount: Balance,
        },
        /// Successors of the coordinator are announced, or that there are none.
        SuccessorsNamed {
            /// Which federation.
            federation: FederationId,
            /// How many.
            count: u32,
            /// First block in which they may.
            from: BlockNumber,
        },
        /// A successor took the place of a coordinator that missed its deadlines.
        TakenOver {
            /// Which federation.
            federation: FederationId,
            /// Who is out of office.
            old: T::AccountId,
            /// Who is in office.
            new: T::AccountId,
        },
        /// There will be no round for a while, on purpose.
        Paused {
            /// Which federation.
            federation: FederationId,
            /// Last block of the pause.
            until: BlockNumber,
        },
        /// A member said with which key its node authenticates itself off chain.
        NodeKeyBound {
            /// Which federation.
            federation: FederationId,
            /// Which member.
            account: T::AccountId,
            /// Hash of the public key.
            key: H256,
        },
        /// No key is bound to a member's node any more.
        NodeKeyCleared {
            /// Which federation.
            federation: FederationId,
            /// Which member.
            account: T::AccountId,
        },
        /// Money came into the purse for fees.
        FeesFunded {
            /// Which federation.
            federation: FederationId,
            /// Who paid.
            who: T::AccountId,
            /// How much.
            amount: Balance,
            /// Account of the purse.
            purse: T::AccountId,
        },
        /// A federation paid the fee of a transaction, in place of the account that signed it.
        FeeSponsored {
            /// Which federation.
            federation: FederationId,
            /// Who signed.
            account: T::AccountId,
            /// How much.
            fee: Balance,
        },
        /// The committee did a round again, and refuted its settlement: the round is void.
        RoundRefuted {
            /// Which federation.
            federation: FederationId,
            /// Which round.
            round: RoundId,
            /// The model of the settlement.
            model: H256,
            /// Its report.
            report: H256,
            /// Its root.
            root: H256,
        },
    }
}
