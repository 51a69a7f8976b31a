// SPDX-License-Identifier: Apache-2.0
//! Joining, staking, leaving.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::MutateHold, tokens::Precision},
};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSub, EnsureSubAssign};

use crate::{encoding::terms_hash, *};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_join(
        account: T::AccountId,
        id: FederationId,
        stake: Balance,
        said: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        let terms = Self::terms(id, federation.terms_version)?;
        ensure!(said == terms_hash(&terms), Error::<T>::TermsDiffer);
        let is_member = Participants::<T>::contains_key(id, &account);
        ensure!(!is_member, Error::<T>::AlreadyJoined);
        ensure!(federation.members < terms.max_participants, Error::<T>::FederationFull);
        ensure!(stake >= terms.min_stake, Error::<T>::StakeTooLow);
        T::Currency::hold(&HoldReason::Stake.into(), &account, stake)?;
        federation.members.ensure_add_assign(1)?;
        federation.total_active.ensure_add_assign(stake)?;
        let member = Participant::new(stake, (federation.terms_version, &terms), Self::now());
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
        let terms = Self::terms(id, federation.terms_version)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        participant.active.ensure_add_assign(amount)?;
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        T::Currency::hold(&HoldReason::Stake.into(), &account, amount)?;
        federation.total_active.ensure_add_assign(amount)?;
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
        let terms = Self::terms(id, federation.terms_version)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        // Shorter new terms do not free stake that rounds under longer ones may need.
        let unbonded = Self::now().ensure_add(terms.unbonding_blocks)?;
        let until = max(unbonded, federation.liable_until.ensure_add(1)?);
        let until = participant.unbond(amount, until).map_err(|fault| match fault {
            UnbondFault::Full => Error::<T>::TooManyUnbonding,
            UnbondFault::Short => Error::<T>::StakeTooLow,
        })?;
        let rest = participant.active;
        ensure!(rest == 0 || rest >= terms.min_stake, Error::<T>::StakeTooLow);
        Self::ensure_free_to_unbond(id, &account, rest)?;
        federation.total_active.ensure_sub_assign(amount)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::insert(id, &account, participant);
        Self::deposit_event(Event::Unbonding { federation: id, account, amount, until });
        Ok(())
    }

    pub(crate) fn do_withdraw(id: FederationId, account: T::AccountId) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut participant = Self::participant(id, &account)?;
        ensure!(participant.pending_offences == 0, Error::<T>::OffencePending);
        let now = Self::now();
        let is_over = federation.is_over(now);
        let active = participant.active;
        let amount = participant.take_free(now, is_over)?;
        federation.total_active.ensure_sub_assign(active.ensure_sub(participant.active)?)?;
        // A cool-down could be cut short by leaving and joining again.
        let may_leave = is_over || !participant.is_suspended(now);
        let leaves =
            participant.is_empty() && may_leave && !Self::is_awaited(id, &federation, &account);
        ensure!(amount > 0 || leaves, Error::<T>::NothingToWithdraw);
        if amount > 0 {
            let reason = HoldReason::Stake.into();
            T::Currency::release(&reason, &account, amount, Precision::Exact)?;
            let account = account.clone();
            Self::deposit_event(Event::Withdrawn { federation: id, account, amount });
        }
        if leaves {
            // Leaving would else end what the strikes still take of the latest rewards.
            if participant.strikes > 0 && !participant.exits_freely {
                Self::forfeit_unvested(id, &mut federation, &account)?;
            }
            Self::leave(id, federation, account)
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
    ) -> DispatchResult {
        Self::forget_attester(id, &mut federation, &account)?;
        federation.members.ensure_sub_assign(1)?;
        Federations::<T>::insert(id, federation);
        Participants::<T>::remove(id, &account);
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
