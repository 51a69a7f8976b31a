// SPDX-License-Identifier: Apache-2.0
//! The invariants as code. The numbers are those of the crate's documentation.

mod committees;
mod members;
mod motions;
mod offences;
mod rounds;

use alloc::vec::Vec;
use frame_support::{ensure, traits::fungible::Inspect};
use sp_runtime::TryRuntimeError;

use crate::{money_rules::part_of, *};

type Check = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Check every invariant that the state alone can show: all but I1, I7 and I9, which tests
    /// check over calls.
    pub fn do_try_state() -> Check {
        for (id, federation) in Federations::<T>::iter() {
            ensure!(id < NextFederationId::<T>::get(), "a federation has an id to come");
            Self::check_terms(id, &federation)?;
            Self::check_members(id, &federation)?;
            Self::check_rounds(id, &federation)?;
            Self::check_escrow(id, &federation)?;
            Self::check_sponsors(id, &federation)?;
            Self::check_committees(id, &federation)?;
            Self::check_motions(id, &federation)?;
            Self::check_end(&federation)?;
        }
        Self::check_holds()?;
        Self::check_bonds()?;
        Self::check_voters()?;
        Self::check_admissions()?;
        Self::check_offices()?;
        Self::check_commitments()?;
        Self::check_offences()
    }

    /// I3: each escrow covers its own federation's debts.
    fn check_escrow(id: FederationId, federation: &Federation) -> Check {
        if federation.state == FederationState::Closed {
            return Ok(());
        }
        let unpaid_of = |round: Round| {
            let reward = round.settlement.map_or(0, |settlement| settlement.unpaid);
            reward.saturating_add(round.compensation.map_or(0, |spoiled| spoiled.unpaid))
        };
        let unpaid = Rounds::<T>::iter_prefix_values(id)
            .map(unpaid_of)
            .fold(0, |sum: Balance, one| sum.saturating_add(one));
        ensure!(federation.owed == unpaid, "I3: owed is not the sum of what is unpaid");
        let needed = federation.obligations()?.saturating_add(T::Currency::minimum_balance());
        let balance = T::Currency::balance(&Self::escrow_account(id));
        ensure!(balance >= needed, "I3: the escrow is short");
        Ok(())
    }

    /// What sponsors paid in is summed right until the end, and then there is enough for the refunds.
    fn check_sponsors(id: FederationId, federation: &Federation) -> Check {
        let paid: Vec<Balance> = Sponsors::<T>::iter_prefix_values(id).collect();
        let all = paid.iter().fold(0, |sum: Balance, one| sum.saturating_add(*one));
        ensure!(weights::count(paid.len()) == federation.sponsors, "sponsors are miscounted");
        if federation.state != FederationState::Closed {
            ensure!(all == federation.funded, "what sponsors paid is not summed right");
            ensure!(federation.left == 0, "something is left of an escrow that still pays");
        } else if federation.sponsors > 0 {
            let parts = paid.iter().map(|one| part_of(federation.left, *one, federation.funded));
            let due = parts.fold(T::Currency::minimum_balance(), Balance::saturating_add);
            let balance = T::Currency::balance(&Self::escrow_account(id));
            ensure!(balance >= due, "I3: a closed escrow is short of its refunds");
        }
        Ok(())
    }

    /// I8: a closed federation holds nothing.
    fn check_end(federation: &Federation) -> Check {
        if federation.state == FederationState::Closed {
            ensure!(federation.members == 0, "I8: a closed federation has members");
            ensure!(federation.deposit == 0, "I8: a closed federation has a deposit");
            ensure!(federation.proposals == 0, "I8: a closed federation has proposals");
            ensure!(federation.obligations()? == 0, "I8: a closed federation owes money");
        }
        let is_active = federation.state == FederationState::Active;
        ensure!(is_active || federation.open_round.is_none(), "I8: a round outlives closing");
        Ok(())
    }

    fn try_terms(id: FederationId, version: TermsVersion) -> Result<Terms, TryRuntimeError> {
        FederationTerms::<T>::get(id, version).ok_or("terms are not there".into())
    }
}
