// SPDX-License-Identifier: Apache-2.0
//! Changing terms and the coordinator: by its governance at once, or by a vote of the members.
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::MutateHold, tokens::Precision},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign};

use crate::{
    governance_rules::{is_approved, Count, VotingRules},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_terms(
        origin: OriginFor<T>,
        id: FederationId,
        terms: Terms,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::ensure_governance(origin, id, &federation)?;
        Self::ensure_terms(&terms)?;
        Self::put_terms(id, &mut federation, terms)?;
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    pub(crate) fn do_replace_coordinator(
        origin: OriginFor<T>,
        id: FederationId,
        coordinator: T::AccountId,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::ensure_governance(origin, id, &federation)?;
        Self::put_coordinator(id, &mut federation, coordinator);
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    /// Members govern by proposals: no origin speaks for them.
    fn ensure_governance(
        origin: OriginFor<T>,
        id: FederationId,
        federation: &Federation,
    ) -> DispatchResult {
        let may = match Self::terms(id, federation.terms_version)?.governance {
            Governance::Coordinator => {
                ensure_signed(origin).is_ok_and(|who| who == federation.coordinator)
            }
            Governance::Council => T::CouncilOrigin::ensure_origin(origin).is_ok(),
            Governance::Members { .. } => false,
        };
        ensure!(may, Error::<T>::NotGovernance);
        Ok(())
    }

    /// Put a new version in force. The one before it goes when no round was opened under it: the
    /// versions in store are never more than the rounds and the present one.
    fn put_terms(id: FederationId, federation: &mut Federation, terms: Terms) -> DispatchResult {
        let last = federation.next_round.checked_sub(1).and_then(|last| Rounds::<T>::get(id, last));
        if last.is_none_or(|last| last.terms_version < federation.terms_version) {
            FederationTerms::<T>::remove(id, federation.terms_version);
        }
        let terms_version = federation.terms_version.ensure_add(1)?;
        federation.terms_version = terms_version;
        FederationTerms::<T>::insert(id, terms_version, terms);
        Self::deposit_event(Event::TermsSet { federation: id, terms_version });
        Ok(())
    }

    fn put_model(id: FederationId, federation: &mut Federation, model: H256) {
        federation.model = Some(model);
        Self::deposit_event(Event::Rebased { federation: id, model });
    }

    fn put_coordinator(id: FederationId, federation: &mut Federation, coordinator: T::AccountId) {
        federation.failures_in_row = 0;
        let old = core::mem::replace(&mut federation.coordinator, coordinator.clone());
        Self::hand_over_bond(id, federation.liable_until, &old, &coordinator);
        Self::deposit_event(Event::CoordinatorReplaced { federation: id, old, new: coordinator });
    }

    pub(crate) fn do_propose(
        proposer: T::AccountId,
        id: FederationId,
        proposal: Proposal,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        let participant = Self::participant(id, &proposer)?;
        ensure!(participant.active > 0, Error::<T>::NoActiveStake);
        let terms = Self::terms(id, federation.terms_version)?;
        let rules = Self::voting_rules(&federation, &terms, &proposal)?;
        if let Proposal::Terms(terms) = &proposal {
            Self::ensure_terms(terms)?;
        }
        ensure!(federation.proposals < T::MaxProposals::get(), Error::<T>::TooManyProposals);
        let (voting_until, enact_at) = rules.schedule(Self::now())?;
        let deposit = T::ProposalDeposit::get();
        T::Currency::hold(&HoldReason::ProposalDeposit.into(), &proposer, deposit)?;
        let number = federation.next_proposal;
        federation.next_proposal = number.ensure_add(1)?;
        federation.proposals.ensure_add_assign(1)?;
        // Stake that has voted must not leave and come back while the vote runs, whatever the
        // terms say by then.
        federation.liable_until = max(federation.liable_until, voting_until);
        let motion = Motion {
            proposal,
            proposer: proposer.clone(),
            deposit,
            state: MotionState::Open,
            voting_until,
            enact_at,
            quorum: rules.quorum,
            threshold: rules.threshold,
            proposed_at: Self::now(),
            aging_blocks: terms.aging_blocks,
            max_vote_share: terms.max_vote_share,
            electorate: federation.total_active,
            ayes: 0,
            nays: 0,
        };
        Federations::<T>::insert(id, federation);
        Motions::<T>::insert(id, number, motion);
        Self::deposit_event(Event::Proposed {
            federation: id,
            proposal: number,
            proposer,
            voting_until,
            enact_at,
        });
        Ok(())
    }

    fn voting_rules(
        federation: &Federation,
        terms: &Terms,
        proposal: &Proposal,
    ) -> Result<VotingRules, DispatchError> {
        if let Governance::Members { quorum, threshold, voting_blocks, delay_blocks } =
            terms.governance
        {
            return Ok(VotingRules { quorum, threshold, voting_blocks, delay_blocks });
        }
        let may = federation.needs_coordinator(terms, Self::now())
            && matches!(proposal, Proposal::Coordinator(_));
        ensure!(may, Error::<T>::NotProposable);
        let rules = VotingRules::for_failing_coordinator(
            terms.commit_blocks,
            terms.settle_blocks,
            terms.dispute_blocks,
        )?;
        Ok(rules)
    }

    pub(crate) fn do_vote(
        account: T::AccountId,
        id: FederationId,
        number: ProposalId,
        approve: bool,
    ) -> DispatchResult {
        let federation = Self::active_federation(id)?;
        let mut motion = Self::motion(id, number)?;
        ensure!(Self::now() <= motion.voting_until, Error::<T>::VotingClosed);
        let stake = Self::participant(id, &account)?.active;
        ensure!(stake > 0, Error::<T>::NoActiveStake);
        let has_voted = Votes::<T>::contains_key((id, number, &account));
        ensure!(!has_voted, Error::<T>::AlreadyVoted);
        let side = if approve { &mut motion.ayes } else { &mut motion.nays };
        side.ensure_add_assign(stake)?;
        motion.electorate = max(motion.electorate, federation.total_active);
        Motions::<T>::insert(id, number, motion);
        Votes::<T>::insert((id, number, &account), Vote { approve, stake });
        Self::deposit_event(Event::Voted {
            federation: id,
            proposal: number,
            account,
            approve,
            stake,
        });
        Ok(())
    }

    fn motion(id: FederationId, number: ProposalId) -> Result<Motion, Error<T>> {
        Motions::<T>::get(id, number).ok_or(Error::<T>::ProposalNotFound)
    }

    pub(crate) fn do_enact(id: FederationId, number: ProposalId, limit: u32) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut motion = Self::motion(id, number)?;
        if motion.state == MotionState::Open {
            // A federation that ends changes nothing any more: its proposals fall at once.
            let is_active = federation.state == FederationState::Active;
            ensure!(!is_active || Self::now() >= motion.enact_at, Error::<T>::NotYetEnactable);
            Self::decide(id, number, &mut federation, &mut motion)?;
        }
        Self::clear_votes(id, number, &mut federation, motion, limit)?;
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    fn decide(
        id: FederationId,
        number: ProposalId,
        federation: &mut Federation,
        motion: &mut Motion,
    ) -> DispatchResult {
        let reason = HoldReason::ProposalDeposit.into();
        let deposit = core::mem::take(&mut motion.deposit);
        T::Currency::release(&reason, &motion.proposer, deposit, Precision::Exact)?;
        if !Self::is_enactable(id, federation, motion)? {
            motion.state = MotionState::Rejected;
            Self::deposit_event(Event::ProposalRejected { federation: id, proposal: number });
            return Ok(());
        }
        motion.state = MotionState::Enacted;
        Self::deposit_event(Event::Enacted { federation: id, proposal: number });
        match motion.proposal.clone() {
            Proposal::Terms(terms) => Self::put_terms(id, federation, *terms),
            Proposal::Coordinator(account) => {
                Self::put_coordinator(id, federation, account);
                Ok(())
            }
            Proposal::Rebase(model) => {
                Self::put_model(id, federation, model);
                Ok(())
            }
        }
    }

    /// True when the vote approved, and what was asked for may still be done: the members govern
    /// the terms still, and the runtime's ranges have not changed under them.
    fn is_enactable(
        id: FederationId,
        federation: &Federation,
        motion: &Motion,
    ) -> Result<bool, DispatchError> {
        if federation.state != FederationState::Active {
            return Ok(false);
        }
        let may = match &motion.proposal {
            Proposal::Coordinator(_) | Proposal::Rebase(_) => true,
            Proposal::Terms(terms) => {
                let present = Self::terms(id, federation.terms_version)?.governance;
                matches!(present, Governance::Members { .. }) && Self::ensure_terms(terms).is_ok()
            }
        };
        let count = Count { ayes: motion.ayes, nays: motion.nays, electorate: motion.electorate };
        Ok(may && is_approved(&count, motion.quorum, motion.threshold))
    }

    /// Remove up to `limit` votes, and the motion with the last one.
    fn clear_votes(
        id: FederationId,
        number: ProposalId,
        federation: &mut Federation,
        motion: Motion,
        limit: u32,
    ) -> DispatchResult {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let voters: alloc::vec::Vec<_> =
            Votes::<T>::iter_key_prefix((id, number)).take(limit).collect();
        for account in voters {
            Votes::<T>::remove((id, number, account));
        }
        if Votes::<T>::iter_key_prefix((id, number)).next().is_some() {
            Motions::<T>::insert(id, number, motion);
            return Ok(());
        }
        Motions::<T>::remove(id, number);
        federation.proposals.ensure_sub_assign(1)?;
        Self::deposit_event(Event::ProposalCleared { federation: id, proposal: number });
        Ok(())
    }
}
