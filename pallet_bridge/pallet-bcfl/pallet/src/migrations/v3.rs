// SPDX-License-Identifier: Apache-2.0
//! From version 2 to 3: terms that members consent to, rounds that say who answers for them.
//!
//! New terms are what version 2 did: open admission, no bond, no cap on shares, rewards that vest
//! at once. The notice is the unbonding time. A round under way takes statements of the new form,
//! over its coordinator, model and terms. Settlement roots of before have leaves of the old form,
//! which can not be applied any more: what such a root has not paid stays owed until `expire` gives
//! it back to the escrow. So migrate when no root waits.
use alloc::boxed::Box;
use core::{cmp::max, marker::PhantomData};
use frame_support::{
    migrations::VersionedMigration, pallet_prelude::*, storage_alias,
    traits::UncheckedOnRuntimeUpgrade,
};
use sp_core::H256;
use sp_runtime::{traits::BlockNumberProvider, Perbill};

use super::v2::{
    OldDispute, OldFederation, OldMotion, OldOffence, OldOffenceState, OldParticipant, OldProposal,
    OldRound, OldSettlement, OldTerms,
};
use super::v4::OldFederation as NextFederation;
use crate::{encoding::terms_hash, *};

/// The federations as version 3 has them.
#[storage_alias]
type Federations<T: Config> = StorageMap<Pallet<T>, Twox64Concat, FederationId, NextFederation>;

/// The migration, run once: when the stored version is 2.
pub type MigrateV2ToV3<T> =
    VersionedMigration<2, 3, Unchecked<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The migration without its check of versions.
pub struct Unchecked<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for Unchecked<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut records: u64 = 0;
        let mut note = || records = records.saturating_add(1);
        let now = T::Clock::current_block_number();
        FederationTerms::<T>::translate::<OldTerms, _>(|_, _, old| {
            note();
            Some(terms_of(old))
        });
        Motions::<T>::translate::<OldMotion, _>(|_, _, old| {
            note();
            Some(motion_of(old, now))
        });
        Federations::<T>::translate::<OldFederation, _>(|id, old| {
            note();
            Some(federation_of::<T>(id, old))
        });
        Rounds::<T>::translate::<OldRound, _>(|id, _, old| {
            note();
            round_of::<T>(id, old)
        });
        Participants::<T>::translate::<OldParticipant<T::MaxUnbonding>, _>(|id, _, old| {
            note();
            participant_of::<T>(id, old, now)
        });
        Offences::<T>::translate::<OldOffence, _>(|_, old| {
            note();
            Some(offence_of(old))
        });
        // Each record is read and written, with up to three others that it looks at.
        T::DbWeight::get().reads_writes(records.saturating_mul(4), records.saturating_mul(2))
    }
}

fn terms_of(old: OldTerms) -> Terms {
    Terms {
        min_stake: old.min_stake,
        max_participants: old.max_participants,
        quorum: old.quorum,
        commit_blocks: old.commit_blocks,
        settle_blocks: old.settle_blocks,
        dispute_blocks: old.dispute_blocks,
        unbonding_blocks: old.unbonding_blocks,
        claim_blocks: old.claim_blocks,
        retention_blocks: old.retention_blocks,
        cooldown_blocks: old.cooldown_blocks,
        round_reward: old.round_reward,
        strikes_to_slash: old.strikes_to_slash,
        strike_decay_rounds: old.strike_decay_rounds,
        slash: old.slash,
        reporter_share: old.reporter_share,
        dispute_bond: old.dispute_bond,
        arbiter: old.arbiter,
        coupling: old.coupling,
        attest_quorum: old.attest_quorum,
        attest_by: old.attest_by,
        committee_size: old.committee_size,
        governance: old.governance,
        max_failed_rounds: old.max_failed_rounds,
        notice_blocks: old.unbonding_blocks,
        admission: Admission::Open,
        max_per_organisation: 0,
        max_examples: 0,
        max_share: Perbill::one(),
        coordinator_bond: 0,
        misconduct: Perbill::zero(),
        silence: Perbill::zero(),
        aging_blocks: 0,
        max_vote_share: Perbill::one(),
        lock_blocks: 0,
        tenure_rounds: 0,
        vesting_rounds: 0,
        strike_cut: Perbill::zero(),
        training: old.training,
    }
}

fn motion_of(old: OldMotion, now: BlockNumber) -> Motion {
    Motion {
        proposal: match old.proposal {
            OldProposal::Terms(terms) => Proposal::Terms(Box::new(terms_of(*terms))),
            OldProposal::Coordinator(account) => Proposal::Coordinator(account),
        },
        proposer: old.proposer,
        deposit: old.deposit,
        state: old.state,
        voting_until: old.voting_until,
        enact_at: old.enact_at,
        quorum: old.quorum,
        threshold: old.threshold,
        // When members joined was not kept: all that are there now count as there before.
        proposed_at: now.saturating_add(1),
        aging_blocks: 0,
        max_vote_share: Perbill::one(),
        electorate: old.electorate,
        ayes: old.ayes,
        nays: old.nays,
    }
}

fn federation_of<T: Config>(id: FederationId, old: OldFederation) -> NextFederation {
    NextFederation {
        coordinator: old.coordinator,
        founder: old.founder,
        state: old.state,
        terms_version: old.terms_version,
        pending_terms: None,
        metadata: old.metadata,
        deposit: old.deposit,
        next_round: old.next_round,
        open_round: old.open_round,
        model: last_model::<T>(id, old.next_round),
        members: old.members,
        total_active: old.total_active,
        failed_rounds: old.failed_rounds,
        failures_in_row: old.failures_in_row,
        owed: old.owed,
        reserved: old.reserved,
        liable_until: old.liable_until,
        last_claim_until: old.last_claim_until,
        next_proposal: old.next_proposal,
        proposals: old.proposals,
        attesters: old.attesters,
        seed: old.seed,
        seed_at: old.seed_at,
        seeded: old.seeded,
    }
}

/// Model of the last settled round, looked for among the last [`LOOK_BACK`] rounds.
fn last_model<T: Config>(id: FederationId, next_round: RoundId) -> Option<H256> {
    const LOOK_BACK: RoundId = 16;
    let key = |round| Rounds::<T>::hashed_key_for(id, round);
    (next_round.saturating_sub(LOOK_BACK)..next_round)
        .rev()
        .filter_map(|round| frame_support::storage::unhashed::get::<OldRound>(&key(round)))
        .filter(|round| round.state == RoundState::Settled)
        .find_map(|round| round.settlement.map(|settlement| settlement.model))
}

fn settlement_of(old: OldSettlement) -> Settlement {
    Settlement {
        mode: old.mode,
        model: old.model,
        report: old.report,
        root: old.root,
        totals: old.totals,
        left: old.left,
        unpaid: old.unpaid,
        settled_at: old.settled_at,
        dispute_until: old.dispute_until,
        claim_until: old.claim_until,
        vests_at: old.dispute_until,
        failures_before: old.failures_before,
        expired: old.expired,
        // Nobody had a bond.
        // These rounds have no bond to take of, whoever settled them.
        by_coordinator: true,
    }
}

fn round_of<T: Config>(id: FederationId, old: OldRound) -> Option<Round> {
    let federation = Federations::<T>::get(id)?;
    let terms = FederationTerms::<T>::get(id, old.terms_version)?;
    Some(Round {
        state: old.state,
        coordinator: federation.coordinator,
        base_model: old.base_model,
        terms_version: old.terms_version,
        terms_hash: terms_hash(&terms),
        opened_at: old.opened_at,
        commit_until: old.commit_until,
        settle_until: old.settle_until,
        sealed_at: old.sealed_at,
        ended_at: old.ended_at,
        commitments: old.commitments,
        committed_stake: old.committed_stake,
        stored: old.stored,
        pending_offences: old.pending_offences,
        settlement: old.settlement.map(settlement_of),
        compensation: None,
    })
}

fn offence_of(old: OldOffence) -> Offence {
    Offence {
        kind: old.kind,
        stake: old.stake,
        amount: old.amount,
        executable_at: old.executable_at,
        reporter: old.reporter,
        state: match old.state {
            OldOffenceState::Pending => OffenceState::Pending,
            OldOffenceState::Disputed(OldDispute { bond, until, upheld, overturned }) => {
                OffenceState::Disputed(Dispute {
                    bond,
                    until,
                    upheld,
                    overturned,
                    from_stake: false,
                })
            }
            OldOffenceState::Upheld => OffenceState::Upheld,
            OldOffenceState::Executed => OffenceState::Executed,
            OldOffenceState::Overturned => OffenceState::Overturned,
        },
    }
}

fn participant_of<T: Config>(
    id: FederationId,
    old: OldParticipant<T::MaxUnbonding>,
    now: BlockNumber,
) -> Option<Participant<T::MaxUnbonding>> {
    let federation = Federations::<T>::get(id)?;
    let terms = FederationTerms::<T>::get(id, federation.terms_version)?;
    let mut member = Participant::new(old.active, (federation.terms_version, &terms), now);
    member.unbonding = old.unbonding;
    member.strikes = old.strikes;
    member.clean_rounds = old.clean_rounds;
    member.offences = old.offences;
    member.pending_offences = old.pending_offences;
    member.suspended_until = old.suspended_until;
    member.liable_until = max(federation.liable_until, now);
    Some(member)
}
