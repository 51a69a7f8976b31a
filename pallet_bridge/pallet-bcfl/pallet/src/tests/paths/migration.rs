// SPDX-License-Identifier: Apache-2.0
//! Version 1 to 2, try-runtime style: a state of version 1, the upgrade, and all invariants after.

use frame_support::{
    assert_ok,
    traits::{
        fungible::{Mutate, MutateHold},
        GetStorageVersion, OnRuntimeUpgrade, StorageVersion,
    },
};

use crate::{
    migrations::{self as v1, MigrateV1ToV2, OldFederation, OldParticipant, OldRound, OldTerms},
    mock::*,
    *,
};

fn old_terms() -> OldTerms {
    OldTerms {
        min_stake: 100,
        max_participants: 4,
        quorum: 3,
        commit_blocks: 5,
        settle_blocks: 5,
        dispute_blocks: 3,
        unbonding_blocks: 14,
        round_reward: 300,
        strikes_to_slash: 3,
        strike_decay_rounds: 2,
        slash: v1::OldSlashTerms {
            equivocation: percent(50),
            outlier_base: percent(20),
            cap: percent(60),
        },
    }
}

fn old_round(state: RoundState, settlement: Option<v1::OldSettlement>) -> OldRound {
    OldRound {
        state,
        base_model: hash(1),
        terms_version: FIRST_TERMS,
        opened_at: 1,
        commit_until: 6,
        settle_until: 11,
        sealed_at: None,
        commitments: 1,
        settlement,
    }
}

/// Federation 0 of version 1: round 0 settled, round 1 open; member 0 has credits and an offence.
fn old_state() {
    StorageVersion::new(1).put::<Bcfl>();
    NextFederationId::<Test>::put(1);
    v1::FederationTerms::<Test>::insert(0, FIRST_TERMS, old_terms());
    let settlement = v1::OldSettlement {
        model: hash(2),
        report: hash(3),
        root: hash(4),
        accepted: 1,
        rejected: 0,
        rewards: 300,
        settled_at: 2,
    };
    v1::Rounds::<Test>::insert(0, 0, old_round(RoundState::Settled, Some(settlement)));
    v1::Rounds::<Test>::insert(0, 1, old_round(RoundState::Open, None));
    let commitment = v1::OldCommitment { hash: hash(5), num_examples: 10, at: 1 };
    v1::Commitments::<Test>::insert((0, 0, member(0)), commitment.clone());
    v1::Commitments::<Test>::insert((0, 1, member(1)), commitment);
    let offence =
        v1::OldOffence { kind: OffenceKind::Outlier, stake: STAKE, amount: 100, executable_at: 4 };
    v1::Offences::<Test>::insert((0, 0, member(0)), offence);
    for index in 0..2 {
        let is_first = u32::from(index == 0);
        let chunk = UnbondingChunk { amount: 100, until: 15 };
        let old = OldParticipant {
            active: STAKE - 100,
            unbonding: vec![chunk],
            strikes: 1,
            clean_rounds: 0,
            offences: is_first,
            pending_offences: is_first,
            credits: Balance::from(is_first) * 300,
            suspended_until: 4 * is_first,
        };
        v1::Participants::<Test>::insert(0, member(index), old);
        assert_ok!(Balances::hold(&HoldReason::Stake.into(), &member(index), STAKE));
    }
    let deposit = HoldReason::FederationDeposit.into();
    assert_ok!(Balances::hold(&deposit, &coordinator(), DEPOSIT));
    assert_ok!(Balances::mint_into(&Bcfl::escrow_account(0), FUNDS + EXISTENTIAL_DEPOSIT));
    v1::Federations::<Test>::insert(
        0,
        OldFederation {
            coordinator: coordinator(),
            state: FederationState::Active,
            terms_version: FIRST_TERMS,
            metadata: hash(6),
            deposit: DEPOSIT,
            next_round: 2,
            open_round: Some(1),
            members: 2,
            failed_rounds: 1,
            owed: 300,
            reserved: 300,
        },
    );
}

fn scene(test: impl FnOnce()) {
    let mut ext = ExtBuilder::default().build();
    ext.execute_with(|| {
        System::set_block_number(3);
        old_state();
        let issuance = Balances::total_issuance();
        MigrateV1ToV2::<Test>::on_runtime_upgrade();
        check_invariants(issuance);
        test();
        check_invariants(issuance);
    });
}

#[test]
fn version_rises_and_the_migration_runs_once() {
    scene(|| {
        assert_eq!(Bcfl::on_chain_storage_version(), StorageVersion::new(2));
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        MigrateV1ToV2::<Test>::on_runtime_upgrade();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
    });
}

#[test]
fn credits_are_paid() {
    scene(|| {
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT - STAKE + 300);
        assert_eq!(Bcfl::escrow_funds(0), FUNDS - 300);
        assert_eq!((federation(0).owed, federation(0).reserved), (0, 300));
    });
}

#[test]
fn records_keep_what_they_said() {
    scene(|| {
        let found = federation(0);
        assert_eq!((found.coordinator, found.founder), (coordinator(), coordinator()));
        assert_eq!((found.total_active, found.failed_rounds), (2 * (STAKE - 100), 1));
        assert_eq!((participant(0).strikes, participant(0).pending_offences), (1, 1));
        assert_eq!(chunks(1), [(100, 15)]);
        let ended = settlement(0);
        assert_eq!((ended.root, ended.totals.rewards, ended.expired), (hash(4), 300, true));
        assert_eq!(round(0).pending_offences, 1);
        assert_eq!(commitment(1, 1), Commitment::new(hash(5), 10, 1, STAKE - 100));
        assert_eq!(offence(0, 0).map(|offence| offence.state), Some(OffenceState::Pending));
    });
}

#[test]
fn terms_are_within_the_new_ranges() {
    scene(|| {
        let terms = FederationTerms::<Test>::get(0, FIRST_TERMS).expect("terms");
        assert_eq!((terms.quorum, terms.unbonding_blocks), (Quorum::Count(3), 17));
        assert_ok!(Bcfl::ensure_terms(&terms));
    });
}

#[test]
fn life_goes_on() {
    scene(|| {
        skip(1);
        assert_ok!(execute(0, 0));
        assert_ok!(commit(1, 0));
        skip_to(7);
        assert_ok!(settle(1, vec![verdict(1, Outcome::Accepted), verdict(0, Outcome::Accepted)]));
        skip(4);
        assert_ok!(claim(1, &[1]));
        skip(40);
        assert_ok!(send(&stranger(), Call::prune { federation: 0, round: 0, limit: 9 }));
    });
}
