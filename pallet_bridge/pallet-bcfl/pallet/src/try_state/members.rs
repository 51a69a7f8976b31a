// SPDX-License-Identifier: Apache-2.0

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};

use super::Check;
use crate::*;

type Sums<T> = BTreeMap<<T as frame_system::Config>::AccountId, Balance>;

impl<T: Config> Pallet<T> {
    /// I2: what is on hold is what the records say.
    pub(super) fn check_holds() -> Check {
        let mut stakes = Sums::<T>::new();
        for (_, account, participant) in Participants::<T>::iter() {
            add::<T>(&mut stakes, account, participant.at_stake()?);
        }
        Self::check_held(stakes, HoldReason::Stake)?;
        let mut deposits = Sums::<T>::new();
        for federation in Federations::<T>::iter_values() {
            add::<T>(&mut deposits, federation.founder, federation.deposit);
        }
        Self::check_held(deposits, HoldReason::FederationDeposit)?;
        let mut bonds = Sums::<T>::new();
        for ((_, _, account), offence) in Offences::<T>::iter() {
            let bond = match offence.state {
                OffenceState::Disputed(dispute) if !dispute.from_stake => dispute.bond,
                _ => 0,
            };
            add::<T>(&mut bonds, account, bond);
        }
        Self::check_held(bonds, HoldReason::DisputeBond)?;
        let mut proposers = Sums::<T>::new();
        for motion in Motions::<T>::iter_values() {
            add::<T>(&mut proposers, motion.proposer, motion.deposit);
        }
        Self::check_held(proposers, HoldReason::ProposalDeposit)
    }

    fn check_held(sums: Sums<T>, reason: HoldReason) -> Check {
        let reason = reason.into();
        for (account, sum) in sums {
            let held = T::Currency::balance_on_hold(&reason, &account);
            ensure!(held == sum, "I2: what is on hold is not what the records say");
        }
        Ok(())
    }

    pub(super) fn check_members(id: FederationId, federation: &Federation) -> Check {
        let mut members = 0;
        let mut active: Balance = 0;
        for participant in Participants::<T>::iter_prefix_values(id) {
            members = u32::saturating_add(members, 1);
            active = active.saturating_add(participant.active);
            let chunks = &participant.unbonding;
            ensure!(chunks.iter().all(|chunk| chunk.amount > 0), "an empty chunk is queued");
            let is_ordered =
                chunks.iter().zip(chunks.iter().skip(1)).all(|(one, next)| one.until <= next.until);
            ensure!(is_ordered, "chunks are not in the order of their blocks");
            let rounds: BTreeSet<_> = participant.struck.iter().collect();
            ensure!(rounds.len() == participant.struck.len(), "one round struck twice");
            let is_past = rounds.iter().all(|round| **round < federation.next_round);
            ensure!(is_past, "a strike is of a round to come");
        }
        ensure!(federation.members == members, "members are not counted right");
        ensure!(federation.total_active == active, "active stake is not summed right");
        Ok(())
    }
}

fn add<T: Config>(sums: &mut Sums<T>, account: T::AccountId, amount: Balance) {
    let sum = sums.entry(account).or_default();
    *sum = sum.saturating_add(amount);
}
