// SPDX-License-Identifier: Apache-2.0
//! Bonds of coordinators, and what a proved misconduct does.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign};

use crate::{
    bond_rules::penalty,
    encoding::{to_sign_instruction, Binding},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_post_bond(
        account: T::AccountId,
        id: FederationId,
        amount: Balance,
    ) -> DispatchResult {
        let federation = Self::active_federation(id)?;
        Self::ensure_coordinator(&federation, &account)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        Self::put_on_bond(id, account, amount)
    }

    /// Hold more of an account that coordinates.
    pub(crate) fn put_on_bond(
        federation: FederationId,
        account: T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
        T::Currency::hold(&HoldReason::CoordinatorBond.into(), &account, amount)?;
        let mut bond = Bonds::<T>::get(federation, &account).unwrap_or_default();
        bond.amount.ensure_add_assign(amount)?;
        Bonds::<T>::insert(federation, &account, bond);
        Self::deposit_event(Event::BondPosted { federation, account, amount });
        Ok(())
    }

    pub(crate) fn do_withdraw_bond(account: T::AccountId, id: FederationId) -> DispatchResult {
        let federation = Self::federation(id)?;
        let bond = Bonds::<T>::get(id, &account).ok_or(Error::<T>::NothingToWithdraw)?;
        let now = Self::now();
        let is_free = federation.is_over(now) || bond.free_at.is_some_and(|block| block <= now);
        ensure!(is_free, Error::<T>::BondNotFree);
        let (reason, amount) = (HoldReason::CoordinatorBond.into(), bond.amount);
        T::Currency::release(&reason, &account, amount, Precision::Exact)?;
        Bonds::<T>::remove(id, &account);
        Self::deposit_event(Event::BondReleased { federation: id, account, amount });
        Ok(())
    }

    pub(crate) fn ensure_bond(
        id: FederationId,
        account: &T::AccountId,
        terms: &Terms,
    ) -> DispatchResult {
        let bond = Bonds::<T>::get(id, account).unwrap_or_default();
        ensure!(bond.amount >= terms.coordinator_bond, Error::<T>::BondShort);
        Ok(())
    }

    /// Let the bond of a coordinator that goes be free once none of its rounds can be reported,
    /// and bind that of the one that comes.
    pub(crate) fn hand_over_bond(
        id: FederationId,
        liable_until: BlockNumber,
        old: &T::AccountId,
        new: &T::AccountId,
    ) {
        let free_at = Some(liable_until.saturating_add(1));
        Self::change_bond(id, old, |bond| bond.free_at = free_at);
        // Last, as both may be one account.
        Self::change_bond(id, new, |bond| bond.free_at = None);
    }

    fn change_bond(id: FederationId, account: &T::AccountId, change: impl FnOnce(&mut Bond)) {
        if let Some(mut bond) = Bonds::<T>::get(id, account) {
            change(&mut bond);
            Bonds::<T>::insert(id, account, bond);
        }
    }

    pub(crate) fn do_report_misconduct(
        reporter: T::AccountId,
        place: (FederationId, RoundId),
        proof: MisconductProof,
    ) -> DispatchResult {
        let mut federation = Self::federation(place.0)?;
        let (mut round, terms) = Self::round_and_terms(place)?;
        Self::ensure_reportable(&round, &terms)?;
        ensure!(round.compensation.is_none(), Error::<T>::AlreadyReported);
        Self::ensure_misconduct(place, &round, proof)?;
        Self::punish(place, &mut federation, &mut round, &terms, Some(&reporter))?;
        match round.state {
            RoundState::Open => {
                // Who came after answers for none of it.
                let is_failure = round.coordinator == federation.coordinator;
                Self::end_unsettled(place, &mut federation, &mut round, (is_failure, false));
            }
            RoundState::Settled => {
                Self::void_round(place, &mut federation, &mut round, reporter)?;
            }
            // It has ended without effects already.
            RoundState::Aborted | RoundState::Voided => {}
        }
        Federations::<T>::insert(place.0, federation);
        Rounds::<T>::insert(place.0, place.1, round);
        Ok(())
    }

    fn ensure_misconduct(
        place: (FederationId, RoundId),
        round: &Round,
        proof: MisconductProof,
    ) -> DispatchResult {
        let MisconductProof::Instruction { base_model, terms_hash, expires, signature } = proof;
        let is_other = (base_model, terms_hash) != (round.base_model, round.terms_hash);
        // A number that was skipped had no round: nobody can be harmed by what was said of it.
        ensure!(is_other && !round.is_skipped(), Error::<T>::NotMisconduct);
        let binding = Binding { coordinator: round.coordinator.clone(), base_model, terms_hash };
        let message = to_sign_instruction(Self::genesis_hash(), place, &binding, expires);
        let did_sign = Self::did_sign(&round.coordinator, &signature, &message);
        ensure!(did_sign, Error::<T>::ProofInvalid);
        Ok(())
    }

    /// Take what a misconduct costs from the bond of the round's coordinator. The caller ends the
    /// round, and stores the federation and it.
    pub(crate) fn punish(
        (id, number): (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
        terms: &Terms,
        reporter: Option<&T::AccountId>,
    ) -> DispatchResult {
        let coordinator = round.coordinator.clone();
        let mut bond = Bonds::<T>::get(id, &coordinator).unwrap_or_default();
        let penalty = penalty(bond.amount, terms, round.commitments)?;
        // Nobody gains by what it did, or by what it decides.
        let reporter =
            reporter.filter(|who| **who != coordinator && **who != federation.coordinator);
        let pay = |who| Self::pay_from_bond(&coordinator, who, penalty.shared);
        let shared = reporter.map(pay).and_then(Result::ok).unwrap_or_default();
        let escrow = Self::escrow_account(id);
        let compensation = Self::pay_from_bond(&coordinator, &escrow, penalty.compensation)?;
        let burned = penalty.taken.ensure_sub(shared)?.ensure_sub(compensation)?;
        let reason = HoldReason::CoordinatorBond.into();
        T::Currency::burn_held(&reason, &coordinator, burned, Precision::Exact, Fortitude::Force)?;
        bond.amount.ensure_sub_assign(penalty.taken)?;
        Bonds::<T>::set(id, &coordinator, Some(bond).filter(|bond| bond.amount > 0));
        let until = Self::now().ensure_add(terms.claim_blocks)?;
        federation.owed.ensure_add_assign(compensation)?;
        federation.last_claim_until = max(federation.last_claim_until, until);
        round.compensation = Some(Compensation { each: penalty.each, unpaid: compensation, until });
        Self::deposit_event(Event::MisconductProved {
            federation: id,
            round: number,
            coordinator,
            taken: penalty.taken,
            burned,
            shared,
            compensation,
            reporter: reporter.cloned().filter(|_| shared > 0),
        });
        Ok(())
    }

    /// Pay from what a coordinator has on hold. One that cannot take it stops nothing: the money
    /// is burned instead, unless the caller minds.
    fn pay_from_bond(
        coordinator: &T::AccountId,
        to: &T::AccountId,
        amount: Balance,
    ) -> Result<Balance, DispatchError> {
        if amount == 0 {
            return Ok(0);
        }
        with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &HoldReason::CoordinatorBond.into(),
                coordinator,
                to,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })
    }

    /// Undo a settlement that was proved wrong: nothing of it is paid, and the next round starts
    /// from where this one did. The caller stores the federation and the round.
    pub(crate) fn void_round(
        place: (FederationId, RoundId),
        federation: &mut Federation,
        round: &mut Round,
        who: T::AccountId,
    ) -> DispatchResult {
        let settlement = Self::settlement(round)?;
        let released = Self::void_settlement(federation, round)?;
        federation.step_back(settlement.model, round.base_model);
        if settlement.mode == SettlementMode::List {
            Self::take_back_strikes(place);
        }
        let (federation, round) = place;
        Self::deposit_event(Event::RoundVoided { federation, round, who, released });
        Ok(())
    }
}
