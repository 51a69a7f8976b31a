// SPDX-License-Identifier: Apache-2.0
//! Registering attesters, drawing committees, and attesting.
use alloc::{collections::BTreeSet, vec::Vec};
use core::cmp::max;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureMul, EnsureSubAssign};

use crate::{
    draw::{draw, heaviest},
    encoding::attest_statement,
    governance_rules::aged,
    randomness::{mix, opens},
    *,
};

/// How many rounds before the one that opens are looked at for silent seats.
const LOOK_BACK: RoundId = 3;

type Candidate<T> = (<T as frame_system::Config>::AccountId, Balance);
type Seats<T> = BoundedVec<Seat, <T as Config>::MaxCommittee>;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register_attester(
        account: T::AccountId,
        id: FederationId,
        tip: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let participant = Self::participant(id, &account)?;
        ensure!(account != federation.coordinator, Error::<T>::CoordinatorConflict);
        // One that no draw knows any more makes room for its own return.
        if let Some(earlier) = Attesters::<T>::get(id, &account) {
            ensure!(earlier.is_gone(federation.seed_at), Error::<T>::AlreadyAttester);
            Self::forget_attester(id, &mut federation, &account)?;
        }
        ensure!(federation.attesters < T::MaxAttesters::get(), Error::<T>::TooManyAttesters);
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        let now = Self::now();
        ensure!(!participant.is_suspended(now), Error::<T>::Suspended);
        let age = now.saturating_sub(participant.held_since);
        let weight = aged(participant.active, age, terms.aging_blocks);
        ensure!(weight > 0, Error::<T>::StakeTooYoung);
        federation.attesters.ensure_add_assign(1)?;
        Federations::<T>::insert(id, federation);
        Attesters::<T>::insert(id, &account, Attester::new(tip, weight, now));
        Self::deposit_event(Event::AttesterRegistered { federation: id, account, weight });
        Ok(())
    }

    pub(crate) fn do_resign_attester(account: T::AccountId, id: FederationId) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut attester = Attesters::<T>::get(id, &account).ok_or(Error::<T>::NotAttester)?;
        ensure!(attester.leaves.is_none(), Error::<T>::NotAttester);
        // Under a known seed, who leaves at once changes the draw as it likes.
        let leaves_at_once = !federation.seeded;
        if leaves_at_once {
            Self::forget_attester(id, &mut federation, &account)?;
            Federations::<T>::insert(id, federation);
        } else {
            attester.leaves = Some(Self::now());
            Attesters::<T>::insert(id, &account, attester);
        }
        Self::deposit_event(Event::AttesterResigned { federation: id, account, leaves_at_once });
        Ok(())
    }

    /// Remove the attester, if it is one. The caller stores the federation.
    pub(crate) fn forget_attester(
        id: FederationId,
        federation: &mut Federation,
        account: &T::AccountId,
    ) -> DispatchResult {
        if Attesters::<T>::take(id, account).is_some() {
            federation.attesters.ensure_sub_assign(1)?;
        }
        Ok(())
    }

    /// What a slashed attester registered with is no longer there: it has to register again.
    pub(crate) fn retire_attester(id: FederationId, account: &T::AccountId, now: BlockNumber) {
        if let Some(mut attester) = Attesters::<T>::get(id, account) {
            attester.leaves = attester.leaves.or(Some(now));
            Attesters::<T>::insert(id, account, attester);
        }
    }

    /// An attester keeps the stake it is weighed by until it resigns: else it could move the draw
    /// planck by planck once the seed is known.
    pub(crate) fn ensure_free_to_unbond(
        id: FederationId,
        account: &T::AccountId,
        rest: Balance,
    ) -> DispatchResult {
        let is_bound = Attesters::<T>::get(id, account)
            .is_some_and(|attester| attester.leaves.is_none() && rest < attester.weight);
        ensure!(!is_bound, Error::<T>::AttesterStake);
        Ok(())
    }

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
        let mut seats: Vec<Seat> = match Self::called_off_committee(id, round) {
            Some(earlier) => {
                earlier.into_iter().map(|seat| Seat::new(seat.account, seat.weight)).collect()
            }
            None => Self::drawn(id, federation, terms.committee_size)?
                .into_iter()
                .map(|(account, weight)| Seat::new(account, weight))
                .collect(),
        };
        seats.truncate(usize::try_from(terms.committee_size).unwrap_or(usize::MAX));
        if seats.is_empty() {
            return Ok(());
        }
        let seats = Seats::<T>::truncate_from(seats);
        Self::bind_seated(id, &seats, (federation.terms_version, terms))?;
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
        let all = heaviest(rest.iter().map(weigh).collect(), T::MaxAttesters::get());
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
    fn bind_seated(
        id: FederationId,
        seats: &Seats<T>,
        (version, terms): (TermsVersion, &Terms),
    ) -> DispatchResult {
        let windows = terms.commit_blocks.ensure_add(terms.settle_blocks)?;
        let until =
            Self::now().ensure_add(windows)?.ensure_add(terms.dispute_blocks.ensure_mul(2)?)?;
        for seat in seats {
            Participants::<T>::mutate(id, &seat.account, |found| {
                if let Some(member) = found.as_mut().filter(|one| one.terms_version >= version) {
                    member.takes_part_until(until);
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
        let could_speak =
            participant.active >= terms.min_stake && !participant.is_suspended(round.opened_at);
        let had_to = round.commitments > 0 && !terms.silence.is_zero();
        if is_bound && could_speak && had_to {
            let (member, kind) = (&mut participant, OffenceKind::Silence);
            Self::record_offence(place, round, account, member, kind, None, terms)?;
            Participants::<T>::insert(place.0, account, participant);
        }
        Ok(())
    }

    pub(crate) fn do_attest(
        account: T::AccountId,
        place: (FederationId, RoundId),
        statement: H256,
        preimage: H256,
    ) -> DispatchResult {
        let federation = Self::federation(place.0)?;
        let (mut round, terms) = Self::round_and_terms(place)?;
        let takes_words = matches!(round.state, RoundState::Open | RoundState::Settled);
        ensure!(takes_words, Error::<T>::RoundNotOpen);
        let now = Self::now();
        ensure!(round.is_sealed(now), Error::<T>::RoundNotSealed);
        ensure!(now <= round.settle_until, Error::<T>::SettleWindowClosed);
        ensure!(account != federation.coordinator, Error::<T>::CoordinatorConflict);
        let (mut seats, index) = Self::seat_of(place, &account)?;
        let seat = seats.get_mut(index).ok_or(Error::<T>::Defensive)?;
        let mut participant = Self::participant(place.0, &account)?;
        match seat.weigh(statement) {
            Saying::Again => return Err(Error::<T>::AlreadyAttested.into()),
            Saying::Conflict => {
                seat.is_void = true;
                let kind = OffenceKind::AttesterEquivocation;
                let member = &mut participant;
                Self::record_offence(place, &mut round, &account, member, kind, None, &terms)?;
                Rounds::<T>::insert(place.0, place.1, round);
                Participants::<T>::insert(place.0, &account, participant);
                Committees::<T>::insert(place.0, place.1, seats);
                return Ok(());
            }
            Saying::First => {
                Self::ensure_may_attest(&participant, &terms)?;
                Self::reveal(place, federation, &round, &account, preimage)?;
            }
            Saying::Instead => Self::ensure_may_attest(&participant, &terms)?,
        }
        seat.said = Some(statement);
        Committees::<T>::insert(place.0, place.1, seats);
        if !statement.is_zero() {
            // The hash of the terms is in what it says. An abstention says nothing of them.
            participant.consents(round.terms_version, &terms);
            let until = round.settle_until.ensure_add(terms.dispute_blocks.ensure_mul(2)?)?;
            participant.takes_part_until(until);
            Participants::<T>::insert(place.0, &account, participant);
        }
        let (federation, round) = place;
        Self::deposit_event(Event::Attested { federation, round, account, statement });
        Ok(())
    }

    fn ensure_may_attest(
        participant: &Participant<T::MaxUnbonding>,
        terms: &Terms,
    ) -> DispatchResult {
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        ensure!(!participant.is_suspended(Self::now()), Error::<T>::Suspended);
        Ok(())
    }

    /// Take the next value of the attester's chain and mix it into the seed.
    fn reveal(
        place: (FederationId, RoundId),
        mut federation: Federation,
        round: &Round,
        account: &T::AccountId,
        preimage: H256,
    ) -> DispatchResult {
        let mut attester = Attesters::<T>::get(place.0, account).ok_or(Error::<T>::NotAttester)?;
        ensure!(opens(preimage, attester.tip), Error::<T>::WrongPreimage);
        attester.tip = preimage;
        attester.missed = 0;
        Attesters::<T>::insert(place.0, account, attester);
        federation.seed = mix(federation.seed, &Self::context(place, account), preimage);
        federation.seed_at = max(federation.seed_at, round.opened_at);
        federation.seeded = true;
        Federations::<T>::insert(place.0, federation);
        Ok(())
    }

    /// The committee of a round, and where in it the account sits.
    pub(crate) fn seat_of(
        (federation, round): (FederationId, RoundId),
        who: &T::AccountId,
    ) -> Result<(Seats<T>, usize), Error<T>> {
        let seats = Committees::<T>::get(federation, round).unwrap_or_default();
        let place = seats.iter().position(|seat| seat.account == *who);
        let place = place.ok_or(Error::<T>::NotSeated)?;
        Ok((seats, place))
    }

    /// True when the account sits in the committee of the round.
    pub(crate) fn is_seated(id: FederationId, round: RoundId, who: &T::AccountId) -> bool {
        Self::seat_of((id, round), who).is_ok()
    }

    /// Check that the coupling of the terms lets this settlement pass.
    pub(crate) fn ensure_attested(
        id: FederationId,
        round: RoundId,
        terms: &Terms,
        statement: H256,
        strikes: u32,
    ) -> DispatchResult {
        let needed = match terms.coupling {
            Coupling::Loose => false,
            Coupling::Flexible => strikes > 0,
            Coupling::Full => true,
        };
        let may = !needed || Self::is_attested((id, round), terms, statement);
        ensure!(may, Error::<T>::NotAttested);
        Ok(())
    }

    fn is_attested(
        (federation, round): (FederationId, RoundId),
        terms: &Terms,
        statement: H256,
    ) -> bool {
        let seats = Committees::<T>::get(federation, round).unwrap_or_default();
        terms.attest_by.has_quorum(&seats, terms.attest_quorum, |_, seat| seat.is_for(statement))
    }

    /// True when a quorum of the committee attested what the round was settled with.
    pub(crate) fn is_settlement_attested(
        place: (FederationId, RoundId),
        round: &Round,
        terms: &Terms,
    ) -> bool {
        round.settlement.is_some_and(|Settlement { model, report, root, .. }| {
            let genesis = Self::genesis_hash();
            let said = (model, report, root);
            let statement = attest_statement(genesis, place, round.terms_hash, said);
            Self::is_attested(place, terms, statement)
        })
    }
}
