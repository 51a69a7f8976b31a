//! The invariants as code. The numbers are those of the crate's documentation.

use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;

use crate::*;

type Check = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
    /// Check every invariant that the state alone can show: all but I1, I7 and I9, which tests
    /// check over calls.
    pub fn do_try_state() -> Check {
        for (id, federation) in Federations::<T>::iter() {
            ensure!(id < NextFederationId::<T>::get(), "a federation has an id to come");
            Self::check_escrow(id, &federation)?;
            Self::check_members(id, &federation)?;
            Self::check_rounds(id, &federation)?;
            Self::check_end(&federation)?;
        }
        Self::check_holds()?;
        Self::check_commitments()?;
        Self::check_offences()
    }

    /// I2: what is on hold is what the records say.
    fn check_holds() -> Check {
        let mut stakes = BTreeMap::<T::AccountId, Balance>::new();
        for (_, account, participant) in Participants::<T>::iter() {
            let sum = stakes.entry(account).or_default();
            *sum = sum.saturating_add(participant.at_stake()?);
        }
        for (account, stake) in stakes {
            let held = T::Currency::balance_on_hold(&HoldReason::Stake.into(), &account);
            ensure!(held == stake, "I2: stake on hold is not active + unbonding");
        }
        let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
        for federation in Federations::<T>::iter_values() {
            let sum = deposits.entry(federation.coordinator).or_default();
            *sum = sum.saturating_add(federation.deposit);
        }
        for (account, deposit) in deposits {
            let reason = HoldReason::FederationDeposit.into();
            let held = T::Currency::balance_on_hold(&reason, &account);
            ensure!(held == deposit, "I8: deposits on hold are not those of the federations");
        }
        Ok(())
    }

    /// I3: each escrow covers its own federation's debts.
    fn check_escrow(id: FederationId, federation: &Federation) -> Check {
        let credits = Participants::<T>::iter_prefix_values(id)
            .fold(0, |sum: Balance, member| sum.saturating_add(member.credits));
        ensure!(federation.owed == credits, "I3: owed is not the sum of the credits");
        if federation.state == FederationState::Closed {
            return Ok(());
        }
        let needed = federation.obligations()?.saturating_add(T::Currency::minimum_balance());
        let balance = T::Currency::balance(&Self::escrow_account(id));
        ensure!(balance >= needed, "I3: the escrow is short");
        Ok(())
    }

    fn check_members(id: FederationId, federation: &Federation) -> Check {
        let mut members = 0;
        for participant in Participants::<T>::iter_prefix_values(id) {
            members = u32::saturating_add(members, 1);
            let chunks = &participant.unbonding;
            ensure!(chunks.iter().all(|chunk| chunk.amount > 0), "an empty chunk is queued");
            let is_ordered =
                chunks.iter().zip(chunks.iter().skip(1)).all(|(one, next)| one.until <= next.until);
            ensure!(is_ordered, "chunks are not in the order of their blocks");
        }
        ensure!(federation.members == members, "members are not counted right");
        Ok(())
    }

    /// I6, and that rounds are numbered without gaps with one open at most.
    fn check_rounds(id: FederationId, federation: &Federation) -> Check {
        let mut open = None;
        let mut count = 0;
        for (number, round) in Rounds::<T>::iter_prefix(id) {
            count = u32::saturating_add(count, 1);
            ensure!(number < federation.next_round, "a round has a number to come");
            if round.state == RoundState::Open {
                ensure!(open.is_none(), "two rounds are open");
                open = Some(number);
                let terms = Self::try_terms(id, round.terms_version)?;
                ensure!(federation.reserved == terms.round_reward, "I3: the budget is not kept");
            }
            Self::check_settlement(id, &round)?;
        }
        ensure!(count == federation.next_round, "round numbers have gaps");
        ensure!(open == federation.open_round, "the open round is not the federation's");
        ensure!(open.is_some() || federation.reserved == 0, "I3: a budget without a round");
        Ok(())
    }

    fn check_settlement(id: FederationId, round: &Round) -> Check {
        let is_settled = round.state == RoundState::Settled;
        ensure!(round.settlement.is_some() == is_settled, "a settlement without its round");
        let Some(settlement) = round.settlement else {
            return Ok(());
        };
        let judged = settlement.accepted.saturating_add(settlement.rejected);
        ensure!(judged <= round.commitments, "I6: more verdicts than commitments");
        let budget = Self::try_terms(id, round.terms_version)?.round_reward;
        ensure!(settlement.rewards <= budget, "I6: rewards above the budget");
        ensure!(settlement.settled_at <= round.settle_until, "a settlement came late");
        Ok(())
    }

    /// I4: commitments are inside their windows, and counted.
    fn check_commitments() -> Check {
        let mut counts = BTreeMap::<(FederationId, RoundId), u32>::new();
        for ((id, number, _), commitment) in Commitments::<T>::iter() {
            let round = Rounds::<T>::get(id, number).ok_or("I4: a commitment without round")?;
            let last = round.sealed_at.unwrap_or(round.commit_until);
            let window = round.opened_at..=last;
            ensure!(window.contains(&commitment.at), "I4: a commitment outside its window");
            let count = counts.entry((id, number)).or_default();
            *count = count.saturating_add(1);
        }
        for (id, number, round) in Rounds::<T>::iter() {
            let count = counts.get(&(id, number)).copied().unwrap_or_default();
            ensure!(round.commitments == count, "I4: commitments are not counted right");
        }
        Ok(())
    }

    /// I5: an offence asks for at most the cap, and its member knows of it.
    fn check_offences() -> Check {
        let mut pending = BTreeMap::<(FederationId, T::AccountId), u32>::new();
        for ((id, number, account), offence) in Offences::<T>::iter() {
            let round = Rounds::<T>::get(id, number).ok_or("I5: an offence without round")?;
            let cap = Self::try_terms(id, round.terms_version)?.slash.cap;
            ensure!(offence.amount <= cap.mul_floor(offence.stake), "I5: above the cap");
            let count = pending.entry((id, account)).or_default();
            *count = count.saturating_add(1);
        }
        for (id, account, participant) in Participants::<T>::iter() {
            let count = pending.remove(&(id, account)).unwrap_or_default();
            ensure!(participant.pending_offences == count, "I5: offences are not counted right");
        }
        ensure!(pending.is_empty(), "I5: an offender has left before the slash");
        Ok(())
    }

    /// I8: a closed federation holds nothing.
    fn check_end(federation: &Federation) -> Check {
        if federation.state == FederationState::Closed {
            ensure!(federation.members == 0, "I8: a closed federation has members");
            ensure!(federation.deposit == 0, "I8: a closed federation has a deposit");
            ensure!(federation.obligations()? == 0, "I8: a closed federation owes money");
        }
        let is_active = federation.state == FederationState::Active;
        ensure!(is_active || federation.open_round.is_none(), "I8: a round outlives closing");
        Ok(())
    }

    fn try_terms(id: FederationId, version: TermsVersion) -> Result<Terms, TryRuntimeError> {
        FederationTerms::<T>::get(id, version).ok_or("a round has no terms".into())
    }
}
