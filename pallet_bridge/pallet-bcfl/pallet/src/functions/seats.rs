// SPDX-License-Identifier: Apache-2.0
//! Who sits in the committee of a round, and what silence costs there.
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureMul};

use crate::{
    draw::{draw, heaviest},
    *,
};

/// How many rounds before the one that opens are looked at for silent seats.
const LOOK_BACK: RoundId = 3;

type Candidate<T> = (<T as frame_system::Config>::AccountId, Balance);
pub(super) type Seats<T> = BoundedVec<Seat, <T as Config>::MaxCommittee>;

impl<T: Config> Pallet<T> {
    /// Seat the committee of a round that opens. The caller stores the federation.
    ///
    /// An organisation has one seat at most, however many attesters it has. A seat is what decides,
    /// also where weight is counted, and one seat each needs no more than the order of the draw;
    /// a share of all weight would change with who else is drawn.
    ///
    /// After a round that the coordinator called off, the same accounts sit again: else it could
    /// open and abort, with new reveals each time, until a committee suits it.
    pub(crate) fn seat_committee(
        id: FederationId,
        federation: &mut Federation,
        round: RoundId,
        terms: &Terms,
    ) -> DispatchResult {
        if terms.committee_size == 0 {
            return Ok(());
        }
        Self::note_recent_misses(id, &federation.coordinator, round)?;
        let again = Self::called_off_committee(id, round);
        let is_drawn = again.is_none();
        let sitting: Vec<Candidate<T>> = match again {
            Some(earlier) => earlier.into_iter().map(|seat| (seat.account, seat.weight)).collect(),
            None => Self::drawn(id, federation, terms.committee_size)?,
        };
        let mut seats: Vec<Seat> =
            sitting.into_iter().map(|(account, weight)| Seat::new(account, weight)).collect();
        seats.truncate(usize::try_from(terms.committee_size).unwrap_or(usize::MAX));
        if seats.is_empty() {
            return Ok(());
        }
        let seats = Seats::<T>::truncate_from(seats);
        Self::bind_seated(id, &seats, (federation.terms_version, terms), is_drawn)?;
        Self::deposit_event(Event::CommitteeSeated {
            federation: id,
            round,
            seats: weights::count(seats.len()),
            seed: federation.seed,
        });
        Committees::<T>::insert(id, round, seats);
        Ok(())
    }

    /// The committee of the round before, if its coordinator ended that round before its deadline
    /// without settling it.
    fn called_off_committee(id: FederationId, round: RoundId) -> Option<Seats<T>> {
        let number = round.checked_sub(1)?;
        let earlier = Rounds::<T>::get(id, number)?;
        let is_called_off = earlier.state == RoundState::Aborted
            && earlier.ended_at.is_some_and(|ended| ended <= earlier.settle_until);
        is_called_off.then(|| Committees::<T>::get(id, number)).flatten()
    }

    /// Let a number that is skipped hand on the committee of the round that was called off before
    /// it: else a coordinator could get another one by skipping.
    pub(crate) fn keep_committee(id: FederationId, round: RoundId, terms: &Terms) {
        if let Some(earlier) = Self::called_off_committee(id, round) {
            let anew = earlier.into_iter().map(|seat| Seat::new(seat.account, seat.weight));
            let size = usize::try_from(terms.committee_size).unwrap_or(usize::MAX);
            let seats = Seats::<T>::truncate_from(anew.take(size).collect());
            Committees::<T>::insert(id, round, seats);
        }
    }

    /// Drop who is gone, and draw from the others. As many are read as may be registered.
    fn drawn(
        id: FederationId,
        federation: &mut Federation,
        size: u32,
    ) -> Result<Vec<Candidate<T>>, DispatchError> {
        let seed_at = federation.seed_at;
        let all: Vec<(T::AccountId, Attester)> = Attesters::<T>::iter_prefix(id).collect();
        let (gone, rest): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, attester)| attester.is_gone(seed_at));
        for (account, attester) in gone {
            Self::forget_attester(id, federation, &account)?;
            let missed = attester.missed;
            Self::deposit_event(Event::AttesterDropped { federation: id, account, missed });
        }
        let weigh =
            |(account, attester): &(T::AccountId, Attester)| (account.clone(), attester.weight);
        if federation.seeded {
            let candidates =
                rest.iter().filter(|(_, attester)| attester.may_be_drawn(seed_at)).map(weigh);
            // All of them in the order of the draw: who comes after another of its organisation
            // makes room for the next.
            let all = T::MaxAttesters::get();
            let drawn = draw(federation.seed, id, candidates.collect(), all);
            let drawn = Self::one_of_each(id, drawn, size);
            if !drawn.is_empty() {
                return Ok(drawn);
            }
            // All who were there before the seed have gone: without reveals it would never change
            // again, and nobody be drawn. Begin anew.
            federation.seeded = false;
        }
        let stays = rest.iter().filter(|(_, attester)| attester.leaves.is_none());
        let all = heaviest(stays.map(weigh).collect(), T::MaxAttesters::get());
        Ok(Self::one_of_each(id, all, size))
    }

    /// The first so many candidates, of each organisation the first only.
    fn one_of_each(
        id: FederationId,
        candidates: Vec<Candidate<T>>,
        size: u32,
    ) -> Vec<Candidate<T>> {
        let mut named = BTreeSet::new();
        let firsts = candidates.into_iter().filter(|(account, _)| {
            Participants::<T>::get(id, account)
                .and_then(|member| member.organisation)
                .is_none_or(|name| named.insert(name))
        });
        firsts.take(usize::try_from(size).unwrap_or(usize::MAX)).collect()
    }

    /// A seat under terms that its holder signed binds its stake until the round is beyond
    /// disputes. One under terms that it did not sign binds it once it speaks: see
    /// [`Self::do_attest`].
    ///
    /// Stake of a resigned holder that is on its way out stays too, but not for a committee that
    /// sits again: else a coordinator that calls round after round off could keep it for ever.
    fn bind_seated(
        id: FederationId,
        seats: &Seats<T>,
        (version, terms): (TermsVersion, &Terms),
        is_drawn: bool,
    ) -> DispatchResult {
        let windows = terms.commit_blocks.ensure_add(terms.settle_blocks)?;
        let until =
            Self::now().ensure_add(windows)?.ensure_add(terms.dispute_blocks.ensure_mul(2)?)?;
        for seat in seats {
            Participants::<T>::mutate(id, &seat.account, |found| {
                if let Some(member) = found.as_mut().filter(|one| one.terms_version >= version) {
                    member.takes_part_until(until);
                    if is_drawn {
                        member.stays_until(until, terms.min_stake);
                    }
                }
            });
        }
        Ok(())
    }

    /// Note who was silent in the latest settled rounds, once their time to speak is over. Rounds
    /// that come so fast that more than [`LOOK_BACK`] of them fit into that time go unnoted:
    /// nobody is dropped for being slower than a coordinator in a hurry.
    fn note_recent_misses(
        id: FederationId,
        coordinator: &T::AccountId,
        round: RoundId,
    ) -> DispatchResult {
        let now = Self::now();
        for number in round.saturating_sub(LOOK_BACK)..round {
            let over = Rounds::<T>::get(id, number).filter(|earlier| {
                earlier.state == RoundState::Settled && now > earlier.settle_until
            });
            if let Some(mut earlier) = over {
                let terms = Self::terms(id, earlier.terms_version)?;
                Self::note_misses((id, number), coordinator, &mut earlier, &terms)?;
                Rounds::<T>::insert(id, number, earlier);
            }
        }
        Ok(())
    }

    /// Note who let a round pass without a word, once: what they did not say is an abstention now.
    /// Where the terms say so, it is an offence too. The caller stores the round.
    pub(crate) fn note_misses(
        place: (FederationId, RoundId),
        coordinator: &T::AccountId,
        round: &mut Round,
        terms: &Terms,
    ) -> DispatchResult {
        let (id, number) = place;
        let Some(mut seats) = Committees::<T>::get(id, number) else { return Ok(()) };
        for seat in seats.iter_mut().filter(|seat| seat.said.is_none()) {
            seat.said = Some(H256::zero());
            if let Some(mut attester) = Attesters::<T>::get(id, &seat.account) {
                attester.missed = attester.missed.saturating_add(1);
                Attesters::<T>::insert(id, &seat.account, attester);
            }
            // Who coordinates by now could not speak.
            if seat.account != *coordinator {
                Self::note_silence(place, round, &seat.account, terms)?;
            }
        }
        Committees::<T>::insert(id, number, seats);
        Ok(())
    }

    /// Record the silence of a seat as an offence, where its holder signed the terms of the round,
    /// could have spoken, and had something to speak of.
    fn note_silence(
        place: (FederationId, RoundId),
        round: &mut Round,
        account: &T::AccountId,
        terms: &Terms,
    ) -> DispatchResult {
        let Some(mut participant) = Participants::<T>::get(place.0, account) else {
            return Ok(());
        };
        let is_bound = participant.terms_version >= round.terms_version;
        let could_speak = participant.at_stake()? >= terms.min_stake
            && !participant.is_suspended(round.opened_at);
        let had_to = round.commitments > 0 && !terms.silence.is_zero();
        if is_bound && could_speak && had_to {
            let (member, kind) = (&mut participant, OffenceKind::Silence);
            Self::record_offence(place, round, account, member, kind, None, terms)?;
            Participants::<T>::insert(place.0, account, participant);
        }
        Ok(())
    }
}
