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
        Self::check_held(proposers, HoldReason::ProposalDeposit)?;
        let mut coordinators = Sums::<T>::new();
        for (_, account, bond) in Bonds::<T>::iter() {
            add::<T>(&mut coordinators, account, bond.amount);
        }
        Self::check_held(coordinators, HoldReason::CoordinatorBond)
    }

    /// A bond is bound while its account coordinates, and only then.
    pub(super) fn check_bonds() -> Check {
        for (id, account, bond) in Bonds::<T>::iter() {
            let federation = Federations::<T>::get(id).ok_or("a bond without federation")?;
            ensure!(bond.amount > 0, "an empty bond is kept");
            let coordinates = federation.coordinator == account;
            ensure!(bond.free_at.is_none() == coordinates, "a bond is free at a wrong time");
        }
        Ok(())
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
        let mut youth = federation.youth;
        let empty = |cohort: Cohort| Cohort { stake: 0, moment: 0, ..cohort };
        (youth.last, youth.before) = (empty(youth.last), empty(youth.before));
        let mut named = BTreeMap::<Organisation, u32>::new();
        let now = Self::now();
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
            let is_known = participant.terms_version <= federation.terms_version;
            ensure!(is_known, "a member has signed terms to come");
            let (joined_at, held_since) = (participant.joined_at, participant.held_since);
            let is_past = joined_at <= held_since && held_since <= now;
            ensure!(is_past, "a member's stake is older than the member, or of later");
            youth.add(participant.active, held_since)?;
            if let Some(name) = participant.organisation {
                let count = named.entry(name).or_default();
                *count = count.saturating_add(1);
            }
        }
        let counted: BTreeMap<_, _> = Organisations::<T>::iter_prefix(id).collect();
        ensure!(counted == named, "members of organisations are not counted right");
        ensure!(federation.members == members, "members are not counted right");
        ensure!(federation.total_active == active, "active stake is not summed right");
        ensure!(federation.youth == youth, "young stake is not summed right");
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// Terms that wait are stored, newer than those in force, and of a federation that goes on.
    pub(super) fn check_terms(id: FederationId, federation: &Federation) -> Check {
        let last = federation.terms_version;
        ensure!(FederationTerms::<T>::contains_key(id, last), "the terms in force are not there");
        let newest = federation.pending_terms.map_or(last, |pending| pending.version);
        let is_newer = federation.pending_terms.is_none_or(|pending| pending.version > last);
        ensure!(is_newer, "terms wait that were in force");
        let is_active = federation.state == FederationState::Active;
        ensure!(is_active || federation.pending_terms.is_none(), "terms wait for no round");
        Self::try_terms(id, newest)?;
        let most = FederationTerms::<T>::iter_key_prefix(id).max();
        ensure!(most == Some(newest), "terms are stored that nobody announced");
        Ok(())
    }

    /// Nobody is named twice as a successor, only in a federation that goes on; keys of nodes are
    /// of members.
    pub(super) fn check_offices() -> Check {
        for (id, office) in Offices::<T>::iter() {
            let federation = Federations::<T>::get(id).ok_or("an office without federation")?;
            let is_active = federation.state == FederationState::Active;
            ensure!(is_active, "successors are named in a federation that ends");
            ensure!(office.since <= Self::now(), "an office counts from a block to come");
            let pending = office.pending.iter().map(|pending| &pending.succession);
            for succession in pending.chain([&office.succession]) {
                let sound = Self::ensure_succession(succession);
                ensure!(sound.is_ok(), "a succession is out of range");
            }
        }
        for (id, account) in NodeKeys::<T>::iter_keys() {
            let is_member = Participants::<T>::contains_key(id, &account);
            ensure!(is_member, "the key of a node is bound to nobody");
        }
        for (id, account) in Sponsorships::<T>::iter_keys() {
            let is_known = Participants::<T>::contains_key(id, &account)
                || Invitations::<T>::contains_key(id, &account);
            ensure!(is_known, "fees are counted of somebody whom no federation knows");
        }
        Ok(())
    }

    /// Whoever is a member needs no invitation, and has no record of its own beside it.
    pub(super) fn check_admissions() -> Check {
        for (id, account) in Invitations::<T>::iter_keys() {
            let is_member = Participants::<T>::contains_key(id, &account);
            ensure!(!is_member, "a member has an invitation");
        }
        for (id, subject) in Records::<T>::iter_keys() {
            if let Subject::Account(account) = subject {
                let is_member = Participants::<T>::contains_key(id, &account);
                ensure!(!is_member, "a member has a record of its own");
            }
        }
        Ok(())
    }
}

fn add<T: Config>(sums: &mut Sums<T>, account: T::AccountId, amount: Balance) {
    let sum = sums.entry(account).or_default();
    *sum = sum.saturating_add(amount);
}
