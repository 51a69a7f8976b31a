// SPDX-License-Identifier: Apache-2.0
//! From version 1 to 2: rewards belong to their rounds, terms know disputes, committees and
//! governance.
//!
//! Credits of version 1 have no round: they are paid out. A credit that cannot be paid (to an
//! account that died, and less than the existential deposit) stays in the escrow. New terms are
//! what version 1 did: loose coupling, no committee, no reporter's share, governed by the
//! coordinator; the council decides disputes, which cost no bond.
use core::marker::PhantomData;
use frame_support::{
    migrations::VersionedMigration,
    pallet_prelude::*,
    traits::{fungible::Mutate, tokens::Preservation, UncheckedOnRuntimeUpgrade},
};
use sp_runtime::traits::BlockNumberProvider;

use super::v1::{
    OldCommitment, OldFederation, OldOffence, OldParticipant, OldRound, OldSettlement, OldTerms,
};
use crate::*;

/// The migration, run once: when the stored version is 1.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, Unchecked<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The migration without its check of versions.
pub struct Unchecked<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for Unchecked<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut records: u64 = 0;
        let mut note = || records = records.saturating_add(1);
        FederationTerms::<T>::translate::<OldTerms, _>(|_, _, old| {
            note();
            Some(terms_of(old))
        });
        Participants::<T>::translate::<OldParticipant, _>(|id, account, old| {
            note();
            pay_credits::<T>(id, &account, old.credits);
            Some(participant_of(old))
        });
        Commitments::<T>::translate::<OldCommitment, _>(|(id, _, account), old| {
            note();
            let stake = Participants::<T>::get(id, account).map_or(0, |member| member.active);
            Some(Commitment::new(old.hash, old.num_examples, old.at, stake))
        });
        Offences::<T>::translate::<OldOffence, _>(|_, old| {
            note();
            Some(offence_of(old))
        });
        Rounds::<T>::translate::<OldRound, _>(|id, number, old| {
            note();
            round_of::<T>(id, number, old)
        });
        Federations::<T>::translate::<OldFederation, _>(|id, old| {
            note();
            Some(federation_of::<T>(id, old))
        });
        // Each record is read and written, with up to four others that it looks at.
        T::DbWeight::get().reads_writes(records.saturating_mul(5), records.saturating_mul(4))
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(_: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        Pallet::<T>::do_try_state()
    }
}

fn terms_of(old: OldTerms) -> Terms {
    let windows = old.commit_blocks.saturating_add(old.settle_blocks);
    let reportable = windows.saturating_add(old.dispute_blocks.saturating_mul(2));
    let unbonding_blocks = old.unbonding_blocks.max(reportable.saturating_add(1));
    let claim_blocks = old.unbonding_blocks;
    Terms {
        min_stake: old.min_stake,
        max_participants: old.max_participants,
        quorum: if old.quorum == 0 { Quorum::Window } else { Quorum::Count(old.quorum) },
        commit_blocks: old.commit_blocks,
        settle_blocks: old.settle_blocks,
        dispute_blocks: old.dispute_blocks,
        unbonding_blocks,
        claim_blocks,
        retention_blocks: old.dispute_blocks.saturating_add(claim_blocks),
        cooldown_blocks: 0,
        round_reward: old.round_reward,
        strikes_to_slash: old.strikes_to_slash,
        strike_decay_rounds: old.strike_decay_rounds,
        slash: SlashTerms {
            equivocation: old.slash.equivocation,
            mismatch: old.slash.equivocation,
            outlier_base: old.slash.outlier_base,
            cap: old.slash.cap,
        },
        reporter_share: Default::default(),
        dispute_bond: 0,
        arbiter: Arbiter::Council,
        coupling: Coupling::Loose,
        attest_quorum: Default::default(),
        attest_by: Tally::Count,
        committee_size: 0,
        governance: Governance::Coordinator,
        max_failed_rounds: old.strikes_to_slash,
        training: Training::default(),
    }
}

fn pay_credits<T: Config>(id: FederationId, account: &T::AccountId, amount: Balance) {
    let escrow = Pallet::<T>::escrow_account(id);
    let payment = T::Currency::transfer(&escrow, account, amount, Preservation::Preserve);
    if amount > 0 && payment.is_ok() {
        let account = account.clone();
        Pallet::<T>::deposit_event(Event::Claimed { federation: id, account, amount });
    }
}

fn participant_of<MaxUnbonding: Get<u32>>(old: OldParticipant) -> Participant<MaxUnbonding> {
    Participant {
        active: old.active,
        unbonding: BoundedVec::truncate_from(old.unbonding),
        strikes: old.strikes,
        clean_rounds: old.clean_rounds,
        offences: old.offences,
        pending_offences: old.pending_offences,
        suspended_until: old.suspended_until,
    }
}

fn offence_of(old: OldOffence) -> Offence {
    Offence {
        kind: old.kind,
        stake: old.stake,
        amount: old.amount,
        executable_at: old.executable_at,
        reporter: None,
        state: OffenceState::Pending,
    }
}

fn settlement_of(old: OldSettlement, terms: &Terms) -> Settlement {
    let dispute_until = old.settled_at.saturating_add(terms.dispute_blocks);
    Settlement {
        mode: SettlementMode::List,
        model: old.model,
        report: old.report,
        root: old.root,
        totals: Totals {
            accepted: old.accepted,
            rejected: old.rejected,
            excluded: 0,
            strikes: old.rejected,
            rewards: old.rewards,
        },
        left: Totals::default(),
        unpaid: 0,
        settled_at: old.settled_at,
        dispute_until,
        claim_until: dispute_until,
        failures_before: 0,
        expired: true,
    }
}

fn round_of<T: Config>(id: FederationId, number: RoundId, old: OldRound) -> Option<Round> {
    let terms = FederationTerms::<T>::get(id, old.terms_version)?;
    let committed_stake = Commitments::<T>::iter_prefix_values((id, number))
        .fold(0, |sum: Balance, one| sum.saturating_add(one.stake));
    let pending = Offences::<T>::iter_prefix_values((id, number)).count();
    let settled_at = old.settlement.as_ref().map(|settlement| settlement.settled_at);
    let ended_at = match old.state {
        RoundState::Open => None,
        RoundState::Settled | RoundState::Aborted | RoundState::Voided => {
            Some(settled_at.unwrap_or(old.settle_until))
        }
    };
    Some(Round {
        state: old.state,
        base_model: old.base_model,
        terms_version: old.terms_version,
        opened_at: old.opened_at,
        commit_until: old.commit_until,
        settle_until: old.settle_until,
        sealed_at: old.sealed_at,
        ended_at,
        commitments: old.commitments,
        committed_stake,
        stored: old.commitments,
        pending_offences: weights::count(pending),
        settlement: old.settlement.map(|settlement| settlement_of(settlement, &terms)),
    })
}

fn federation_of<T: Config>(id: FederationId, old: OldFederation) -> Federation {
    let active =
        |sum: Balance, member: Participant<T::MaxUnbonding>| sum.saturating_add(member.active);
    let now = T::Clock::current_block_number();
    let liable_until = Rounds::<T>::iter_prefix_values(id).fold(now, |last: BlockNumber, round| {
        let disputes = FederationTerms::<T>::get(id, round.terms_version)
            .map_or(0, |terms| terms.dispute_blocks.saturating_mul(2));
        last.max(round.settle_until.saturating_add(disputes))
    });
    Federation {
        state: old.state,
        terms_version: old.terms_version,
        next_round: old.next_round,
        open_round: old.open_round,
        members: old.members,
        total_active: Participants::<T>::iter_prefix_values(id).fold(0, active),
        failed_rounds: old.failed_rounds,
        reserved: old.reserved,
        liable_until,
        ..Federation::new(old.coordinator, old.metadata, old.deposit)
    }
}
