// SPDX-License-Identifier: Apache-2.0
//! Federations and open rounds, with records as large as the runtime's bounds let them be.

use alloc::{vec, vec::Vec};
use frame_benchmarking::account;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::{traits::BlockNumberProvider, AccountId32, Perbill};

use super::{accounts::*, past::*};
use crate::{encoding::attest_statement, *};

pub const MODEL: H256 = H256::repeat_byte(1);
pub const REPORT: H256 = H256::repeat_byte(2);
/// All windows are short, so that block numbers stay small.
pub const WINDOW: BlockNumber = 4;
const UNBONDING: BlockNumber = 100;
/// A block in which a round that opened in block 1 is sealed, and not yet overdue.
pub const SEALED: BlockNumber = 6;
/// A block after all windows.
pub const LATER: BlockNumber = 1_000;

/// Terms with all training parameters that fit, and the strictest coupling.
pub fn terms<T: Config>() -> Terms {
    let mut training = Training::default();
    for index in 0..16u8 {
        let name = TrainingName::truncate_from(vec![index; 32]);
        training.0.try_insert(name, TrainingValue::Hash(H256::repeat_byte(index))).expect("room");
    }
    let tenth = Perbill::from_percent(10);
    Terms {
        min_stake: T::MinStake::get(),
        max_participants: T::MaxParticipants::get(),
        quorum: Quorum::Window,
        commit_blocks: WINDOW,
        settle_blocks: WINDOW,
        dispute_blocks: WINDOW,
        unbonding_blocks: UNBONDING,
        claim_blocks: WINDOW,
        retention_blocks: UNBONDING,
        cooldown_blocks: WINDOW,
        round_reward: 1_000,
        strikes_to_slash: 1,
        strike_decay_rounds: 1,
        slash: SlashTerms { equivocation: tenth, mismatch: tenth, outlier_base: tenth, cap: tenth },
        reporter_share: tenth,
        dispute_bond: T::MaxDisputeBond::get(),
        arbiter: Arbiter::Attesters,
        coupling: Coupling::Full,
        attest_quorum: Perbill::from_percent(100),
        attest_by: Tally::Stake,
        committee_size: T::MaxCommittee::get(),
        governance: Governance::Council,
        max_failed_rounds: 1,
        notice_blocks: UNBONDING,
        admission: Admission::Open,
        max_per_organisation: 0,
        max_examples: u64::MAX,
        max_share: Perbill::from_percent(100),
        coordinator_bond: T::MaxCoordinatorBond::get(),
        misconduct: Perbill::from_percent(50),
        silence: tenth,
        aging_blocks: 1,
        max_vote_share: Perbill::from_percent(100),
        lock_blocks: 0,
        tenure_rounds: 2,
        vesting_rounds: money_rules::MAX_VESTING_ROUNDS,
        strike_cut: tenth,
        training,
    }
}

/// Terms that the members govern.
pub fn democratic<T: Config>() -> Terms {
    let half = Perbill::from_percent(50);
    let governance = Governance::Members {
        quorum: Perbill::from_parts(1),
        threshold: half,
        voting_blocks: WINDOW,
        delay_blocks: WINDOW,
    };
    Terms { governance, ..terms::<T>() }
}

/// A federation of the founder with these terms and a full escrow.
pub fn federation<T: Config>(terms: Terms) -> FederationId {
    let id = NextFederationId::<T>::get();
    let founder = rich::<T>(founder());
    Pallet::<T>::do_create_federation(founder.clone(), terms, MODEL).expect("the scene is set");
    Pallet::<T>::do_fund(founder.clone(), id, RICH >> 1).expect("the scene is set");
    rich::<T>(founder);
    id
}

/// A member whose queue of unbonding chunks has room for `room` more.
pub fn member<T: Config>(id: FederationId, account: &AccountId32, room: u32) {
    let chunks = T::MaxUnbonding::get().saturating_sub(room);
    let stake = T::MinStake::get().saturating_mul(4).saturating_add(chunks.into());
    let terms_hash = terms_hash::<T>(id);
    Pallet::<T>::do_join(account.clone(), id, stake, terms_hash).expect("the scene is set");
    Participants::<T>::mutate(id, account, |record| {
        let participant = record.as_mut().expect("it is there");
        for _ in 0..chunks {
            participant.unbond(1, UNBONDING).expect("room and stake");
        }
    });
}

/// So many members with keys.
pub fn members<T: Config>(id: FederationId, count: u32) -> Vec<AccountId32> {
    let mut accounts: Vec<_> = (0..count).map(signer::<T>).collect();
    for account in &accounts {
        member::<T>(id, account, 0);
    }
    accounts.sort();
    accounts
}

pub fn skip_to<T: Config>(block: BlockNumber) {
    T::Clock::set_block_number(block);
}

/// Open the next round.
pub fn open<T: Config>(id: FederationId) -> Place {
    let round = Federations::<T>::get(id).map(|federation| federation.next_round);
    Pallet::<T>::do_open_round(founder(), id, MODEL).expect("the scene is set");
    (id, round.unwrap_or_default())
}

/// Each of these commits to its own account's bytes.
pub fn commit_all<T: Config>(place: Place, accounts: &[AccountId32]) {
    for account in accounts {
        commit_one::<T>(place, account, hash_of(account));
    }
}

/// The commitment of this account.
pub fn hash_of(account: &AccountId32) -> H256 {
    H256::from_slice(account.as_ref())
}

/// A member of a federation with these terms.
pub fn joined<T: Config>(terms: Terms) -> (FederationId, AccountId32) {
    let id = federation::<T>(terms);
    let who = person::<T>("member", 0);
    member::<T>(id, &who, 0);
    (id, who)
}

/// A member in an open round under the strictest terms.
pub fn in_round<T: Config>() -> (Place, AccountId32) {
    let (id, who) = joined::<T>(terms::<T>());
    (open::<T>(id), who)
}

/// A member that committed.
pub fn committed<T: Config>() -> (Place, AccountId32) {
    let (place, who) = in_round::<T>();
    commit_all::<T>(place, core::slice::from_ref(&who));
    (place, who)
}

/// As many attesters as there may be: one more miss drops a half of them. The first is a member with
/// room for so many unbonding chunks, the others are members whose stake is not on hold.
pub fn attesters<T: Config>(room: u32) -> (FederationId, AccountId32) {
    let id = federation::<T>(terms::<T>());
    let first = person::<T>("attester", 0);
    member::<T>(id, &first, room);
    for index in 0..T::MaxAttesters::get() {
        let account: AccountId32 = account("attester", index, 0);
        if index > 0 {
            holder::<T>(id, "attester", index);
        }
        let is_near = index < T::MaxAttesters::get() >> 1;
        let missed = MISSES_TO_DROP.saturating_sub(if is_near { 1 } else { 2 });
        let attester = Attester { missed, ..Attester::new(MODEL, 1, 0) };
        Attesters::<T>::insert(id, account, attester);
    }
    change_federation::<T>(id, |federation| {
        federation.attesters = T::MaxAttesters::get();
        federation.seeded = true;
        federation.seed_at = 1;
    });
    (id, first)
}

/// Change the record of a federation.
pub fn change_federation<T: Config>(id: FederationId, change: impl FnOnce(&mut Federation)) {
    Federations::<T>::mutate(id, |record| change(record.as_mut().expect("it is there")));
}

/// Change the record of a round.
pub fn change_round<T: Config>(place: Place, change: impl FnOnce(&mut Round)) {
    Rounds::<T>::mutate(place.0, place.1, |record| change(record.as_mut().expect("it is there")));
}

/// A full committee of a round: `first`, and the attesters after it; all said this.
pub fn committee<T: Config>(place: Place, first: &AccountId32, said: Option<H256>) {
    let others = (1..T::MaxCommittee::get()).map(|index| account("attester", index, 0));
    let seats = core::iter::once(first.clone()).chain(others);
    let seats: Vec<_> = seats.map(|account| Seat { said, ..Seat::new(account, 1) }).collect();
    Committees::<T>::insert(place.0, place.1, BoundedVec::truncate_from(seats));
}

/// Settle a round without looking at it.
pub fn settle_as<T: Config>(place: Place, change: impl FnOnce(&mut Settlement)) {
    let now = T::Clock::current_block_number();
    let mut settlement = Settlement {
        mode: SettlementMode::Merkle,
        model: MODEL,
        report: REPORT,
        root: H256::zero(),
        totals: Totals::default(),
        left: Totals::default(),
        unpaid: 0,
        settled_at: now,
        dispute_until: now.saturating_add(WINDOW),
        claim_until: now.saturating_add(WINDOW),
        vests_at: 0,
        failures_before: 0,
        expired: false,
        by_coordinator: true,
    };
    change(&mut settlement);
    change_federation::<T>(place.0, |federation| {
        federation.owed = federation.owed.saturating_add(settlement.unpaid);
        federation.end_round();
    });
    change_round::<T>(place, |round| {
        round.state = RoundState::Settled;
        round.sealed_at = Some(now);
        round.ended_at = Some(now);
        round.settlement = Some(settlement);
    });
}

/// Let a full committee say that the round was settled with this root.
pub fn attest_root<T: Config>(place: Place, root: H256) {
    let genesis = Pallet::<T>::genesis_hash();
    let terms_hash = Rounds::<T>::get(place.0, place.1).expect("a round").terms_hash;
    let statement = attest_statement(genesis, place, terms_hash, (MODEL, REPORT, root));
    committee::<T>(place, &founder(), Some(statement));
}

/// Let the smaller half of a committee of so many seats attest what a round was settled with, and the
/// others refute it; each holds a member's stake, and what was judged before rests on the settlement.
pub fn refuted<T: Config>(place: Place, seats: u32) {
    let round = Rounds::<T>::get(place.0, place.1).expect("a round");
    let settlement = round.settlement.expect("it is settled");
    let (attested, refuted) = Pallet::<T>::words_on(place, &round, &settlement);
    FederationTerms::<T>::mutate(place.0, round.terms_version, |terms| {
        let terms = terms.as_mut().expect("terms of a round");
        terms.attest_quorum = Perbill::from_percent(50);
    });
    let attesting = seats.saturating_sub(1) >> 1;
    let seat = |index: u32| {
        let who = holder::<T>(place.0, "attester", index);
        let said = Some(if index < attesting { attested } else { refuted });
        Seat { said, ..Seat::new(who, 1) }
    };
    let seats: Vec<_> = (0..seats).map(seat).collect();
    Committees::<T>::insert(place.0, place.1, BoundedVec::truncate_from(seats));
}

/// A full proposal of the members, on which so many voted, each for an organisation of its own.
pub fn voted<T: Config>(id: FederationId, who: &AccountId32, proposal: Proposal, voters: u32) {
    skip_to::<T>(2);
    Pallet::<T>::do_propose(who.clone(), id, proposal).expect("the scene is set");
    for index in 0..voters {
        let voter: AccountId32 = account("voter", index, 0);
        Votes::<T>::insert((id, 0, voter), Vote { approve: true, stake: 1 });
        GroupVotes::<T>::insert((id, 0, Subject::Organisation(organisation(index))), 1);
    }
    Motions::<T>::mutate(id, 0, |record| {
        let motion = record.as_mut().expect("it is there");
        motion.ayes = motion.electorate;
    });
}

/// As many successors as there may be.
pub fn successors() -> Succession {
    let accounts = (0..8).map(|index| account("successor", index, 0)).collect();
    let accounts = Successors::truncate_from(accounts);
    Succession { accounts, idle_blocks: 1, turn_blocks: 1 }
}

/// The same, due.
pub fn pending_successors() -> PendingSuccession {
    PendingSuccession { from: 0, succession: successors() }
}

/// A place for which as many are named, in a pause.
pub fn in_office() -> Office {
    let pause = Some(Pause { round: 0, until: 0 });
    Office { since: 0, succession: successors(), pending: None, pause }
}

/// Fill a round with so many commitments and so many executed offences.
pub fn fill_round<T: Config>(place: Place, commitments: u32, offences: u32) {
    for index in 0..commitments {
        let who: AccountId32 = account("member", index, 0);
        Commitments::<T>::insert((place.0, place.1, who), Commitment::new(MODEL, 1, 1, 1));
    }
    for index in 0..offences {
        let who: AccountId32 = account("offender", index, 0);
        let offence = Offence {
            kind: OffenceKind::Mismatch,
            stake: 1,
            amount: 1,
            executable_at: 1,
            reporter: Some(who.clone()),
            state: OffenceState::Executed,
        };
        Offences::<T>::insert((place.0, place.1, who), offence);
    }
    change_round::<T>(place, |round| {
        round.commitments = commitments;
        round.stored = commitments;
    });
}
