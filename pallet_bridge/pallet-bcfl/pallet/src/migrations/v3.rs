// SPDX-License-Identifier: Apache-2.0
//! From version 2 to 3: terms that members consent to, rounds that say who answers for them.
//!
//! New terms are what version 2 did: open admission, no bond, no cap on shares, rewards that vest
//! at once. The notice is the unbonding time. A round under way takes statements of the new form,
//! over its coordinator, model and terms. Settlement roots of before have leaves of the old form,
//! which can not be applied any more: what such a root has not paid stays owed until `expire` gives
//! it back to the escrow. So migrate when no root waits.
use alloc::{boxed::Box, vec, vec::Vec};
use core::{cmp::max, marker::PhantomData};
use frame_support::{
    migrations::{SteppedMigration, SteppedMigrationError},
    pallet_prelude::*,
    storage::StoragePrefixedMap,
    storage_alias,
    weights::WeightMeter,
};
use sp_core::H256;
use sp_runtime::Perbill;

use super::{
    stepped::{self, id_in, record, rewrite, Map, Progress},
    v2::{
        OldDispute, OldFederation, OldMotion, OldOffence, OldOffenceState, OldParticipant,
        OldProposal, OldRound, OldSettlement, OldTerms,
    },
    v4::OldFederation as NextFederation,
};
use crate::{encoding::terms_hash, *};

/// The federations as version 3 has them.
#[storage_alias]
type Federations<T: Config> = StorageMap<Pallet<T>, Twox64Concat, FederationId, NextFederation>;

/// How many rounds are looked at for a federation's last model.
const LOOK_BACK: RoundId = 16;

/// The migration, run once: when the stored version is 2.
pub struct MigrateV2ToV3<T>(PhantomData<T>);

impl<T: Config> SteppedMigration for MigrateV2ToV3<T> {
    type Cursor = Progress;
    type Identifier = stepped::Id;

    fn id() -> stepped::Id {
        stepped::id(2, 3)
    }

    fn migrating_prefixes() -> Option<impl IntoIterator<Item = Vec<u8>>> {
        Some(maps::<T>().into_iter().map(|map| map.prefix))
    }

    fn step(
        progress: Option<Progress>,
        meter: &mut WeightMeter,
    ) -> Result<Option<Progress>, SteppedMigrationError> {
        stepped::step::<T>((2, 3), &maps::<T>(), progress, meter)
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        Ok(stepped::keys_of(&maps::<T>()).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(keys: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        let is_same = stepped::keys_of(&maps::<T>()).encode() == keys;
        frame_support::ensure!(is_same, "the migration to version 3 lost or made a record");
        Ok(())
    }
}

/// The maps that change, in their order: rounds and members look at federations and terms.
fn maps<T: Config>() -> Vec<Map> {
    vec![
        Map {
            prefix: FederationTerms::<T>::final_prefix().to_vec(),
            weight: record::<T>(0),
            rewrite: |key, _| rewrite(key, |old| Some(terms_of(old))),
        },
        Map {
            prefix: Motions::<T>::final_prefix().to_vec(),
            weight: record::<T>(0),
            rewrite: |key, now| rewrite(key, |old| Some(motion_of(old, now))),
        },
        Map {
            prefix: Federations::<T>::final_prefix().to_vec(),
            weight: record::<T>(LOOK_BACK.into()),
            rewrite: |key, _| rewrite(key, |old| Some(federation_of::<T>(id_in(key, 0), old))),
        },
        Map {
            prefix: Rounds::<T>::final_prefix().to_vec(),
            weight: record::<T>(2),
            rewrite: |key, _| rewrite(key, |old| round_of::<T>(id_in(key, 0), old)),
        },
        Map {
            prefix: Participants::<T>::final_prefix().to_vec(),
            weight: record::<T>(2),
            rewrite: |key, now| rewrite(key, |old| participant_of::<T>(id_in(key, 0), old, now)),
        },
        Map {
            prefix: Offences::<T>::final_prefix().to_vec(),
            weight: record::<T>(0),
            rewrite: |key, _| rewrite(key, |old| Some(offence_of(old))),
        },
    ]
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
