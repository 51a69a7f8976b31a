//! Opening a round, committing in it, aborting it.

use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::{sr25519, H256};
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign, Zero};

use crate::{
    encoding::{to_sign, Context},
    *,
};

/// The round that a batch goes to, and what its entries are measured by.
struct Batch<T: Config> {
    federation: FederationId,
    round: RoundId,
    genesis: H256,
    now: BlockNumber,
    is_sealed: bool,
    terms: Terms,
    _runtime: PhantomData<T>,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_open_round(
        coordinator: T::AccountId,
        id: FederationId,
        base_model: H256,
    ) -> DispatchResult {
        let mut federation = Self::active_federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        ensure!(federation.open_round.is_none(), Error::<T>::RoundInProgress);
        let terms = Self::terms(id, federation.terms_version)?;
        federation.reserved = terms.round_reward;
        ensure!(Self::escrow_funds(id) >= federation.obligations()?, Error::<T>::EscrowShort);
        let opened = Round::open(base_model, federation.terms_version, &terms, Self::now())?;
        let round = federation.next_round;
        federation.next_round = round.ensure_add(1)?;
        federation.open_round = Some(round);
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round, opened);
        Self::deposit_event(Event::RoundOpened {
            federation: id,
            round,
            base_model,
            commit_until: opened.commit_until,
            settle_until: opened.settle_until,
        });
        Ok(())
    }

    pub(crate) fn do_commit(
        account: T::AccountId,
        id: FederationId,
        round_id: RoundId,
        hash: H256,
        num_examples: u64,
    ) -> DispatchResult {
        Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        ensure!(!round.is_sealed(now), Error::<T>::CommitWindowClosed);
        let terms = Self::terms(id, round.terms_version)?;
        let participant = Self::participant(id, &account)?;
        let is_in = Commitments::<T>::contains_key((id, round_id, &account));
        ensure!(!is_in, Error::<T>::AlreadyCommitted);
        ensure!(participant.active >= terms.min_stake, Error::<T>::StakeTooLow);
        ensure!(now >= participant.suspended_until, Error::<T>::Suspended);
        let commitment = Commitment { hash, num_examples, at: now };
        Self::take_commitment(id, round_id, account, commitment);
        round.commitments.ensure_add_assign(1)?;
        Self::seal_by_quorum(id, round_id, &mut round, &terms);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    fn take_commitment(
        federation: FederationId,
        round: RoundId,
        account: T::AccountId,
        commitment: Commitment,
    ) {
        Commitments::<T>::insert((federation, round, &account), commitment);
        Self::deposit_event(Event::Committed {
            federation,
            round,
            account,
            commitment: commitment.hash,
            num_examples: commitment.num_examples,
        });
    }

    fn seal_by_quorum(id: FederationId, round_id: RoundId, round: &mut Round, terms: &Terms) {
        let has_quorum = terms.quorum > 0 && round.commitments >= terms.quorum;
        if has_quorum && round.sealed_at.is_none() {
            round.sealed_at = Some(Self::now());
            Self::deposit_event(Event::RoundSealed {
                federation: id,
                round: round_id,
                commitments: round.commitments,
            });
        }
    }

    pub(crate) fn do_commit_batch(
        coordinator: T::AccountId,
        id: FederationId,
        round_id: RoundId,
        entries: BoundedVec<BatchEntry, T::MaxParticipants>,
    ) -> DispatchResult {
        let federation = Self::federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        ensure!(now <= round.settle_until, Error::<T>::SettleWindowClosed);
        let terms = Self::terms(id, round.terms_version)?;
        let batch = Batch::<T> {
            federation: id,
            round: round_id,
            genesis: Self::genesis_hash(),
            now,
            is_sealed: round.is_sealed(now),
            terms,
            _runtime: PhantomData,
        };
        for entry in entries {
            let account = entry.account.clone();
            match batch.take(entry)? {
                None => round.commitments.ensure_add_assign(1)?,
                Some(reason) => Self::deposit_event(Event::CommitmentRefused {
                    federation: id,
                    round: round_id,
                    account,
                    reason,
                }),
            }
        }
        Self::seal_by_quorum(id, round_id, &mut round, &terms);
        Rounds::<T>::insert(id, round_id, round);
        Ok(())
    }

    /// Hash of the first block: System keeps it for ever.
    pub fn genesis_hash() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    pub(crate) fn do_abort(
        who: T::AccountId,
        id: FederationId,
        round_id: RoundId,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let by_deadline = Self::now() > round.settle_until;
        let may = by_deadline || federation.coordinator == who;
        ensure!(may, Error::<T>::SettleWindowOpen);
        if by_deadline {
            federation.failed_rounds.ensure_add_assign(1)?;
        }
        federation.end_round();
        round.state = RoundState::Aborted;
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::RoundAborted { federation: id, round: round_id, by_deadline });
        Ok(())
    }
}

impl<T: Config> Batch<T> {
    /// Take one entry, or say why not. Only two signed hashes of one account write more than the
    /// commitment itself.
    fn take(&self, entry: BatchEntry) -> Result<Option<RefusalReason>, DispatchError> {
        let (id, round) = (self.federation, self.round);
        let Some(participant) = Participants::<T>::get(id, &entry.account) else {
            return Ok(Some(RefusalReason::NotParticipant));
        };
        if let Some(earlier) = Commitments::<T>::get((id, round, &entry.account)) {
            return self.take_second(entry, earlier, participant).map(Some);
        }
        if let Some(reason) = self.refusal(&entry, &participant) {
            return Ok(Some(reason));
        }
        let commitment =
            Commitment { hash: entry.commitment, num_examples: entry.num_examples, at: self.now };
        Pallet::<T>::take_commitment(id, round, entry.account, commitment);
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
        } else if self.now < participant.suspended_until {
            Some(RefusalReason::Suspended)
        } else if !self.is_signed(entry) {
            Some(RefusalReason::BadSignature)
        } else {
            None
        }
    }

    fn take_second(
        &self,
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
            (self.federation, self.round),
            &entry.account,
            &mut participant,
            OffenceKind::Equivocation,
            &self.terms,
        )?;
        Participants::<T>::insert(self.federation, &entry.account, participant);
        Ok(RefusalReason::Equivocation)
    }

    fn is_signed(&self, entry: &BatchEntry) -> bool {
        let context = Context {
            genesis: self.genesis,
            federation: self.federation,
            round: self.round,
            account: entry.account.clone(),
        };
        let message = to_sign(&context, entry.commitment, entry.num_examples);
        let key = sr25519::Public::from_raw(entry.account.clone().into());
        sp_io::crypto::sr25519_verify(&entry.signature, &message, &key)
    }
}
