// SPDX-License-Identifier: Apache-2.0
//! Version 2 to 3, try-runtime style: a state of version 2, the upgrade, and all invariants after.
//!
//! Each scene is played, and then written back as version 2 would have it.

mod old;
mod steps;

use codec::{DecodeAll, Encode};
use frame_support::{
    assert_ok,
    traits::{GetStorageVersion, StorageVersion},
};

use old::write_back;
use steps::migrate;

use crate::{
    migrations::*,
    mock::{committee::*, votes::*, *},
    Outcome::*,
    *,
};

type Member = Participant<<Test as Config>::MaxUnbonding>;

/// What every record of federation 0 says, in an order.
type Said = (Federation, Vec<Terms>, Vec<Member>, Vec<Round>, Vec<Motion>, Vec<Vec<u8>>);

fn said() -> Said {
    let mut rest: Vec<Vec<u8>> = Vec::new();
    rest.extend(Offences::<Test>::iter().map(|row| row.encode()));
    rest.extend(Commitments::<Test>::iter().map(|row| row.encode()));
    rest.extend(Attesters::<Test>::iter().map(|row| row.encode()));
    rest.extend(Committees::<Test>::iter().map(|row| row.encode()));
    rest.extend(Votes::<Test>::iter().map(|row| row.encode()));
    (
        federation(0),
        FederationTerms::<Test>::iter_prefix_values(0).collect(),
        Participants::<Test>::iter_prefix_values(0).collect(),
        Rounds::<Test>::iter_prefix_values(0).collect(),
        Motions::<Test>::iter_prefix_values(0).collect(),
        rest,
    )
}

/// What the records must say after the migration in block `now`: what they said, but for what
/// version 2 did not keep.
fn expected(mut said: Said, now: BlockNumber) -> Said {
    let federation = said.0.clone();
    let settled = |round: &Round| round.state == RoundState::Settled;
    let last = (0..federation.next_round).rev().map(round).find(settled);
    said.0.model = last.and_then(|round| round.settlement).map(|settlement| settlement.model);
    // Who paid in, and since when stake is there, was not kept.
    let is_closed = federation.state == FederationState::Closed;
    said.0.youth = Youth::new(now + 1);
    said.0.funded = if is_closed { 0 } else { Bcfl::escrow_funds(0) };
    said.0.sponsors = u32::from(said.0.funded > 0);
    said.0.left = 0;
    let in_force = FederationTerms::<Test>::get(0, federation.terms_version).expect("terms");
    for member in &mut said.2 {
        let kept = member.clone();
        *member = Member::new(kept.active, (federation.terms_version, &in_force), now);
        member.unbonding = kept.unbonding;
        member.strikes = kept.strikes;
        member.clean_rounds = kept.clean_rounds;
        member.offences = kept.offences;
        member.pending_offences = kept.pending_offences;
        member.suspended_until = kept.suspended_until;
        member.liable_until = core::cmp::max(federation.liable_until, now);
    }
    for round in &mut said.3 {
        round.coordinator = federation.coordinator.clone();
    }
    for motion in &mut said.4 {
        motion.proposed_at = now + 1;
    }
    said
}

/// Play a scene, write it back, migrate, compare, and go on.
fn migrated(scene: &ExtBuilder, play: impl FnOnce(), go_on: impl FnOnce()) {
    scene.build().execute_with(|| {
        System::set_block_number(1);
        let issuance = Balances::total_issuance();
        scene.set_the_scene();
        play();
        let wanted = expected(said(), System::block_number());
        write_back();
        let events = events().len();
        migrate();
        assert_eq!(said(), wanted);
        assert_eq!(crate::mock::events().len(), events, "a migration raises no event");
        check_invariants(issuance);
        go_on();
        check_invariants(issuance);
    });
}

fn resolve(index: u8, uphold: bool) -> sp_runtime::DispatchResult {
    let call = Call::resolve { federation: 0, round: 0, account: member(index), uphold };
    send(&arbiter(), call)
}

#[test]
fn version_rises_and_the_migration_runs_once() {
    let check = || {
        assert_eq!(Bcfl::on_chain_storage_version(), StorageVersion::new(4));
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        migrate();
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
    };
    migrated(&ExtBuilder::default().members(2).round(), || (), check);
}

#[test]
fn a_federation_without_members_gets_some() {
    let go_on = || {
        assert_ok!(join(&member(0), STAKE));
    };
    migrated(&ExtBuilder::default().members(0), || (), go_on);
}

#[test]
fn an_open_round_takes_the_commitments_that_it_lacks() {
    let play = || {
        assert_ok!(commit(0, 0));
        assert_ok!(commit_batch(0, vec![entry(0, 1, hash(1))]));
    };
    let go_on = || {
        assert_eq!(round(0).terms_hash, terms_hash(0));
        assert_ok!(commit(0, 2));
        let accepted = (0..3).map(|index| verdict(index, Accepted)).collect();
        assert_ok!(settle(0, accepted));
        assert_eq!(settlement(0).totals.rewards, 300);
    };
    migrated(&ExtBuilder::default().members(3).round(), play, go_on);
}

#[test]
fn a_settled_round_pays_and_its_model_goes_on() {
    let play = || {
        round_that_rejects_member_0();
        skip(4);
        assert_ok!(claim(1, &[0]));
    };
    let go_on = || {
        assert_eq!(federation(0).model, Some(MODEL));
        assert_eq!(settlement(0).vests_at, settlement(0).dispute_until);
        assert_ok!(claim(2, &[0]));
        assert_eq!(Balances::free_balance(member(2)), ENDOWMENT - STAKE + 150);
        round_that_rejects_member_0();
        assert_eq!(participant(0).strikes, 2);
    };
    migrated(&ExtBuilder::default().members(3), play, go_on);
}

#[test]
fn what_a_root_has_not_paid_expires() {
    let play = || {
        three_commit(0);
        settle_by_root(0, (0..3).map(|index| leaf(index, Accepted, 100)).collect());
    };
    let go_on = || {
        assert_eq!(federation(0).owed, 300);
        skip_to(settlement(0).claim_until + 1);
        assert_ok!(send(&stranger(), Call::expire { federation: 0, round: 0 }));
        assert_eq!((federation(0).owed, settlement(0).expired), (0, true));
    };
    migrated(&ExtBuilder::default().members(3).round(), play, go_on);
}

#[test]
fn aborted_and_expired_rounds_stay_ended() {
    let play = || {
        assert_ok!(commit(0, 0));
        assert_ok!(send(&coordinator(), Call::abort { federation: 0, round: 0 }));
        round_that_rejects_member_0();
        skip_to(settlement(1).claim_until + 1);
        assert_ok!(send(&stranger(), Call::expire { federation: 0, round: 1 }));
    };
    let go_on = || {
        assert_eq!((round(0).state, settlement(1).expired), (RoundState::Aborted, true));
        skip(40);
        for round in 0..2 {
            assert_ok!(send(&stranger(), Call::prune { federation: 0, round, limit: 9 }));
        }
    };
    migrated(&ExtBuilder::default().members(3).round(), play, go_on);
}

#[test]
fn a_pruned_round_keeps_its_root() {
    let play = || {
        round_that_rejects_member_0();
        skip(60);
        assert_ok!(send(&stranger(), Call::prune { federation: 0, round: 0, limit: 9 }));
    };
    let go_on = || assert_eq!((round(0).stored, settlement(0).model), (0, MODEL));
    migrated(&ExtBuilder::default().members(3), play, go_on);
}

#[test]
fn offences_wait_are_judged_and_taken() {
    let play = || {
        equivocate(0);
        for index in [1, 2, 3] {
            let both = vec![entry(0, index, hash(0xb0)), entry(0, index, hash(0xb1))];
            assert_ok!(commit_batch(0, both));
        }
        for index in [1, 2, 3] {
            assert_ok!(send(&member(index), Call::dispute { federation: 0, round: 0 }));
        }
        assert_ok!(resolve(2, true));
        assert_ok!(resolve(3, false));
    };
    let go_on = || {
        assert_ok!(resolve(1, true));
        assert_ok!(execute(0, 1));
        assert_ok!(execute(0, 2));
        skip_to(offence(0, 0).expect("an offence").executable_at);
        assert_ok!(execute(0, 0));
        assert_eq!(participant(0).offences, 1);
        let state = offence(0, 3).expect("an offence").state;
        assert_eq!(state, OffenceState::Overturned);
    };
    let scene = ExtBuilder::default().members(4).round();
    migrated(&scene.terms(|terms| terms.quorum = Quorum::Window), play, go_on);
}

#[test]
fn stake_on_its_way_out_leaves_when_it_would_have() {
    let play = || {
        for amount in [100, 50] {
            assert_ok!(send(&member(0), Call::unbond { federation: 0, amount }));
        }
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
    };
    let go_on = || {
        skip_to(chunks(0)[1].1);
        for index in [0, 1] {
            let call = Call::withdraw { federation: 0, account: member(index) };
            assert_ok!(send(&stranger(), call));
        }
        assert_eq!(participant(0).active, STAKE - 150);
        assert!(!Participants::<Test>::contains_key(0, member(1)));
    };
    migrated(&ExtBuilder::default().members(2), play, go_on);
}

#[test]
fn attesters_keep_their_seats_and_chains() {
    let play = || {
        for index in 0..3 {
            assert_ok!(register(index));
        }
        skip(1);
        assert_ok!(open_round());
        three_commit(0);
    };
    let go_on = || {
        let seats = seated(0);
        assert_eq!(seats.len(), 3);
        let said = statement(0, ROOT);
        for index in seats {
            assert_ok!(attest(0, index, said, 1));
        }
        assert_ok!(settle_root(0));
    };
    let scene = ExtBuilder::default().members(3);
    migrated(&scene.terms(|terms| terms.coupling = Coupling::Full), play, go_on);
}

#[test]
fn votes_go_on() {
    let play = || {
        skip(1);
        assert_ok!(propose(0, new_terms()));
        assert_ok!(propose(1, Proposal::Coordinator(member(1))));
        assert_ok!(vote(0, 0, true));
        assert_ok!(vote(1, 1, false));
        skip(1);
    };
    let go_on = || {
        assert_ok!(vote(1, 0, true));
        assert_ok!(vote(2, 1, false));
        skip_to(motion(1).enact_at);
        for proposal in [0, 1] {
            assert_ok!(enact(proposal, 9));
        }
        assert_eq!(federation(0).proposals, 0);
        assert_eq!(federation(0).coordinator, coordinator());
    };
    migrated(&members_govern(3), play, go_on);
}

#[test]
fn a_decided_vote_is_cleared_away() {
    let play = || {
        voted(&[(0, false), (1, false)]);
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 1));
        assert_eq!(motion(0).state, MotionState::Rejected);
    };
    let go_on = || {
        assert_ok!(enact(0, 9));
        assert_eq!(federation(0).proposals, 0);
    };
    migrated(&members_govern(3), play, go_on);
}

#[test]
fn a_round_answers_to_the_coordinator_that_is_there() {
    let play = || {
        let coordinator_now = member(2);
        let call = Call::replace_coordinator { federation: 0, account: coordinator_now };
        assert_ok!(send(&coordinator(), call));
    };
    let go_on = || {
        assert_eq!(round(0).coordinator, member(2));
        three_commit(0);
    };
    migrated(&ExtBuilder::default().members(3).round(), play, go_on);
}

#[test]
fn a_closing_federation_closes() {
    let play = || {
        round_that_rejects_member_0();
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
    };
    let go_on = || {
        let FederationState::Closing { ends } = federation(0).state else { panic!("not closing") };
        skip_to(ends);
        for index in 0..3 {
            let call = Call::withdraw { federation: 0, account: member(index) };
            assert_ok!(send(&stranger(), call));
        }
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
    };
    migrated(&ExtBuilder::default().members(3), play, go_on);
}

#[test]
fn terms_are_within_the_new_ranges() {
    let check = || {
        let terms = FederationTerms::<Test>::get(0, FIRST_TERMS).expect("terms");
        assert_eq!(terms.notice_blocks, terms.unbonding_blocks);
        assert_ok!(Bcfl::ensure_terms(&terms));
    };
    migrated(&ExtBuilder::default().members(1), || (), check);
}

/// The types above are the layout that was really stored: its encodings were frozen in this file.
#[test]
fn old_types_read_what_version_2_wrote() {
    let rows = include_str!("../../../../../../vectors/stored_v2.tsv");
    let of = |name: &str| {
        let mut found = rows.lines().filter_map(|row| row.split_once('\t'));
        let hex = found.find(|row| row.0 == name).expect("a row").1;
        sp_core::bytes::from_hex(hex).expect("hex")
    };
    fn reads<T: DecodeAll + Encode>(bytes: Vec<u8>) {
        let value = T::decode_all(&mut &bytes[..]).expect("all of it, and nothing more");
        assert_eq!(value.encode(), bytes);
    }
    for name in ["Terms", "Terms.full"] {
        reads::<OldTerms>(of(name));
    }
    for name in ["Federation", "Federation.full"] {
        reads::<OldFederation>(of(name));
    }
    for name in ["Round", "Round.full"] {
        reads::<OldRound>(of(name));
    }
    for name in ["Motion.terms", "Motion.coordinator"] {
        reads::<OldMotion>(of(name));
    }
    for state in ["pending", "disputed", "upheld", "executed", "overturned"] {
        reads::<OldOffence>(of(&format!("Offence.{state}")));
    }
    reads::<OldParticipant<<Test as Config>::MaxUnbonding>>(of("Participant"));
    // These are stored as they were.
    reads::<Commitment>(of("Commitment.full"));
    reads::<Attester>(of("Attester"));
    reads::<Seat>(of("Seat"));
    reads::<Vote>(of("Vote"));
}
