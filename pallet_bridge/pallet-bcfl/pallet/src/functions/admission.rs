// SPDX-License-Identifier: Apache-2.0
//! Who may join, whom members belong to, and what is remembered of those who left.
use alloc::vec::Vec;
use core::iter;
use frame_support::pallet_prelude::*;
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::traits::{EnsureAdd, EnsureSub};

use crate::*;

/// How many records of each kind one call removes of a federation that is over.
const REMOVED_AT_ONCE: usize = 64;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_invite(
        origin: OriginFor<T>,
        id: FederationId,
        account: T::AccountId,
        organisation: Organisation,
        max_examples: u64,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::come_into_force(id, &mut federation);
        let is_member = Participants::<T>::contains_key(id, &account);
        ensure!(!is_member, Error::<T>::AlreadyJoined);
        let data = (organisation, max_examples);
        let invitation = match Self::terms(id, federation.terms_version)?.admission {
            Admission::Open => return Err(Error::<T>::NotGovernance.into()),
            Admission::Invited => Self::invited(origin, &federation, data)?,
            // Members that are too few to vouch for anyone could never become more.
            Admission::Vouched(needed)
                if federation.members < needed && Self::may_admit(origin.clone(), &federation) =>
            {
                Self::invited(origin, &federation, data)?
            }
            Admission::Vouched(_) => Self::vouched(ensure_signed(origin)?, id, &account, data)?,
        };
        Invitations::<T>::insert(id, &account, &invitation);
        Self::deposit_event(Event::Invited {
            federation: id,
            account,
            organisation: invitation.organisation,
            max_examples,
            vouchers: weights::count(invitation.vouchers.len()),
        });
        Ok(())
    }

    /// True for the coordinator and the council.
    fn may_admit(origin: OriginFor<T>, federation: &Federation) -> bool {
        let is_coordinator =
            ensure_signed(origin.clone()).is_ok_and(|who| who == federation.coordinator);
        is_coordinator || T::CouncilOrigin::ensure_origin(origin).is_ok()
    }

    /// An invitation in place of any that there was.
    fn invited(
        origin: OriginFor<T>,
        federation: &Federation,
        (organisation, max_examples): (Organisation, u64),
    ) -> Result<Invitation, DispatchError> {
        ensure!(Self::may_admit(origin, federation), Error::<T>::NotGovernance);
        Ok(Invitation { organisation, max_examples, vouchers: BoundedVec::new() })
    }

    /// The account's invitation with one more voucher. Members that left, or are suspended, do not
    /// vouch any more; nor do they fix what others may say of the account.
    fn vouched(
        voucher: T::AccountId,
        id: FederationId,
        account: &T::AccountId,
        (organisation, max_examples): (Organisation, u64),
    ) -> Result<Invitation, DispatchError> {
        let member = Self::participant(id, &voucher)?;
        ensure!(member.active > 0, Error::<T>::NoActiveStake);
        ensure!(!member.is_suspended(Self::now()), Error::<T>::Suspended);
        let earlier = Invitations::<T>::get(id, account).map(|found| Self::standing(id, found));
        let mut invitation =
            earlier.filter(|found| !found.vouchers.is_empty()).unwrap_or_else(|| Invitation {
                organisation: organisation.clone(),
                max_examples,
                vouchers: BoundedVec::new(),
            });
        let is_same =
            (&invitation.organisation, invitation.max_examples) == (&organisation, max_examples);
        ensure!(is_same, Error::<T>::OrganisationDiffers);
        let subject = member.subject(&voucher);
        let has_vouched = invitation.vouchers.iter().any(|other| {
            Participants::<T>::get(id, other).is_some_and(|found| found.subject(other) == subject)
        });
        ensure!(!has_vouched, Error::<T>::AlreadyVouched);
        // As many as there is room for are as many as any terms ask for.
        let pushed = invitation.vouchers.try_push(voucher);
        ensure!(pushed.is_ok(), Error::<T>::AlreadyVouched);
        Ok(invitation)
    }

    /// An invitation with those of its vouchers that still may vouch.
    fn standing(id: FederationId, mut invitation: Invitation) -> Invitation {
        let now = Self::now();
        invitation.vouchers.retain(|voucher| {
            Participants::<T>::get(id, voucher)
                .is_some_and(|found| found.active > 0 && !found.is_suspended(now))
        });
        invitation
    }

    /// Use up the invitation that the terms ask for. Returns what it says of the member.
    pub(crate) fn admit(
        id: FederationId,
        federation: &Federation,
        terms: &Terms,
        account: &T::AccountId,
    ) -> Result<(Option<Organisation>, u64), DispatchError> {
        let found = Invitations::<T>::take(id, account);
        if terms.admission == Admission::Open {
            return Ok((None, 0));
        }
        let found = found.ok_or(Error::<T>::NotInvited)?;
        let was_vouched = !found.vouchers.is_empty();
        let invitation = Self::standing(id, found);
        // Vouchers that are all gone do not make it an invitation by the coordinator.
        let is_void = was_vouched && invitation.vouchers.is_empty();
        let is_complete = invitation.is_complete(terms.admission, federation.members);
        ensure!(is_complete && !is_void, Error::<T>::NotInvited);
        let organisation = invitation.belongs_to();
        if let Some(name) = &organisation {
            Self::count_in(id, name, terms.max_per_organisation)?;
        }
        Ok((organisation, invitation.max_examples))
    }

    fn count_in(id: FederationId, name: &Organisation, most: u32) -> DispatchResult {
        let count = Organisations::<T>::get(id, name).ensure_add(1)?;
        ensure!(most == 0 || count <= most, Error::<T>::OrganisationFull);
        Organisations::<T>::insert(id, name, count);
        Ok(())
    }

    fn count_out(id: FederationId, name: &Organisation) -> DispatchResult {
        match Organisations::<T>::get(id, name).ensure_sub(1)? {
            0 => Organisations::<T>::remove(id, name),
            count => Organisations::<T>::insert(id, name, count),
        }
        Ok(())
    }

    /// What is remembered of a member that joins: of its account, and of its organisation. The
    /// account's record is the member's again. That of an organisation stays, for its others.
    pub(crate) fn recall(
        id: FederationId,
        account: &T::AccountId,
        member: &mut Participant<T::MaxUnbonding>,
    ) {
        let own = Records::<T>::take(id, Subject::Account(account.clone()));
        let shared = member
            .organisation
            .clone()
            .and_then(|name| Records::<T>::get(id, Subject::Organisation(name)));
        let record = match (own, shared) {
            (Some(own), Some(shared)) => Some(own.merge(shared)),
            (own, shared) => own.or(shared),
        };
        if let Some(record) = record {
            member.recall(record);
        }
    }

    /// Count a member out of its organisation that leaves, and remember what counts against it:
    /// for its account and for its organisation, as it may come back as either.
    pub(crate) fn remember(
        id: FederationId,
        federation: &Federation,
        account: &T::AccountId,
        member: &Participant<T::MaxUnbonding>,
    ) -> DispatchResult {
        if let Some(name) = &member.organisation {
            Self::count_out(id, name)?;
        }
        // Nobody joins a federation that ends.
        let is_active = federation.state == FederationState::Active;
        let Some(record) = member.record(Self::now()).filter(|_| is_active) else {
            return Ok(());
        };
        let organisation = member.organisation.clone().map(Subject::Organisation);
        for subject in iter::once(Subject::Account(account.clone())).chain(organisation) {
            let record = record.clone();
            Records::<T>::mutate(id, subject, |stored| {
                *stored = Some(match stored.take() {
                    Some(earlier) => earlier.merge(record),
                    None => record,
                });
            });
        }
        Ok(())
    }

    /// Remove what a closed federation still has of invitations and records, some at a time.
    /// Returns false when there is nothing.
    pub(crate) fn remove_admissions(id: FederationId) -> bool {
        let accounts: Vec<_> =
            Invitations::<T>::iter_key_prefix(id).take(REMOVED_AT_ONCE).collect();
        let subjects: Vec<_> = Records::<T>::iter_key_prefix(id).take(REMOVED_AT_ONCE).collect();
        for account in &accounts {
            Invitations::<T>::remove(id, account);
            Sponsorships::<T>::remove(id, account);
        }
        for subject in &subjects {
            Records::<T>::remove(id, subject);
        }
        !(accounts.is_empty() && subjects.is_empty())
    }

    /// Go on with that, as long as there is anything.
    pub(crate) fn clear_admissions(id: FederationId) -> DispatchResult {
        ensure!(Self::remove_admissions(id), Error::<T>::FederationNotActive);
        Ok(())
    }
}
