// SPDX-License-Identifier: Apache-2.0
//! The records of today as version 2 had them.

use codec::Encode;
use frame_support::{storage::unhashed, traits::StorageVersion};

use crate::{migrations::*, mock::*, *};

type Member = Participant<<Test as Config>::MaxUnbonding>;
type OldMember = OldParticipant<<Test as Config>::MaxUnbonding>;

fn old_terms(terms: &Terms) -> OldTerms {
    let terms = terms.clone();
    OldTerms {
        min_stake: terms.min_stake,
        max_participants: terms.max_participants,
        quorum: terms.quorum,
        commit_blocks: terms.commit_blocks,
        settle_blocks: terms.settle_blocks,
        dispute_blocks: terms.dispute_blocks,
        unbonding_blocks: terms.unbonding_blocks,
        claim_blocks: terms.claim_blocks,
        retention_blocks: terms.retention_blocks,
        cooldown_blocks: terms.cooldown_blocks,
        round_reward: terms.round_reward,
        strikes_to_slash: terms.strikes_to_slash,
        strike_decay_rounds: terms.strike_decay_rounds,
        slash: terms.slash,
        reporter_share: terms.reporter_share,
        dispute_bond: terms.dispute_bond,
        arbiter: terms.arbiter,
        coupling: terms.coupling,
        attest_quorum: terms.attest_quorum,
        attest_by: terms.attest_by,
        committee_size: terms.committee_size,
        governance: terms.governance,
        max_failed_rounds: terms.max_failed_rounds,
        training: terms.training,
    }
}

fn old_federation(new: Federation) -> OldFederation {
    OldFederation {
        coordinator: new.coordinator,
        founder: new.founder,
        state: new.state,
        terms_version: new.terms_version,
        metadata: new.metadata,
        deposit: new.deposit,
        next_round: new.next_round,
        open_round: new.open_round,
        members: new.members,
        total_active: new.total_active,
        failed_rounds: new.failed_rounds,
        failures_in_row: new.failures_in_row,
        owed: new.owed,
        reserved: new.reserved,
        liable_until: new.liable_until,
        last_claim_until: new.last_claim_until,
        next_proposal: new.next_proposal,
        proposals: new.proposals,
        attesters: new.attesters,
        seed: new.seed,
        seed_at: new.seed_at,
        seeded: new.seeded,
    }
}

fn old_participant(new: Member) -> OldMember {
    OldParticipant {
        active: new.active,
        unbonding: new.unbonding,
        strikes: new.strikes,
        clean_rounds: new.clean_rounds,
        offences: new.offences,
        pending_offences: new.pending_offences,
        suspended_until: new.suspended_until,
    }
}

fn old_settlement(new: Settlement) -> OldSettlement {
    OldSettlement {
        mode: new.mode,
        model: new.model,
        report: new.report,
        root: new.root,
        totals: new.totals,
        left: new.left,
        unpaid: new.unpaid,
        settled_at: new.settled_at,
        dispute_until: new.dispute_until,
        claim_until: new.claim_until,
        failures_before: new.failures_before,
        expired: new.expired,
    }
}

fn old_round(new: Round) -> OldRound {
    OldRound {
        state: new.state,
        base_model: new.base_model,
        terms_version: new.terms_version,
        opened_at: new.opened_at,
        commit_until: new.commit_until,
        settle_until: new.settle_until,
        sealed_at: new.sealed_at,
        ended_at: new.ended_at,
        commitments: new.commitments,
        committed_stake: new.committed_stake,
        stored: new.stored,
        pending_offences: new.pending_offences,
        settlement: new.settlement.map(old_settlement),
    }
}

fn old_motion(new: Motion) -> OldMotion {
    OldMotion {
        proposal: match new.proposal {
            Proposal::Terms(terms) => OldProposal::Terms(Box::new(old_terms(&terms))),
            Proposal::Coordinator(account) => OldProposal::Coordinator(account),
            Proposal::Rebase(_) | Proposal::Succession(_) => {
                panic!("version 2 knew neither")
            }
        },
        proposer: new.proposer,
        deposit: new.deposit,
        state: new.state,
        voting_until: new.voting_until,
        enact_at: new.enact_at,
        quorum: new.quorum,
        threshold: new.threshold,
        electorate: new.electorate,
        ayes: new.ayes,
        nays: new.nays,
    }
}

fn old_offence(new: Offence) -> OldOffence {
    OldOffence {
        kind: new.kind,
        stake: new.stake,
        amount: new.amount,
        executable_at: new.executable_at,
        reporter: new.reporter,
        state: match new.state {
            OffenceState::Pending => OldOffenceState::Pending,
            OffenceState::Disputed(Dispute { bond, until, upheld, overturned, .. }) => {
                OldOffenceState::Disputed(OldDispute { bond, until, upheld, overturned })
            }
            OffenceState::Upheld => OldOffenceState::Upheld,
            OffenceState::Executed => OldOffenceState::Executed,
            OffenceState::Overturned => OldOffenceState::Overturned,
        },
    }
}

/// Write the state as version 2 had it.
pub fn write_back() {
    let put = |key: Vec<u8>, old: Vec<u8>| unhashed::put_raw(&key, &old);
    for (id, new) in Federations::<Test>::iter() {
        put(Federations::<Test>::hashed_key_for(id), old_federation(new).encode());
    }
    for (id, version, new) in FederationTerms::<Test>::iter() {
        let key = FederationTerms::<Test>::hashed_key_for(id, version);
        put(key, old_terms(&new).encode());
    }
    for (id, who, new) in Participants::<Test>::iter() {
        put(Participants::<Test>::hashed_key_for(id, who), old_participant(new).encode());
    }
    for (id, number, new) in Rounds::<Test>::iter() {
        put(Rounds::<Test>::hashed_key_for(id, number), old_round(new).encode());
    }
    for (id, number, new) in Motions::<Test>::iter() {
        put(Motions::<Test>::hashed_key_for(id, number), old_motion(new).encode());
    }
    for (key, new) in Offences::<Test>::iter() {
        put(Offences::<Test>::hashed_key_for(key), old_offence(new).encode());
    }
    let _ = Records::<Test>::clear(u32::MAX, None);
    let _ = GroupVotes::<Test>::clear(u32::MAX, None);
    let _ = Sponsors::<Test>::clear(u32::MAX, None);
    StorageVersion::new(2).put::<Bcfl>();
}
