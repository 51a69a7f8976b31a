// SPDX-License-Identifier: Apache-2.0
//! Relaying signed commitments of many members.
use frame_support::pallet_prelude::*;
use sp_core::{sr25519, H256};

use crate::{
    encoding::{statement, Binding, Context},
    rules::may_claim,
    *,
};

/// The round that a batch goes to, and what its entries are measured by.
struct Batch<T: Config> {
    place: (FederationId, RoundId),
    round: Round,
    binding: Binding,
    genesis: H256,
    now: BlockNumber,
    is_sealed: bool,
    liable_until: BlockNumber,
    terms: Terms,
    _runtime: PhantomData<T>,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit_batch(
        coordinator: T::AccountId,
        id: FederationId,
        round_id: RoundId,
        entries: BoundedVec<BatchEntry, T::MaxVerdicts>,
    ) -> DispatchResult {
        let federation = Self::federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        let round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        ensure!(now <= round.settle_until, Error::<T>::SettleWindowClosed);
        let terms = Self::terms(id, round.terms_version)?;
        let mut batch = Batch::<T> {
            place: (id, round_id),
            binding: round.binding(),
            genesis: Self::genesis_hash(),
            now,
            is_sealed: round.is_sealed(now),
            liable_until: round.liable_until(&terms)?,
            terms,
            round,
            _runtime: PhantomData,
        };
        for entry in entries {
            let account = entry.account.clone();
            if let Some(reason) = batch.take(entry)? {
                Self::deposit_event(Event::CommitmentRefused {
                    federation: id,
                    round: round_id,
                    account,
                    reason,
                });
            }
        }
        let Batch { mut round, terms, .. } = batch;
        Self::seal_by_quorum(id, round_id, &mut round, &terms);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }
}

impl<T: Config> Batch<T> {
    /// Take one entry, or say why not. Only two signed hashes of one account write more than the
    /// commitment itself.
    fn take(&mut self, entry: BatchEntry) -> Result<Option<RefusalReason>, DispatchError> {
        let (id, round) = self.place;
        let Some(mut participant) = Participants::<T>::get(id, &entry.account) else {
            return Ok(Some(RefusalReason::NotParticipant));
        };
        if let Some(earlier) = Commitments::<T>::get((id, round, &entry.account)) {
            return self.take_second(entry, earlier, participant).map(Some);
        }
        if let Some(reason) = self.refusal(&entry, &participant) {
            return Ok(Some(reason));
        }
        let BatchEntry { account, commitment, num_examples, .. } = entry;
        let commitment = Commitment::new(commitment, num_examples, self.now, participant.active);
        participant.consents(self.round.terms_version, &self.terms);
        participant.takes_part_until(self.liable_until);
        Participants::<T>::insert(id, &account, participant);
        Pallet::<T>::take_commitment(self.place, &mut self.round, account, commitment)?;
        Ok(None)
    }

    fn refusal(
        &self,
        entry: &BatchEntry,
        participant: &Participant<T::MaxUnbonding>,
    ) -> Option<RefusalReason> {
        if self.is_sealed {
            Some(RefusalReason::WindowClosed)
        } else if participant.active < self.terms.min_stake {
            Some(RefusalReason::StakeTooLow)
        } else if participant.is_suspended(self.now) {
            Some(RefusalReason::Suspended)
        } else if !self.is_signed(entry) {
            Some(RefusalReason::BadSignature)
        } else if !may_claim(entry.num_examples, &self.terms, participant.max_examples) {
            Some(RefusalReason::TooManyExamples)
        } else {
            None
        }
    }

    fn take_second(
        &mut self,
        entry: BatchEntry,
        earlier: Commitment,
        mut participant: Participant<T::MaxUnbonding>,
    ) -> Result<RefusalReason, DispatchError> {
        if entry.commitment == earlier.hash {
            return Ok(RefusalReason::Duplicate);
        }
        if !self.is_signed(&entry) {
            return Ok(RefusalReason::BadSignature);
        }
        Pallet::<T>::record_offence(
            self.place,
            &mut self.round,
            &entry.account,
            &mut participant,
            OffenceKind::Equivocation,
            None,
            &self.terms,
        )?;
        Participants::<T>::insert(self.place.0, &entry.account, participant);
        Ok(RefusalReason::Equivocation)
    }

    fn is_signed(&self, entry: &BatchEntry) -> bool {
        let context = Context {
            genesis: self.genesis,
            federation: self.place.0,
            round: self.place.1,
            account: entry.account.clone(),
        };
        let (hash, examples) = (entry.commitment, entry.num_examples);
        let message = statement(&context, &self.binding, hash, examples);
        let key = sr25519::Public::from_raw(entry.account.clone().into());
        sp_io::crypto::sr25519_verify(&entry.signature, &message, &key)
    }
}
