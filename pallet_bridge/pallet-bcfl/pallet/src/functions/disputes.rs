// SPDX-License-Identifier: Apache-2.0
//! Disputing an offence, and ending the dispute: by the arbiter, or by its deadline.
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{InspectHold, MutateHold},
        tokens::{Fortitude, Precision},
        DefensiveOption,
    },
};
use frame_system::pallet_prelude::*;
use sp_runtime::traits::{EnsureAdd, EnsureSub, EnsureSubAssign};

use crate::*;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_dispute(
        account: T::AccountId,
        (federation, round): (FederationId, RoundId),
    ) -> DispatchResult {
        Self::federation(federation)?;
        let (_, terms) = Self::round_and_terms((federation, round))?;
        let mut offence = Self::waiting_offence((federation, round), &account)?;
        let now = Self::now();
        let is_disputed = matches!(offence.state, OffenceState::Disputed(_));
        ensure!(!is_disputed, Error::<T>::AlreadyDisputed);
        let may = offence.state == OffenceState::Pending && now < offence.executable_at;
        ensure!(may, Error::<T>::DisputeClosed);
        let bond = terms.dispute_bond;
        let until = now.ensure_add(terms.dispute_blocks)?;
        let from_stake = Self::pledge_bond(federation, &account, bond)?;
        let dispute = Dispute { bond, until, upheld: 0, overturned: 0, from_stake };
        offence.state = OffenceState::Disputed(dispute);
        Offences::<T>::insert((federation, round, &account), offence);
        Self::deposit_event(Event::OffenceDisputed { federation, round, account, bond, until });
        Ok(())
    }

    /// Put the bond of a dispute on hold. Returns true when it is a part of the stake instead: who
    /// staked all it has may object too.
    fn pledge_bond(
        federation: FederationId,
        account: &T::AccountId,
        bond: Balance,
    ) -> Result<bool, DispatchError> {
        let reason = HoldReason::DisputeBond.into();
        let participant =
            Participants::<T>::get(federation, account).defensive_ok_or(Error::<T>::Defensive)?;
        let is_short = !T::Currency::can_hold(&reason, account, bond);
        if is_short && participant.at_stake()? >= bond {
            return Ok(true);
        }
        T::Currency::hold(&reason, account, bond)?;
        Ok(false)
    }

    pub(crate) fn do_resolve(
        origin: OriginFor<T>,
        place: (FederationId, RoundId),
        account: T::AccountId,
        uphold: bool,
    ) -> DispatchResult {
        let federation = Self::federation(place.0)?;
        let (_, terms) = Self::round_and_terms(place)?;
        let (offence, dispute) = Self::open_dispute(place, &account)?;
        ensure!(Self::now() <= dispute.until, Error::<T>::DisputeClosed);
        let is_party =
            |who: &T::AccountId| *who == account || offence.reporter.as_ref() == Some(who);
        match terms.arbiter {
            Arbiter::Council => {
                T::CouncilOrigin::ensure_origin(origin)?;
            }
            Arbiter::Account(ref arbiter) => {
                let who = ensure_signed(origin)?;
                ensure!(who == *arbiter && !is_party(&who), Error::<T>::NotArbiter);
                ensure!(who != federation.coordinator, Error::<T>::CoordinatorConflict);
            }
            Arbiter::Attesters => {
                let who = ensure_signed(origin)?;
                ensure!(!is_party(&who), Error::<T>::NotArbiter);
                ensure!(who != federation.coordinator, Error::<T>::CoordinatorConflict);
                if !Self::vote_on(place, &account, &who, uphold, &terms)? {
                    return Ok(());
                }
            }
        }
        if uphold {
            Self::uphold(place, account)
        } else {
            Self::overturn(place, account, false)
        }
    }

    fn open_dispute(
        place: (FederationId, RoundId),
        account: &T::AccountId,
    ) -> Result<(Offence, Dispute), Error<T>> {
        let offence = Self::waiting_offence(place, account)?;
        match offence.state {
            OffenceState::Disputed(dispute) => Ok((offence, dispute)),
            OffenceState::Pending
            | OffenceState::Upheld
            | OffenceState::Executed
            | OffenceState::Overturned => Err(Error::<T>::OffenceNotDisputed),
        }
    }

    /// Count the vote of a seat of the round's committee, once. Returns true when it decides.
    fn vote_on(
        (federation, round): (FederationId, RoundId),
        account: &T::AccountId,
        who: &T::AccountId,
        uphold: bool,
        terms: &Terms,
    ) -> Result<bool, DispatchError> {
        let (mut offence, mut dispute) = Self::open_dispute((federation, round), account)?;
        let (seats, place) = Self::seat_of((federation, round), who)?;
        let is_void = seats.get(place).is_none_or(|seat| seat.is_void);
        ensure!(!is_void, Error::<T>::NotSeated);
        let has_voted = has_bit(dispute.upheld | dispute.overturned, place);
        ensure!(!has_voted, Error::<T>::AlreadyVoted);
        let bit = bit(place).defensive_ok_or(Error::<T>::Defensive)?;
        let votes = if uphold { &mut dispute.upheld } else { &mut dispute.overturned };
        *votes |= bit;
        let votes = *votes;
        offence.state = OffenceState::Disputed(dispute);
        Offences::<T>::insert((federation, round, account), offence);
        Self::deposit_event(Event::DisputeVoted {
            federation,
            round,
            account: account.clone(),
            voter: who.clone(),
            uphold,
        });
        let counts = |place: usize, _: &Seat| has_bit(votes, place);
        Ok(terms.attest_by.decides(&seats, terms.attest_quorum, counts))
    }

    /// The accused was rightly accused: its bond burns, the slash may follow.
    fn uphold(
        (federation, round): (FederationId, RoundId),
        account: T::AccountId,
    ) -> DispatchResult {
        let (mut offence, dispute) = Self::open_dispute((federation, round), &account)?;
        let burned = Self::burn_bond(federation, &account, dispute)?;
        offence.executable_at = offence.executable_once_upheld(Self::now());
        offence.state = OffenceState::Upheld;
        Offences::<T>::insert((federation, round, &account), offence);
        Self::deposit_event(Event::OffenceUpheld { federation, round, account, burned });
        Ok(())
    }

    /// Burn the bond of a dispute that failed. Returns how much that was: of a bond that is a part
    /// of the stake, what other offences left.
    fn burn_bond(
        id: FederationId,
        account: &T::AccountId,
        dispute: Dispute,
    ) -> Result<Balance, DispatchError> {
        let (reason, burned) = if dispute.from_stake {
            let mut federation = Self::federation(id)?;
            let mut participant =
                Participants::<T>::get(id, account).defensive_ok_or(Error::<T>::Defensive)?;
            let active = participant.active;
            let taken = participant.slash(dispute.bond)?;
            let from_active = active.ensure_sub(participant.active)?;
            federation.take_stake(from_active, participant.held_since)?;
            Self::retire_attester(id, account, Self::now());
            Federations::<T>::insert(id, federation);
            Participants::<T>::insert(id, account, participant);
            (HoldReason::Stake, taken)
        } else {
            (HoldReason::DisputeBond, dispute.bond)
        };
        let reason = reason.into();
        T::Currency::burn_held(&reason, account, burned, Precision::Exact, Fortitude::Force)?;
        Ok(burned)
    }

    /// The accused goes free.
    fn overturn(
        (id, round_id): (FederationId, RoundId),
        account: T::AccountId,
        by_deadline: bool,
    ) -> DispatchResult {
        let (mut round, _) = Self::round_and_terms((id, round_id))?;
        let mut offence = Self::waiting_offence((id, round_id), &account)?;
        let mut participant =
            Participants::<T>::get(id, &account).defensive_ok_or(Error::<T>::Defensive)?;
        let state = (offence.state, by_deadline);
        Self::call_off((id, round_id), &mut round, &account, &mut participant, state)?;
        offence.state = OffenceState::Overturned;
        Offences::<T>::insert((id, round_id, &account), offence);
        Participants::<T>::insert(id, &account, participant);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    /// Undo what recording an offence in this state did, unless that was undone before, and give
    /// the bond back. The caller stores all records.
    pub(crate) fn call_off(
        (federation, round): (FederationId, RoundId),
        record: &mut Round,
        account: &T::AccountId,
        participant: &mut Participant<T::MaxUnbonding>,
        (state, by_deadline): (OffenceState, bool),
    ) -> DispatchResult {
        if !state.waits() {
            return Ok(());
        }
        let mut returned = 0;
        if let OffenceState::Disputed(dispute) = state {
            // What is a part of the stake never left it.
            if !dispute.from_stake {
                let reason = HoldReason::DisputeBond.into();
                returned = T::Currency::release(&reason, account, dispute.bond, Precision::Exact)?;
            }
        }
        record.pending_offences.ensure_sub_assign(1)?;
        participant.pending_offences.ensure_sub_assign(1)?;
        participant.offences.ensure_sub_assign(1)?;
        Self::deposit_event(Event::OffenceOverturned {
            federation,
            round,
            account: account.clone(),
            returned,
            by_deadline,
        });
        Ok(())
    }

    pub(crate) fn do_lapse(
        place: (FederationId, RoundId),
        account: T::AccountId,
    ) -> DispatchResult {
        Self::federation(place.0)?;
        let (round, _) = Self::round_and_terms(place)?;
        let offence = Self::waiting_offence(place, &account)?;
        if offence.rests_on_a_void(&round) {
            return Self::overturn(place, account, false);
        }
        let (_, dispute) = Self::open_dispute(place, &account)?;
        ensure!(Self::now() > dispute.until, Error::<T>::DisputeOpen);
        Self::overturn(place, account, true)
    }
}
