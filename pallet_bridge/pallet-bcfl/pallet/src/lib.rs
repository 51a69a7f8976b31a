// SPDX-License-Identifier: Apache-2.0
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
//! * **Attester**: a member that recomputes verdicts. A **committee** of them is drawn by stake
//!   for each round.
//! * **Round**: opened, committed, sealed, then settled or aborted, by block deadlines. A settled
//!   one may be voided by proof.
//! * **Commitment**: a hash that binds one account to one update in one round.
//! * **Verdict**: what the defense says of an update. It moves no stake by itself.
//! * **Settlement**: the verdicts of a round, as a list or as one Merkle root with its totals.
//! * **Strike**: what a rejection costs besides the reward. Clean rounds forgive strikes, the
//!   slower the more were forgiven lately.
//! * **Vesting**: a reward can be claimed once `vesting_rounds` rounds followed, or as many
//!   blocks as they may take, or none can follow. Until then strikes shrink it, and an offence, or
//!   leaving with strikes, takes it.
//! * **Tenure**: the accepted rounds of a member. Its share of a reward grows with them.
//! * **Offence**: a fact that may cost stake: proved from signatures, proved against a settlement
//!   root, or a streak of strikes.
//! * **Slash**: stake really taken, after the dispute window.
//! * **Bond**: what a coordinator has on hold while it opens rounds, and until they are beyond
//!   reports. A proved misconduct takes of it.
//! * **Compensation**: the part of a bond that goes to those who committed in a spoiled round.
//!
//! ## Overview
//!
//! A coordinator makes a federation ([`Pallet::create_federation`]) and its escrow is funded
//! ([`Pallet::fund`]). Accounts join with a stake on hold ([`Pallet::join`]), where the terms ask
//! for it by invitation ([`Pallet::invite`]). The coordinator opens a round
//! ([`Pallet::open_round`]), members commit ([`Pallet::commit`], or the coordinator relays what they
//! signed: [`Pallet::commit_batch`]), the committee attests ([`Pallet::attest`]), and the
//! coordinator settles: [`Pallet::settle`] for few, [`Pallet::settle_root`] for any number. After
//! the dispute window leaves of a root are applied ([`Pallet::apply_leaf`]), rewards are paid
//! ([`Pallet::claim`]) or expire ([`Pallet::expire`]), and in the end [`Pallet::prune`] cleans up.
//!
//! Offences are recorded by the pallet or reported by anyone ([`Pallet::report_equivocation`],
//! [`Pallet::report_mismatch`]; a bad root: [`Pallet::report_bad_root`]; a settlement that its
//! committee refuted: [`Pallet::report_wrong_verdict`]; an instruction that is not the round's:
//! [`Pallet::report_misconduct`]). The accused may object ([`Pallet::dispute`],
//! [`Pallet::resolve`], [`Pallet::lapse`]); then anyone executes the slash
//! ([`Pallet::execute_slash`]). Stake leaves by [`Pallet::unbond`] and [`Pallet::withdraw`].
//! A coordinator that misses its deadlines loses its place to the next of the successors that
//! governance named ([`Pallet::name_successors`], [`Pallet::take_over`]; [`Pallet::pause`] says that
//! a time without rounds is meant). A member may say which machine is its node
//! ([`Pallet::bind_node_key`]). Who has nothing besides its stake needs no money for fees: a purse
//! of the federation ([`Pallet::fund_fees`]) pays them.
//!
//! Terms change by governance ([`Pallet::set_terms`], or [`Pallet::propose`], [`Pallet::vote`] and
//! [`Pallet::enact`]), so does the model to start from ([`Pallet::rebase`]), and [`Pallet::close`]
//! ends it all.
//!
//! ## Consent
//!
//! * A member has signed the terms that it joined under, or the newest in whose rounds it committed
//!   or attested.
//! * New terms are announced, and come into force `notice_blocks` later, which is never less than
//!   `unbonding_blocks`. Nothing is done at that block: the next call that reads the terms moves
//!   them, [`Event::TermsSet`] says so.
//! * When they are worse for a member in any respect ([`terms_rules::is_worse`]), it leaves under
//!   those it signed: at once, but for rounds and votes that it took part in. That holds from the
//!   announcement until it signs the new ones. No terms make the exit of stake longer that is in.
//! * A coordinator that governs leaves to the members who judges, who is paid for reports, who
//!   governs, who comes in, and whether a round may spend more ([`terms_rules::needs_members`]).
//!
//! ## Votes and seats
//!
//! * In a vote counts stake that was held before the proposal, by its age; the electorate is what
//!   can count ([`Youth::electorate`]). The accounts of an organisation, or an account without one,
//!   have `max_vote_share` of it together, and one proposal at a time. What voted stays until the
//!   decision.
//! * An attester is weighed by age too, and an organisation has one seat of a committee at most.
//!
//! ## Memory
//!
//! What counts against a member outlives its leaving: for its account, and for its organisation.
//! The account's record is the member's again when it joins. That of an organisation stays and only
//! grows. Records and invitations go when the federation is closed; until then there is at most one
//! record for each account and organisation that ever was a member, and as many invitations as
//! somebody paid the fees for.
//!
//! What the coordinator is held to: a round starts from the model of the last settled one, each
//! account that committed has a verdict, and nobody gets more than `max_share` of the reward. Its
//! bond ([`Pallet::post_bond`], [`Pallet::withdraw_bond`]) answers for roots that it posts and
//! instructions that it signs. What a member was shown is in what it signs: a statement over
//! another model, other terms or another coordinator is refused and proves nothing. By committing
//! a member consents to the terms of the round.
//!
//! ## Invariants
//!
//! The numbers are the same in `try_state/`, in the tests, and in the Python package. What the
//! state alone shows is checked after every test; I1, I7 and I9 are checked over calls.
//!
//! * **I1** Issuance changes only by a burn that an event reports: [`Event::Slashed`],
//!   [`Event::OffenceUpheld`] and [`Event::MisconductProved`] here, the fee events of the runtime
//!   elsewhere. What a slash takes is what it burns and what it pays to the reporter; what a
//!   misconduct takes is that and the compensation.
//! * **I2** What an account has on hold for [`HoldReason::Stake`] is its active and unbonding
//!   stake, summed over its federations; deposits and bonds on hold, of coordinators and for
//!   disputes, are those of the records.
//! * **I3** Each escrow holds its existential deposit, the unpaid rewards of settled rounds and
//!   compensations of spoiled ones, and the reward of the open round; a federation pays from its
//!   own escrow only.
//! * **I4** At most one commitment for each federation, round and account, inside the window, by
//!   a member with enough stake that is not suspended.
//! * **I5** One offence takes at most `cap` of the stake at the time of the offence, once;
//!   unbonding does not escape it.
//! * **I6** Accepted members are among those that committed; a round's rewards are within its
//!   budget, and leaves of a root never use more than its totals. A compensation is paid in whole
//!   parts, at most one for each commitment.
//! * **I7** Nobody profits from a slash of its own making: the reporter's share is bounded, and
//!   nothing when reporter and coordinator, or reporter and offender, are one. Who spoiled a round
//!   gets nothing of its compensation.
//! * **I8** A closed federation has no members, deposits, proposals, debts or open round. A
//!   coordinator's bond can be withdrawn from it for ever.
//! * **I9** Any calls by anyone leave all of this true; a failed call changes nothing.
//!
//! ## What differs from the starting design, and why
//!
//! * The escrow lives on an existential deposit of its own, paid by the founder and returned at
//!   the end: else a last small payment would reap it with what others are owed.
//! * Under a list the pallet makes the settlement root itself. A posted root is bound by the
//!   totals it comes with, and applied only after its dispute window, so that voiding it needs
//!   no undo.
//! * Rewards lie on the commitment of their round, not on the member: each vests, is forfeited
//!   and paid by itself, also to one who left. What tenure and strikes keep back stays in the
//!   escrow.
//! * An offence reaches the rewards of the `vesting_rounds` rounds before its own, however many
//!   passed until its slash: to draw a dispute out saves nothing. While it waits, none of its
//!   account's rewards that vest is paid.
//! * Who has too little for a dispute's bond disputes with a part of its stake.
//! * All reports on a round end with the dispute window of its settlement, in which nothing is
//!   paid: no reward leaves before its round is beyond reports.
//! * A decided offence stays on record until its round is pruned: the same proof cannot be
//!   brought twice.
//! * [`Pallet::withdraw`] and [`Pallet::claim`] name the account and are open to any signed
//!   origin, and pay only that account: a silent member cannot block closing.
//! * A member whose commitment awaits its verdict does not leave, even without stake; nor does a
//!   suspended one, who could join again at once.
//! * Stake that leaves stays slashable until all rounds and votes that its member took part in are
//!   over, whatever newer terms say. Rounds of others hold nobody: else whoever opens rounds could
//!   hold all.
//! * A batch counts for the quorum after its last entry: its members came together.
//! * Who opened a round settles it, and its bond answers for the root. A later coordinator only
//!   ends it; a seat under full coupling settles too, and must not be able to spend another's bond.
//! * What an escrow has left at the end is its sponsors', in proportion to what they paid in
//!   ([`Pallet::refund`]): else a founder could close to take what others gave for rewards.
//! * A member with strikes leaves by its own call only: leaving takes rewards that are not vested.
//! * A round that its coordinator spoiled is voided with the offences that rest on its settlement,
//!   a streak too; strikes stay, as they are worth nothing by themselves.
//! * What a cap on rewards leaves over stays in the escrow: shared among the others it would pay
//!   a coordinator for leaving members out.
//! * Failures in a row outlast a take-over: else two friends could hand a place back and forth.
//! * Where attesters have a say in settling, a round past its deadline proves nothing against its
//!   coordinator: they may have been silent. There only time deposes it.
//! * A seat refutes exactly the settlement that was posted, until the dispute window ends. More than
//!   half of all votes void a round, and nobody gets a share: who decides must not gain.
//! * A number that was skipped proves no misconduct: nobody can have committed in it.
//! * Calls and events are one long list in one file each: FRAME allows one block of each.
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

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod bond_rules;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod committee;
pub mod draw;
pub mod encoding;
mod functions;
pub mod governance_rules;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod messages;
pub mod migrations;
#[cfg(test)]
mod mock;
pub mod money_rules;
mod offence;
mod participant;
pub mod randomness;
pub mod rules;
mod sections;
pub mod succession_rules;
pub mod terms_rules;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod types;
pub mod weights;

pub use committee::*;
pub use messages::*;
pub use pallet::*;
pub use participant::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use sections::{calls, errors, events, storage};

#[import_section(errors::errors)]
#[import_section(events::events)]
#[import_section(calls::calls)]
#[import_section(storage::storage)]
#[allow(clippy::as_conversions, clippy::expect_used, reason = "what FRAME's macros write")]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        encoding::Leaf,
        weights::{count, WeightInfo},
        Attester, BadRoot, Balance, BatchEntry, BlockNumber, Bond, Commitment, EquivocationProof,
        Federation, FederationId, Invitation, MerkleProof, MisconductProof, Motion, NodeKey,
        Offence, OffenceKind, Office, Organisation, Outcome, Participant, Proposal, ProposalId,
        ProvenLeaf, Record, RefusalReason, Round, RoundId, Seat, SettlementMode, Sponsorship,
        Subject, Succession, Terms, TermsVersion, Totals, Verdict, Vote,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{Inspect, InspectHold, Mutate, MutateHold},
            EnsureOrigin, StorageVersion,
        },
        PalletId,
    };
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::{traits::BlockNumberProvider, AccountId32, Perbill};

    /// Version of the storage layout.
    pub(crate) const STORAGE_VERSION: StorageVersion = StorageVersion::new(4);

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

        /// The council: it judges and governs where terms name it.
        type CouncilOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Escrow accounts derive from this and the federation's id.
        #[pallet::constant]
        type PalletId: Get<PalletId>;

        /// What the founder has on hold until the federation is closed.
        #[pallet::constant]
        type FederationDeposit: Get<Balance>;

        /// What a proposer has on hold until the proposal is decided.
        #[pallet::constant]
        type ProposalDeposit: Get<Balance>;

        /// Most members of a federation.
        #[pallet::constant]
        type MaxParticipants: Get<u32>;

        /// Most entries of a batch and verdicts of a settlement's list.
        #[pallet::constant]
        type MaxVerdicts: Get<u32>;

        /// Most rounds of one claim.
        #[pallet::constant]
        type MaxClaims: Get<u32>;

        /// Most unbonding chunks of one member.
        #[pallet::constant]
        type MaxUnbonding: Get<u32>;

        /// Least value of `min_stake`.
        #[pallet::constant]
        type MinStake: Get<Balance>;

        /// Greatest value of `round_reward`.
        #[pallet::constant]
        type MaxRoundReward: Get<Balance>;

        /// Longest commit, settle, dispute and voting window.
        #[pallet::constant]
        type MaxWindow: Get<BlockNumber>;

        /// Longest unbonding, claim, cool-down, enactment, notice, lock and aging time.
        #[pallet::constant]
        type MaxUnbondingBlocks: Get<BlockNumber>;

        /// Longest retention of an ended round's records.
        #[pallet::constant]
        type MaxRetentionBlocks: Get<BlockNumber>;

        /// Greatest value of `strikes_to_slash`, `strike_decay_rounds`, `max_failed_rounds` and
        /// `tenure_rounds`.
        #[pallet::constant]
        type MaxStrikes: Get<u32>;

        /// Greatest value of `slash.cap`.
        #[pallet::constant]
        type MaxSlash: Get<Perbill>;

        /// Greatest value of `reporter_share`.
        #[pallet::constant]
        type MaxReporterShare: Get<Perbill>;

        /// Greatest value of `dispute_bond`.
        #[pallet::constant]
        type MaxDisputeBond: Get<Balance>;

        /// Greatest value of `coordinator_bond`.
        #[pallet::constant]
        type MaxCoordinatorBond: Get<Balance>;

        /// Greatest value of `committee_size`: up to 32, as votes on disputes are bits of `u32`.
        #[pallet::constant]
        type MaxCommittee: Get<u32>;

        /// Most attesters of a federation.
        #[pallet::constant]
        type MaxAttesters: Get<u32>;

        /// Most proposals of a federation that are not yet cleared away.
        #[pallet::constant]
        type MaxProposals: Get<u32>;

        /// Most fees that a federation pays for one account in [`Config::SponsoredPeriod`].
        #[pallet::constant]
        type MaxSponsoredCalls: Get<u32>;

        /// Blocks of a day of sponsored calls.
        #[pallet::constant]
        type SponsoredPeriod: Get<BlockNumber>;
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::MaxCommittee::get() <= u32::BITS, "votes on disputes are bits of u32");
            assert!(T::SponsoredPeriod::get() > 0, "a day has blocks");
            assert!(T::MaxVerdicts::get() <= T::MaxParticipants::get(), "a list names members");
        }

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
        /// The founder's deposit for a federation's storage.
        FederationDeposit,
        /// The accused's bond for a dispute.
        DisputeBond,
        /// A proposer's deposit for its storage.
        ProposalDeposit,
        /// What a coordinator answers with for its conduct.
        CoordinatorBond,
    }
}
