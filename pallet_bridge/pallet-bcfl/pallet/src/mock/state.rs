// SPDX-License-Identifier: Apache-2.0
//! What the chain holds after a move.

use sp_runtime::AccountId32;

use super::*;

/// The commitment of `member(index)`.
pub fn commitment(round: RoundId, index: u8) -> Commitment {
    Commitments::<Test>::get((0, round, member(index))).expect("a commitment")
}

pub fn settlement(id: RoundId) -> Settlement {
    round(id).settlement.expect("a settlement")
}

pub fn offence(round: RoundId, index: u8) -> Option<Offence> {
    Offences::<Test>::get((0, round, member(index)))
}

pub fn federation(id: FederationId) -> Federation {
    Federations::<Test>::get(id).expect("the federation is there")
}

pub fn participant(index: u8) -> Participant<<Test as Config>::MaxUnbonding> {
    Participants::<Test>::get(0, member(index)).expect("the member is there")
}

/// Versions of terms that are stored, in their order.
pub fn stored_terms() -> Vec<TermsVersion> {
    let mut versions: Vec<_> = FederationTerms::<Test>::iter_key_prefix(0).collect();
    versions.sort_unstable();
    versions
}

/// Change the terms in force, without their notice.
pub fn put_terms(change: impl FnOnce(&mut Terms)) {
    FederationTerms::<Test>::mutate(0, federation(0).terms_version, |found| {
        change(found.as_mut().expect("the terms are there"));
    });
}

/// Wait until the announced terms are due.
pub fn skip_the_notice() {
    skip_to(federation(0).pending_terms.expect("terms are announced").from);
}

/// Amounts and blocks of what `member(index)` has on its way out.
pub fn chunks(index: u8) -> Vec<(Balance, BlockNumber)> {
    participant(index).unbonding.iter().map(|chunk| (chunk.amount, chunk.until)).collect()
}

pub fn round(id: RoundId) -> Round {
    Rounds::<Test>::get(0, id).expect("the round is there")
}

pub fn held(reason: HoldReason, who: &AccountId32) -> Balance {
    use frame_support::traits::fungible::InspectHold;
    Balances::balance_on_hold(&reason.into(), who)
}

/// All events of this pallet since the start of the test.
pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Bcfl(event) => Some(event),
            _ => None,
        })
        .collect()
}
