// SPDX-License-Identifier: Apache-2.0
//! Offences that anyone proves, and roots that anyone proves bad.
use frame_support::pallet_prelude::*;
use sp_core::sr25519;

use crate::{
    encoding::{statement, to_sign_attest, Binding, Context, Leaf},
    rules::{is_leaf_sound, is_left_out},
    *,
};

impl<T: Config> Pallet<T> {
    /// A round, and the terms that it opened with.
    pub(crate) fn round_and_terms(
        (id, round): (FederationId, RoundId),
    ) -> Result<(Round, Terms), Error<T>> {
        let round = Self::round(id, round)?;
        let terms = Self::terms(id, round.terms_version)?;
        Ok((round, terms))
    }

    /// What binds a signature of this account to this chain, federation and round.
    pub(crate) fn context(
        (federation, round): (FederationId, RoundId),
        account: &T::AccountId,
    ) -> Context {
        Context { genesis: Self::genesis_hash(), federation, round, account: account.clone() }
    }

    pub(crate) fn ensure_reportable(round: &Round, terms: &Terms) -> DispatchResult {
        ensure!(Self::now() <= round.report_until(terms)?, Error::<T>::ReportWindowClosed);
        Ok(())
    }

    pub(crate) fn do_report_equivocation(
        reporter: T::AccountId,
        place: (FederationId, RoundId),
        proof: EquivocationProof,
    ) -> DispatchResult {
        let federation = Self::federation(place.0)?;
        let (round, terms) = Self::round_and_terms(place)?;
        Self::ensure_reportable(&round, &terms)?;
        let (account, kind, is_voided) = match proof {
            EquivocationProof::Commitments { account, first, second } => {
                let said = |one: &SignedCommitment| (one.commitment, one.num_examples);
                ensure!(said(&first) != said(&second), Error::<T>::NotAnOffence);
                let binding = round.binding();
                let did = |one: &SignedCommitment| Self::did_commit(place, &binding, &account, one);
                let holds = did(&first) && did(&second);
                ensure!(holds, Error::<T>::ProofInvalid);
                (account, OffenceKind::Equivocation, false)
            }
            EquivocationProof::Attestations { account, first, second } => {
                // An abstention contradicts nothing.
                let is_silent = first.statement.is_zero() || second.statement.is_zero();
                let differ = first.statement != second.statement && !is_silent;
                ensure!(differ, Error::<T>::NotAnOffence);
                let is_voided = Self::void_seat(place, &account, &[first, second])?;
                (account, OffenceKind::AttesterEquivocation, is_voided)
            }
        };
        let by = (kind, reporter);
        let is_new = Self::accuse(&federation, (place, round), account, by, &terms)?;
        // A seat is lost even where another offence of this round stands already.
        ensure!(is_new || is_voided, Error::<T>::AlreadyReported);
        Ok(())
    }

    /// True when the account stands by this commitment: it is on chain, or signed for this round
    /// with its coordinator, model and terms. What was signed for another model proves nothing.
    fn did_commit(
        place: (FederationId, RoundId),
        binding: &Binding,
        account: &T::AccountId,
        said: &SignedCommitment,
    ) -> bool {
        let stored = Commitments::<T>::get((place.0, place.1, account));
        let is_said = |stored: Commitment| {
            (stored.hash, stored.num_examples) == (said.commitment, said.num_examples)
        };
        stored.is_some_and(is_said) || {
            let context = Self::context(place, account);
            let message = statement(&context, binding, said.commitment, said.num_examples);
            Self::did_sign(account, &said.signature, &message)
        }
    }

    pub(crate) fn did_sign(
        account: &T::AccountId,
        signature: &sr25519::Signature,
        message: &[u8; 32],
    ) -> bool {
        let key = sr25519::Public::from_raw(account.clone().into());
        sp_io::crypto::sr25519_verify(signature, message, &key)
    }

    /// Check that the holder of a seat said both, on chain or by signature, and count it for
    /// neither. Returns false when that was so before.
    fn void_seat(
        place: (FederationId, RoundId),
        account: &T::AccountId,
        both: &[SignedStatement; 2],
    ) -> Result<bool, DispatchError> {
        let (mut seats, index) = Self::seat_of(place, account)?;
        let seat = seats.get_mut(index).ok_or(Error::<T>::Defensive)?;
        let did_say = |said: &SignedStatement| {
            seat.said == Some(said.statement) || {
                let message = to_sign_attest(&Self::context(place, account), said.statement);
                Self::did_sign(account, &said.signature, &message)
            }
        };
        ensure!(both.iter().all(did_say), Error::<T>::ProofInvalid);
        let is_new = !core::mem::replace(&mut seat.is_void, true);
        Committees::<T>::insert(place.0, place.1, seats);
        Ok(is_new)
    }

    /// Record what was proved, unless an offence of this round stands. Who decides, or accuses
    /// itself, is not noted as reporter.
    fn accuse(
        federation: &Federation,
        (place, mut round): ((FederationId, RoundId), Round),
        account: T::AccountId,
        (kind, reporter): (OffenceKind, T::AccountId),
        terms: &Terms,
    ) -> Result<bool, DispatchError> {
        let mut participant = Self::participant(place.0, &account)?;
        let is_apart = reporter != account && reporter != federation.coordinator;
        let is_new = Self::record_offence(
            place,
            &mut round,
            &account,
            &mut participant,
            kind,
            is_apart.then_some(reporter),
            terms,
        )?;
        Participants::<T>::insert(place.0, &account, participant);
        Rounds::<T>::insert(place.0, place.1, round);
        Ok(is_new)
    }

    pub(crate) fn do_report_mismatch(
        reporter: T::AccountId,
        place: (FederationId, RoundId),
        proven: ProvenLeaf,
    ) -> DispatchResult {
        let federation = Self::federation(place.0)?;
        let (round, terms) = Self::round_and_terms(place)?;
        let settlement = Self::settlement(&round)?;
        Self::ensure_reportable(&round, &terms)?;
        Self::ensure_in_root(&settlement, &proven)?;
        // What a member sent is nobody's but the coordinator's word, unless others saw it too.
        let is_seen = Self::is_settlement_attested(place, &round, &terms);
        ensure!(is_seen, Error::<T>::NotAttested);
        let Leaf { account, commitment, revealed, .. } = proven.leaf;
        ensure!(Self::has_committed(place, &account, commitment), Error::<T>::NotCommitted);
        // Zero says that nothing was revealed: to be late is not to lie.
        let differs = revealed != commitment && !revealed.is_zero();
        ensure!(differs, Error::<T>::NotAnOffence);
        let by = (OffenceKind::Mismatch, reporter);
        let is_new = Self::accuse(&federation, (place, round), account, by, &terms)?;
        ensure!(is_new, Error::<T>::AlreadyReported);
        Ok(())
    }

    fn has_committed(
        (federation, round): (FederationId, RoundId),
        account: &T::AccountId,
        commitment: sp_core::H256,
    ) -> bool {
        Commitments::<T>::get((federation, round, account))
            .is_some_and(|stored| stored.hash == commitment)
    }

    fn ensure_in_root(settlement: &Settlement, proven: &ProvenLeaf) -> DispatchResult {
        ensure!(Self::is_in_root(settlement, proven)?, Error::<T>::ProofInvalid);
        Ok(())
    }

    pub(crate) fn do_report_bad_root(
        who: T::AccountId,
        place: (FederationId, RoundId),
        proof: BadRoot,
    ) -> DispatchResult {
        let mut federation = Self::federation(place.0)?;
        let (mut round, terms) = Self::round_and_terms(place)?;
        let settlement = Self::settlement(&round)?;
        // The root of a list is the pallet's own.
        ensure!(settlement.mode == SettlementMode::Merkle, Error::<T>::NotMerkle);
        Self::ensure_reportable(&round, &terms)?;
        let is_bad = match &proof {
            BadRoot::OutOfOrder { first, second } => {
                Self::ensure_in_root(&settlement, first)?;
                Self::ensure_in_root(&settlement, second)?;
                first.index < second.index && first.leaf.account >= second.leaf.account
            }
            BadRoot::NotCommitted(proven) => {
                Self::ensure_in_root(&settlement, proven)?;
                !Self::has_committed(place, &proven.leaf.account, proven.leaf.commitment)
            }
            BadRoot::Omitted { account, before, after } => {
                for proven in before.iter().chain(after) {
                    Self::ensure_in_root(&settlement, proven)?;
                }
                let count = settlement.totals.count()?;
                Commitments::<T>::contains_key((place.0, place.1, account))
                    && is_left_out(account, before.as_ref(), after.as_ref(), count)
            }
            BadRoot::Unsound(proven) => {
                Self::ensure_in_root(&settlement, proven)?;
                !is_leaf_sound(&proven.leaf, &terms)
            }
        };
        ensure!(is_bad, Error::<T>::RootNotBad);
        // The root of a seat of the committee is not its doing.
        if settlement.by_coordinator {
            Self::punish(place, &mut federation, &mut round, &terms, Some(&who))?;
        }
        Self::void_round(place, &mut federation, &mut round, who)?;
        Federations::<T>::insert(place.0, federation);
        Rounds::<T>::insert(place.0, place.1, round);
        Ok(())
    }
}
