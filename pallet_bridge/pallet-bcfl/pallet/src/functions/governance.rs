// SPDX-License-Identifier: Apache-2.0
//! Changing the terms, the coordinator and the model: by the governance, or by a vote of the members.
use alloc::vec::Vec;
use core::cmp::max;
use frame_support::{
    pallet_prelude::*,
    traits::{fungible::MutateHold, tokens::Precision},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, EnsureSubAssign};

use crate::{
    governance_rules::{aged, is_approved, is_approved_by_half, within_share, Count, VotingRules},
    terms_rules::{is_worse, needs_members},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_terms(
        origin: OriginFor<T>,
        id: FederationId,
        terms: Terms,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        Self::ensure_governance(origin, id, &federation)?;
        Self::ensure_terms(&terms)?;
        let present = Self::terms(id, federation.terms_version)?;
        let may = present.governance != Governance::Coordinator || !needs_members(&present, &terms);
        ensure!(may, Error::<T>::MembersDecide);
        ensure!(federation.pending_terms.is_none(), Error::<T>::TermsPending);
        Self::announce_terms(id, &mut federation, terms)?;
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    pub(crate) fn do_rebase(origin: OriginFor<T>, id: FederationId, model: H256) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        Self::ensure_governance(origin, id, &federation)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        Self::put_model(id, &mut federation, model);
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    pub(crate) fn do_replace_coordinator(
        origin: OriginFor<T>,
        id: FederationId,
        coordinator: T::AccountId,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        Self::ensure_governance(origin, id, &federation)?;
        // One that governs can not wipe out its own failures by handing over, to itself or a friend.
        let governance = Self::terms(id, federation.terms_version)?.governance;
        if governance != Governance::Coordinator {
            federation.failures_in_row = 0;
        }
        Self::put_coordinator(id, &mut federation, coordinator);
        Federations::<T>::insert(id, federation);
        Ok(())
    }

    /// Members govern by proposals: no origin speaks for them.
    pub(crate) fn ensure_governance(
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

    /// Announce terms: they come into force after the notice of those in force now, and leave time
    /// to unbond before. They take the place of any that wait. The caller stores the federation.
    fn announce_terms(
        id: FederationId,
        federation: &mut Federation,
        terms: Terms,
    ) -> DispatchResult {
        let present = Self::terms(id, federation.terms_version)?;
        let last = federation.pending_terms.map_or(federation.terms_version, |last| last.version);
        Self::drop_pending_terms(id, federation);
        let version = last.ensure_add(1)?;
        let notice = max(present.notice_blocks, present.unbonding_blocks);
        let from = Self::now().ensure_add(notice)?;
        let is_worse = is_worse(&present, &terms);
        federation.pending_terms = Some(PendingTerms { version, from, is_worse });
        FederationTerms::<T>::insert(id, version, terms);
        Self::deposit_event(Event::TermsScheduled {
            federation: id,
            terms_version: version,
            from,
            is_worse,
        });
        Ok(())
    }

    /// Forget terms that are announced and not in force. The caller stores the federation.
    pub(crate) fn drop_pending_terms(id: FederationId, federation: &mut Federation) {
        if let Some(pending) = federation.pending_terms.take() {
            FederationTerms::<T>::remove(id, pending.version);
        }
    }

    /// Put announced terms in force whose notice is over, and store that. Whoever reads the terms
    /// in force calls this first: nothing else moves them.
    ///
    /// The version before goes when no round was opened under it: the versions in store are never
    /// more than the rounds, the present one and one that waits.
    pub(crate) fn come_into_force(id: FederationId, federation: &mut Federation) {
        let Some(pending) = federation.pending_terms.filter(|next| Self::now() >= next.from) else {
            return;
        };
        let last = federation.next_round.checked_sub(1).and_then(|last| Rounds::<T>::get(id, last));
        if last.is_none_or(|last| last.terms_version < federation.terms_version) {
            FederationTerms::<T>::remove(id, federation.terms_version);
        }
        federation.terms_version = pending.version;
        federation.pending_terms = None;
        Federations::<T>::insert(id, &*federation);
        let terms_version = pending.version;
        Self::deposit_event(Event::TermsSet { federation: id, terms_version });
    }

    fn put_model(id: FederationId, federation: &mut Federation, model: H256) {
        federation.model = Some(model);
        Self::deposit_event(Event::Rebased { federation: id, model });
    }

    pub(crate) fn do_propose(
        proposer: T::AccountId,
        id: FederationId,
        proposal: Proposal,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let participant = Self::participant(id, &proposer)?;
        ensure!(participant.active > 0, Error::<T>::NoActiveStake);
        let terms = Self::terms(id, federation.terms_version)?;
        let rules = Self::voting_rules(&federation, &terms, &proposal)?;
        match &proposal {
            Proposal::Terms(terms) => Self::ensure_terms(terms)?,
            Proposal::Succession(succession) => Self::ensure_succession(succession)?,
            Proposal::Coordinator(_) | Proposal::Rebase(_) => {}
        }
        ensure!(federation.proposals < T::MaxProposals::get(), Error::<T>::TooManyProposals);
        ensure!(!Self::has_proposed(id, &proposer, &participant), Error::<T>::ProposalUndecided);
        let (voting_until, enact_at) = rules.schedule(Self::now())?;
        let deposit = T::ProposalDeposit::get();
        T::Currency::hold(&HoldReason::ProposalDeposit.into(), &proposer, deposit)?;
        let number = federation.next_proposal;
        federation.next_proposal = number.ensure_add(1)?;
        federation.proposals.ensure_add_assign(1)?;
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
            electorate: federation.youth.electorate(
                federation.total_active,
                Self::now(),
                terms.aging_blocks,
            ),
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

    /// True when the account, or another one of its organisation, has a proposal that is not
    /// decided: one each, so that nobody takes all places.
    fn has_proposed(
        id: FederationId,
        proposer: &T::AccountId,
        member: &Participant<T::MaxUnbonding>,
    ) -> bool {
        let subject_of = |account: &T::AccountId| {
            Participants::<T>::get(id, account).map(|other| other.subject(account))
        };
        let subject = member.subject(proposer);
        Motions::<T>::iter_prefix_values(id)
            .filter(|motion| motion.state == MotionState::Open)
            .any(|motion| subject_of(&motion.proposer).as_ref() == Some(&subject))
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
        let may = match proposal {
            Proposal::Coordinator(_) => federation.needs_coordinator(terms, Self::now()),
            // A coordinator that governs can not do all alone: what is left is the members'.
            Proposal::Terms(_) => terms.governance == Governance::Coordinator,
            Proposal::Rebase(_) | Proposal::Succession(_) => false,
        };
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
        Self::active_federation(id)?;
        let mut motion = Self::motion(id, number)?;
        ensure!(Self::now() <= motion.voting_until, Error::<T>::VotingClosed);
        let mut member = Self::participant(id, &account)?;
        ensure!(member.active > 0, Error::<T>::NoActiveStake);
        let has_voted = Votes::<T>::contains_key((id, number, &account));
        ensure!(!has_voted, Error::<T>::AlreadyVoted);
        let weight = Self::weight_of(&member, &motion)?;
        let subject = member.subject(&account);
        let before = GroupVotes::<T>::get((id, number, &subject));
        let stake = within_share(weight, before, motion.electorate, motion.max_vote_share);
        let side = if approve { &mut motion.ayes } else { &mut motion.nays };
        side.ensure_add_assign(stake)?;
        GroupVotes::<T>::insert((id, number, &subject), before.ensure_add(stake)?);
        // What has voted answers for it: it does not leave before the decision.
        member.takes_part_until(motion.enact_at);
        Participants::<T>::insert(id, &account, member);
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

    /// What a member's stake weighs in a vote by its age at the proposal. Stake that came with the
    /// proposal or after it weighs nothing: nobody buys a vote that is known to come.
    fn weight_of(
        member: &Participant<T::MaxUnbonding>,
        motion: &Motion,
    ) -> Result<Balance, Error<T>> {
        let age = motion.proposed_at.checked_sub(member.held_since).filter(|age| *age > 0);
        let age = age.ok_or(Error::<T>::StakeTooYoung)?;
        let weight = aged(member.active, age, motion.aging_blocks);
        ensure!(weight > 0, Error::<T>::StakeTooYoung);
        Ok(weight)
    }

    fn motion(id: FederationId, number: ProposalId) -> Result<Motion, Error<T>> {
        Motions::<T>::get(id, number).ok_or(Error::<T>::ProposalNotFound)
    }

    pub(crate) fn do_enact(id: FederationId, number: ProposalId, limit: u32) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut motion = Self::motion(id, number)?;
        if motion.state == MotionState::Open {
            Self::come_into_force(id, &mut federation);
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
            Proposal::Terms(terms) => Self::announce_terms(id, federation, *terms),
            Proposal::Coordinator(account) => {
                federation.failures_in_row = 0;
                Self::put_coordinator(id, federation, account);
                Ok(())
            }
            Proposal::Rebase(model) => {
                Self::put_model(id, federation, model);
                Ok(())
            }
            Proposal::Succession(succession) => {
                Self::announce_succession(id, federation, succession)
            }
        }
    }

    /// True when the vote approved, and what was asked for may still be done: the members still
    /// have a say on the terms, and the runtime's ranges have not changed under them.
    fn is_enactable(
        id: FederationId,
        federation: &Federation,
        motion: &Motion,
    ) -> Result<bool, DispatchError> {
        if federation.state != FederationState::Active {
            return Ok(false);
        }
        let count = Count { ayes: motion.ayes, nays: motion.nays, electorate: motion.electorate };
        let governance = Self::terms(id, federation.terms_version)?.governance;
        let may = match &motion.proposal {
            Proposal::Coordinator(_) => true,
            Proposal::Rebase(_) => matches!(governance, Governance::Members { .. }),
            Proposal::Succession(succession) => {
                let may_decide = matches!(governance, Governance::Members { .. });
                may_decide && Self::ensure_succession(succession).is_ok()
            }
            Proposal::Terms(terms) => {
                let may_decide = match governance {
                    Governance::Members { .. } => true,
                    Governance::Coordinator => is_approved_by_half(&count),
                    Governance::Council => false,
                };
                may_decide && Self::ensure_terms(terms).is_ok()
            }
        };
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
        let voters: Vec<_> = Votes::<T>::iter_key_prefix((id, number)).take(limit).collect();
        for account in voters {
            Votes::<T>::remove((id, number, account));
        }
        // Of these there are never more than votes: they are gone with the last of them.
        let groups: Vec<_> = GroupVotes::<T>::iter_key_prefix((id, number)).take(limit).collect();
        for subject in groups {
            GroupVotes::<T>::remove((id, number, subject));
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
