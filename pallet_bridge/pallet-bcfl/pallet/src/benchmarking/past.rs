// SPDX-License-Identifier: Apache-2.0
//! What was before a call: versions of the terms, rounds that still vest, invitations, records.

use alloc::{vec, vec::Vec};
use core::ops::Range;
use frame_benchmarking::account;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::{traits::BlockNumberProvider, AccountId32};

use super::{accounts::*, endings::*, scene::*};
use crate::*;

/// Most vouchers of an account.
pub fn most_vouchers() -> u32 {
    <MaxVouchers as Get<u32>>::get()
}

/// An organisation with a name as long as any.
pub fn organisation(index: u32) -> Organisation {
    let name = index.to_le_bytes().repeat(8);
    Organisation::try_from(name).expect("32 bytes")
}

/// As many strikes as are noted.
pub fn struck() -> Struck {
    Struck::truncate_from((0..32).collect())
}

/// What is remembered of one that had as many strikes.
pub fn record() -> Record {
    Record { strikes: 1, offences: 1, struck: struck(), ..Record::default() }
}

/// A member of an organisation of its own that signed whatever terms there are, with a record as
/// large as any. Its stake is not on hold.
pub fn holder<T: Config>(id: FederationId, kind: &'static str, index: u32) -> AccountId32 {
    let who: AccountId32 = account(kind, index, 0);
    let terms = terms::<T>();
    let stake = T::MinStake::get().saturating_mul(2);
    let mut member = Participant::new(stake, (TermsVersion::MAX, &terms), 0);
    member.organisation = Some(organisation(index));
    member.struck = struck();
    for _ in 0..T::MaxUnbonding::get() {
        member.unbond(1, LATER).expect("room and stake");
    }
    Participants::<T>::insert(id, &who, member);
    change_federation::<T>(id, |federation| {
        federation.members = federation.members.saturating_add(1);
    });
    who
}

/// Let a member belong to an organisation.
pub fn belongs<T: Config>(id: FederationId, who: &AccountId32) -> Organisation {
    let name = organisation(u32::MAX);
    Organisations::<T>::insert(id, &name, 1);
    Participants::<T>::mutate(id, who, |record| {
        let member = record.as_mut().expect("it is there");
        member.organisation = Some(name.clone());
        member.struck = struck();
    });
    name
}

/// Both records that joining and leaving look at.
pub fn remembered<T: Config>(id: FederationId, who: &AccountId32, name: Organisation) {
    Records::<T>::insert(id, Subject::Account(who.clone()), record());
    Records::<T>::insert(id, Subject::Organisation(name), record());
}

/// So many members that may vouch, and an invitation of this account by the first `vouched`.
pub fn vouchers<T: Config>(id: FederationId, who: &AccountId32, vouched: usize) -> AccountId32 {
    let mut all: Vec<_> =
        (0..most_vouchers()).map(|index| holder::<T>(id, "voucher", index)).collect();
    let last = all.last().expect("more than none").clone();
    all.truncate(vouched);
    let vouchers = BoundedVec::truncate_from(all);
    let name = organisation(u32::MAX);
    let invitation = Invitation { organisation: name, max_examples: u64::MAX, vouchers };
    Invitations::<T>::insert(id, who, invitation);
    last
}

/// Put the same terms in force once more.
pub fn again<T: Config>(id: FederationId) -> TermsVersion {
    let last = Federations::<T>::get(id).expect("a federation").terms_version;
    let version = last.saturating_add(1);
    FederationTerms::<T>::insert(id, version, terms_of::<T>(id));
    change_federation::<T>(id, |federation| federation.terms_version = version);
    version
}

fn terms_of<T: Config>(id: FederationId) -> Terms {
    let version = Federations::<T>::get(id).expect("a federation").terms_version;
    FederationTerms::<T>::get(id, version).expect("terms")
}

/// Let terms wait that are due while others are in force under which no round ran, after one that
/// did: the next call that reads the terms looks at that round, and removes the others.
pub fn revised<T: Config>(id: FederationId) -> TermsVersion {
    let terms = terms_of::<T>(id);
    change_federation::<T>(id, |federation| {
        if federation.next_round == 0 {
            let of_terms = (FIRST_TERMS, &terms);
            let skipped = Round::skip(founder(), of_terms, 0).expect("small numbers");
            Rounds::<T>::insert(id, 0, skipped);
            federation.next_round = 1;
        }
    });
    let version = again::<T>(id).saturating_add(1);
    FederationTerms::<T>::insert(id, version, terms);
    let pending = PendingTerms { version, from: 0, is_worse: false };
    change_federation::<T>(id, |federation| federation.pending_terms = Some(pending));
    version
}

/// Settled rounds, each under terms of its own, in which this member has a reward of 500 that
/// vests after this block.
pub fn history<T: Config>(
    id: FederationId,
    who: &AccountId32,
    numbers: Range<RoundId>,
    vests_at: BlockNumber,
) {
    change_federation::<T>(id, |federation| federation.next_round = numbers.end);
    for number in numbers {
        let (version, now) = (again::<T>(id), T::Clock::current_block_number());
        let of_terms = (version, &terms_of::<T>(id));
        let opened = Round::open(founder(), MODEL, of_terms, now).expect("small numbers");
        Rounds::<T>::insert(id, number, Round { commitments: 1, stored: 1, ..opened });
        let commitment = Commitment::new(hash_of(who), 1, now, 1);
        Commitments::<T>::insert((id, number, who), commitment);
        settle_and_owe::<T>((id, number), who);
        change_round::<T>((id, number), |round| {
            round.settlement.as_mut().expect("it is settled").vests_at = vests_at;
        });
    }
}

/// Rewards of this account that were taken in these rounds.
pub fn forfeited<T: Config>(id: FederationId, who: &AccountId32, numbers: Range<RoundId>) -> usize {
    let taken = |number: &RoundId| {
        Commitments::<T>::get((id, *number, who))
            .is_some_and(|commitment| commitment.payout == Payout::Forfeited)
    };
    numbers.filter(taken).count()
}

/// Three settled rounds, each under terms of its own and with a full committee that said nothing;
/// no account sits twice.
pub fn silent_rounds<T: Config>(id: FederationId) {
    let size = T::MaxCommittee::get();
    for index in T::MaxAttesters::get()..size.saturating_mul(3) {
        holder::<T>(id, "attester", index);
    }
    for number in 0..3u32 {
        let place = open::<T>(id);
        let first = number.saturating_mul(size);
        let silent = |seat: u32| Seat::new(account("attester", first.saturating_add(seat), 0), 1);
        let seats: Vec<_> = (0..size).map(silent).collect();
        Committees::<T>::insert(place.0, place.1, BoundedVec::truncate_from(seats));
        settle_as::<T>(place, |_| ());
        change_round::<T>(place, |round| round.commitments = 1);
        again::<T>(id);
    }
}

/// Invitations and records, more of each than one call removes.
pub fn admissions<T: Config>(id: FederationId) {
    for index in 0..65u32 {
        let who: AccountId32 = account("guest", index, 0);
        let invitation = Invitation {
            organisation: organisation(index),
            max_examples: u64::MAX,
            vouchers: BoundedVec::truncate_from(vec![who.clone(); 16]),
        };
        Invitations::<T>::insert(id, who, invitation);
        Records::<T>::insert(id, Subject::Organisation(organisation(index)), record());
    }
}

/// Put this account in the founder's place, with a bond that pays whatever is asked.
pub fn coordinated_by<T: Config>(place: Place, who: &AccountId32) {
    Bonds::<T>::remove(place.0, founder());
    let amount = T::MaxCoordinatorBond::get();
    Pallet::<T>::put_on_bond(place.0, who.clone(), amount).expect("it is rich");
    change_federation::<T>(place.0, |federation| federation.coordinator = who.clone());
    change_round::<T>(place, |round| round.coordinator = who.clone());
}

/// What a coordinator signed for a model that the round does not start from.
pub fn misconduct<T: Config>(place: Place, who: &AccountId32) -> MisconductProof {
    let round = Rounds::<T>::get(place.0, place.1).expect("a round");
    let binding = encoding::Binding { base_model: REPORT, ..round.binding() };
    let genesis = Pallet::<T>::genesis_hash();
    let message = encoding::to_sign_instruction(genesis, place, &binding, 1);
    MisconductProof::Instruction {
        base_model: REPORT,
        terms_hash: round.terms_hash,
        expires: 1,
        signature: sign(who, &message),
    }
}

/// What the bond of a round's coordinator was called on for.
pub fn compensation<T: Config>(place: Place) -> Option<Balance> {
    Rounds::<T>::get(place.0, place.1)?.compensation.map(|compensation| compensation.unpaid)
}

/// A leaf of an account before or after all others.
pub fn outermost(byte: u8) -> encoding::Leaf {
    encoding::Leaf { commitment: H256::zero(), ..rejected_leaf(&AccountId32::new([byte; 32])) }
}
