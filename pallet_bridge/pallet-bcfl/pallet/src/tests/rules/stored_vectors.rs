// SPDX-License-Identifier: Apache-2.0
//! Every stored type with its encoding: a change needs a new storage version and a migration.

use codec::Encode;

use super::vectors::{check, hex};
use crate::{mock::*, *};

fn row(name: &str, sample: impl Encode) -> Vec<String> {
    vec![name.to_owned(), hex(sample.encode())]
}

fn full_terms() -> Terms {
    let name = |text: &str| TrainingName::truncate_from(text.as_bytes().to_vec());
    let mut terms = terms();
    terms.quorum = Quorum::Stake(5);
    terms.arbiter = Arbiter::Attesters;
    terms.coupling = Coupling::Full;
    terms.attest_by = Tally::Stake;
    terms.governance = Governance::Members {
        quorum: percent(20),
        threshold: percent(60),
        voting_blocks: 7,
        delay_blocks: 8,
    };
    terms.notice_blocks = 21;
    terms.admission = Admission::Vouched(22);
    terms.max_per_organisation = 23;
    terms.max_examples = 24;
    terms.max_share = percent(25);
    terms.coordinator_bond = 26;
    terms.misconduct = percent(27);
    terms.silence = percent(28);
    terms.aging_blocks = 29;
    terms.max_vote_share = percent(30);
    terms.lock_blocks = 31;
    terms.tenure_rounds = 32;
    terms.vesting_rounds = 33;
    terms.strike_cut = percent(34);
    for (key, value) in [
        ("learning_rate", TrainingValue::Fixed(10_000_000)),
        ("defense", TrainingValue::Hash(hash(9))),
    ] {
        terms.training.0.try_insert(name(key), value).expect("room");
    }
    terms
}

fn full_federation() -> Federation {
    Federation {
        coordinator: account(2),
        state: FederationState::Closing { ends: 77 },
        terms_version: 2,
        pending_terms: Some(PendingTerms { version: 3, from: 18, is_worse: true }),
        model: Some(hash(19)),
        next_round: 3,
        open_round: Some(2),
        members: 4,
        total_active: 5,
        failed_rounds: 6,
        failures_in_row: 7,
        owed: 8,
        reserved: 9,
        liable_until: 10,
        last_claim_until: 11,
        next_proposal: 12,
        proposals: 13,
        attesters: 14,
        seed: hash(15),
        seed_at: 16,
        seeded: true,
        ..Federation::new(account(1), hash(1), 17)
    }
}

fn full_totals(first: u32) -> Totals {
    let [accepted, rejected, excluded, strikes] = [0, 1, 2, 3].map(|more| first + more);
    Totals { accepted, rejected, excluded, strikes, rewards: Balance::from(first) * 100 }
}

fn full_round() -> Round {
    let settlement = Settlement {
        mode: SettlementMode::Merkle,
        model: hash(1),
        report: hash(2),
        root: hash(3),
        totals: full_totals(4),
        left: full_totals(1),
        unpaid: 5,
        settled_at: 6,
        dispute_until: 7,
        claim_until: 8,
        vests_at: 18,
        failures_before: 9,
        expired: true,
        by_coordinator: true,
    };
    Round {
        state: RoundState::Voided,
        sealed_at: Some(12),
        ended_at: Some(13),
        commitments: 14,
        committed_stake: 15,
        stored: 16,
        pending_offences: 17,
        settlement: Some(settlement),
        compensation: Some(Compensation { each: 19, unpaid: 20, until: 21 }),
        ..Round::open(account(9), hash(10), (2, &terms()), 11).expect("no overflow")
    }
}

fn full_participant() -> Participant<<Test as Config>::MaxUnbonding> {
    let mut participant = Participant::new(500, (6, &terms()), 7);
    participant.unbond(100, 9).expect("room");
    participant.strikes = 1;
    participant.clean_rounds = 2;
    participant.offences = 3;
    participant.pending_offences = 4;
    participant.suspended_until = 5;
    participant.organisation = Some(b"St. Mary".to_vec().try_into().expect("short"));
    participant.max_examples = 8;
    participant.liable_until = 9;
    participant.held_since = 10;
    participant.accepted = 11;
    participant.forgiven = 12;
    participant.struck = vec![13, 14].try_into().expect("few");
    participant.exits_freely = true;
    participant
}

fn offence_in(state: OffenceState) -> Offence {
    Offence {
        kind: OffenceKind::AttesterEquivocation,
        stake: 1,
        amount: 2,
        executable_at: 3,
        reporter: Some(account(4)),
        state,
    }
}

fn full_motion(proposal: Proposal, state: MotionState) -> Motion {
    Motion {
        proposal,
        proposer: account(1),
        deposit: 2,
        state,
        voting_until: 3,
        enact_at: 4,
        quorum: percent(5),
        threshold: percent(6),
        proposed_at: 10,
        aging_blocks: 11,
        max_vote_share: percent(12),
        electorate: 7,
        ayes: 8,
        nays: 9,
    }
}

#[test]
fn encodings_are_frozen() {
    let commitment = Commitment {
        judged: true,
        reward: 5,
        payout: Payout::Forfeited,
        ..Commitment::new(hash(1), 2, 3, 4)
    };
    let dispute = Dispute { bond: 5, until: 6, upheld: 7, overturned: 8, from_stake: true };
    let attester = Attester { leaves: Some(4), missed: 5, ..Attester::new(hash(1), 2, 3) };
    let seat = Seat { said: Some(hash(3)), is_void: true, ..Seat::new(account(1), 2) };
    let organisation: Organisation = b"St. Mary".to_vec().try_into().expect("short");
    let invitation = Invitation {
        organisation: organisation.clone(),
        max_examples: 1,
        vouchers: vec![account(2), account(3)].try_into().expect("few"),
    };
    let record = Record {
        strikes: 1,
        clean_rounds: 2,
        offences: 3,
        forgiven: 4,
        suspended_until: 5,
        struck: vec![6, 7].try_into().expect("few"),
    };
    let succession = |index| Succession {
        accounts: vec![account(index), account(3)].try_into().expect("few"),
        idle_blocks: 1,
        turn_blocks: 2,
    };
    let office = Office {
        since: 3,
        succession: succession(1),
        pending: Some(PendingSuccession { from: 4, succession: succession(2) }),
        pause: Some(Pause { round: 5, until: 6 }),
    };
    let proof = b"signed".to_vec().try_into().expect("short");
    let new_terms = Proposal::Terms(Box::new(full_terms()));
    let rows = vec![
        row("Terms", terms()),
        row("Terms.full", full_terms()),
        row("Federation", Federation::new(account(1), hash(2), 3)),
        row("Federation.full", full_federation()),
        row("Round", Round::open(account(9), hash(1), (2, &terms()), 3).expect("fits")),
        row("Round.full", full_round()),
        row("Commitment", Commitment::new(hash(1), 2, 3, 4)),
        row("Commitment.full", commitment),
        row("Participant", full_participant()),
        row("Offence.pending", offence_in(OffenceState::Pending)),
        row("Offence.disputed", offence_in(OffenceState::Disputed(dispute))),
        row("Offence.upheld", offence_in(OffenceState::Upheld)),
        row("Offence.executed", offence_in(OffenceState::Executed)),
        row("Offence.overturned", offence_in(OffenceState::Overturned)),
        row("Attester", attester),
        row("Seat", seat),
        row("Motion.terms", full_motion(new_terms, MotionState::Open)),
        row(
            "Motion.coordinator",
            full_motion(Proposal::Coordinator(account(2)), MotionState::Rejected),
        ),
        row("Motion.rebase", full_motion(Proposal::Rebase(hash(2)), MotionState::Enacted)),
        row(
            "Motion.succession",
            full_motion(Proposal::Succession(succession(1)), MotionState::Open),
        ),
        row("Office", Office::default()),
        row("Office.full", office),
        row("NodeKey", NodeKey { key: hash(1), proof }),
        row("Sponsorship", Sponsorship { day: 1, used: 2 }),
        row("Invitation", invitation),
        row("Record", record),
        row("Subject.account", Subject::Account(account(1))),
        row("Subject.organisation", Subject::Organisation(organisation)),
        row("Bond", Bond { amount: 1, free_at: Some(2) }),
        row("Vote", Vote { approve: true, stake: 1 }),
        row("HoldReason.Stake", HoldReason::Stake),
        row("HoldReason.FederationDeposit", HoldReason::FederationDeposit),
        row("HoldReason.DisputeBond", HoldReason::DisputeBond),
        row("HoldReason.ProposalDeposit", HoldReason::ProposalDeposit),
        row("HoldReason.CoordinatorBond", HoldReason::CoordinatorBond),
    ];
    check("stored.tsv", "type encoding", rows);
}

/// Names of the storage items are part of the layout.
#[test]
fn storage_names_are_frozen() {
    use frame_support::traits::StorageInfoTrait;
    let mut names: Vec<String> = Bcfl::storage_info()
        .into_iter()
        .map(|info| String::from_utf8(info.storage_name).expect("a name"))
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "Attesters",
            "Bonds",
            "Commitments",
            "Committees",
            "FederationTerms",
            "Federations",
            "GroupVotes",
            "Invitations",
            "Motions",
            "NextFederationId",
            "NodeKeys",
            "Offences",
            "Offices",
            "Organisations",
            "Participants",
            "Records",
            "Rounds",
            "Sponsors",
            "Sponsorships",
            "Votes",
        ]
    );
}
