// SPDX-License-Identifier: Apache-2.0
//! Joining, staking, leaving.
use core::cmp::{max, min};
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::MutateHold, tokens::Precision},
};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign};

use crate::{encoding::terms_hash, terms_rules::is_worse, *};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_join(
        account: T::AccountId,
        id: FederationId,
        stake: Balance,
        said: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        ensure!(said == terms_hash(&terms), Error::<T>::TermsDiffer);
        let is_member = Participants::<T>::contains_key(id, &account);
        ensure!(!is_member, Error::<T>::AlreadyJoined);
        ensure!(federation.members < terms.max_participants, Error::<T>::FederationFull);
        ensure!(stake >= terms.min_stake, Error::<T>::StakeTooLow);
        let mut member = Participant::new(stake, (federation.terms_version, &terms), Self::now());
        (member.organisation, member.max_examples) =
            Self::admit(id, &federation, &terms, &account)?;
        Self::recall(id, &account, &mut member);
        T::Currency::hold(&HoldReason::Stake.into(), &account, stake)?;
        federation.members.ensure_add_assign(1)?;
        let now = Self::now();
        federation.add_stake((0, now), stake, now, terms.aging_blocks)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::insert(id, &account, member);
        Self::deposit_event(Event::Joined { federation: id, account, stake });
        Ok(())
    }

    pub(crate) fn do_add_stake(
        account: T::AccountId,
        id: FederationId,
        amount: Balance,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        // New stake and old can not be told apart: all of it is as young as the newest.
        let (now, before) = (Self::now(), (participant.active, participant.held_since));
        federation.add_stake(before, amount, now, terms.aging_blocks)?;
        participant.active.ensure_add_assign(amount)?;
        participant.held_since = now;
        participant.exits_freely = false;
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        T::Currency::hold(&HoldReason::Stake.into(), &account, amount)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::insert(id, &account, participant);
        Self::deposit_event(Event::StakeAdded { federation: id, account, amount });
        Ok(())
    }

    pub(crate) fn do_unbond(
        account: T::AccountId,
        id: FederationId,
        amount: Balance,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        Self::come_into_force(id, &mut federation);
        let terms = Self::terms(id, federation.terms_version)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let now = Self::now();
        // Whatever the terms say: not before all that the member took part in is over.
        let free = participant.liable_until.ensure_add(1)?;
        let unbonded = if Self::exits_freely(id, &federation, &participant, &terms) {
            participant.unbond_freely(amount, max(now, free))
        } else {
            let is_active = federation.state == FederationState::Active;
            let unlocked = participant.joined_at.ensure_add(terms.lock_blocks)?;
            ensure!(now >= unlocked || !is_active, Error::<T>::StakeLocked);
            let blocks = min(participant.exit_blocks, terms.unbonding_blocks);
            participant.unbond(amount, max(now.ensure_add(blocks)?, free))
        };
        let until = unbonded.map_err(|fault| match fault {
            UnbondFault::Full => Error::<T>::TooManyUnbonding,
            UnbondFault::Short => Error::<T>::StakeTooLow,
        })?;
        let rest = participant.active;
        ensure!(rest == 0 || rest >= terms.min_stake, Error::<T>::StakeTooLow);
        Self::ensure_free_to_unbond(id, &account, rest)?;
        federation.take_stake(amount, participant.held_since)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::insert(id, &account, participant);
        Self::deposit_event(Event::Unbonding { federation: id, account, amount, until });
        Ok(())
    }

    /// True when terms wait or are in force that are worse than those the member signed: they bind
    /// nobody who has not signed them, and who wants to leave leaves under the old ones.
    ///
    /// A version is stored as long as a round ran under it. When that which the member signed is
    /// gone, it has committed in no round under it, and what it took part in before is in
    /// `liable_until`: it may go.
    fn exits_freely(
        id: FederationId,
        federation: &Federation,
        member: &Participant<T::MaxUnbonding>,
        terms: &Terms,
    ) -> bool {
        let is_unsigned = member.terms_version < federation.terms_version;
        let is_worse = |version| {
            FederationTerms::<T>::get(id, version).is_none_or(|signed| is_worse(&signed, terms))
        };
        federation.pending_terms.is_some_and(|pending| pending.is_worse)
            || (is_unsigned && is_worse(member.terms_version))
    }

    pub(crate) fn do_withdraw(
        caller: &T::AccountId,
        id: FederationId,
        account: T::AccountId,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(participant.pending_offences == 0, Error::<T>::OffencePending);
        let now = Self::now();
        let is_over = federation.is_over(now);
        let active = participant.active;
        let amount = participant.take_free(now, is_over)?;
        let freed = active.ensure_sub(participant.active)?;
        federation.take_stake(freed, participant.held_since)?;
        // A cool-down could be cut short by leaving and joining again.
        let may_leave = is_over || !participant.is_suspended(now);
        // Leaving would else end what the strikes still take of the latest rewards: so it takes
        // them, and nobody but the member decides when.
        let forfeits = participant.strikes > 0 && !participant.exits_freely;
        let is_decided = is_over || !forfeits || *caller == account;
        let leaves = participant.is_empty()
            && may_leave
            && is_decided
            && !Self::is_awaited(id, &federation, &account);
        ensure!(amount > 0 || leaves, Error::<T>::NothingToWithdraw);
        if amount > 0 {
            let reason = HoldReason::Stake.into();
            T::Currency::release(&reason, &account, amount, Precision::Exact)?;
            let account = account.clone();
            Self::deposit_event(Event::Withdrawn { federation: id, account, amount });
        }
        if leaves {
            if forfeits {
                Self::forfeit_unvested(id, &mut federation, &account)?;
            }
            Self::leave(id, federation, account, participant)
        } else {
            Federations::<T>::insert(id, federation);
            Participants::<T>::insert(id, &account, participant);
            Ok(())
        }
    }

    fn leave(
        id: FederationId,
        mut federation: Federation,
        account: T::AccountId,
        participant: Participant<T::MaxUnbonding>,
    ) -> DispatchResult {
        Self::forget_attester(id, &mut federation, &account)?;
        Self::remember(id, &federation, &account, &participant)?;
        federation.members.ensure_sub_assign(1)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::remove(id, &account);
        NodeKeys::<T>::remove(id, &account);
        Sponsorships::<T>::remove(id, &account);
        Self::deposit_event(Event::Left { federation: id, account });
        Ok(())
    }

    /// True when the account committed in the round that is open: its verdict must find it.
    fn is_awaited(id: FederationId, federation: &Federation, account: &T::AccountId) -> bool {
        federation
            .open_round
            .is_some_and(|round| Commitments::<T>::contains_key((id, round, account)))
    }
}
