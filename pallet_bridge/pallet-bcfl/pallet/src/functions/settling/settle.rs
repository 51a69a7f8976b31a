// SPDX-License-Identifier: Apache-2.0
//! Settling a round: by a list of verdicts, or by one root.
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::traits::{EnsureAdd, EnsureAddAssign};

use crate::{
    encoding::{attest_statement, merkle_root, Leaf},
    money_rules::vests_at,
    rules::{are_totals_possible, greatest_reward, is_ascending, split_rewards, totals_of},
    *,
};

/// A round that may be settled now.
struct Settling {
    place: (FederationId, RoundId),
    federation: Federation,
    round: Round,
    terms: Terms,
    /// True when who opened the round settles it.
    by_coordinator: bool,
}

/// What a settlement says.
struct Said {
    mode: SettlementMode,
    model: H256,
    report: H256,
    root: H256,
    totals: Totals,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_settle(
        who: T::AccountId,
        place: (FederationId, RoundId),
        model: H256,
        report: H256,
        verdicts: BoundedVec<Verdict, T::MaxVerdicts>,
    ) -> DispatchResult {
        let mut settling = Self::settling(&who, place)?;
        ensure!(is_ascending(&verdicts), Error::<T>::VerdictsNotSorted);
        let leaves = Self::leaves(&settling, verdicts)?;
        // Each is of one who committed, and of another: so none is left out when there are enough.
        let is_complete = weights::count(leaves.len()) == settling.round.commitments;
        ensure!(is_complete, Error::<T>::VerdictMissing);
        let mut totals = Totals::default();
        for leaf in &leaves {
            totals.add(&totals_of(leaf.outcome, leaf.reward))?;
        }
        let root = merkle_root(leaves.iter().map(Leaf::hash).collect());
        let said = Said { mode: SettlementMode::List, model, report, root, totals };
        Self::ensure_attested_as_said(&settling, &said)?;
        let mut unpaid: Balance = 0;
        for leaf in &leaves {
            unpaid.ensure_add_assign(Self::credit(place, leaf, &settling.terms)?)?;
            Self::judge_member(place, &mut settling.round, leaf, &settling.terms)?;
        }
        Self::finish_settling(settling, said, Totals::default(), unpaid)
    }

    pub(crate) fn do_settle_root(
        who: T::AccountId,
        place: (FederationId, RoundId),
        model: H256,
        report: H256,
        root: H256,
        totals: Totals,
    ) -> DispatchResult {
        let settling = Self::settling(&who, place)?;
        let budget = settling.federation.reserved;
        let is_possible = are_totals_possible(&totals, budget, settling.round.commitments);
        ensure!(is_possible, Error::<T>::TotalsImpossible);
        let said = Said { mode: SettlementMode::Merkle, model, report, root, totals };
        Self::ensure_attested_as_said(&settling, &said)?;
        Self::finish_settling(settling, said, totals, totals.rewards)
    }

    fn settling(
        who: &T::AccountId,
        place: (FederationId, RoundId),
    ) -> Result<Settling, DispatchError> {
        let (id, round_id) = place;
        let federation = Self::federation(id)?;
        let round = Self::ongoing_round(id, round_id)?;
        let terms = Self::terms(id, round.terms_version)?;
        // A later coordinator has no bond in this round, and nobody signed a statement for it.
        let by_coordinator = federation.coordinator == *who && round.coordinator == *who;
        let may = by_coordinator
            || (terms.coupling == Coupling::Full && Self::is_seated(id, round_id, who));
        ensure!(may, Error::<T>::NotCoordinator);
        let now = Self::now();
        ensure!(round.is_sealed(now), Error::<T>::RoundNotSealed);
        ensure!(now <= round.settle_until, Error::<T>::SettleWindowClosed);
        Ok(Settling { place, federation, round, terms, by_coordinator })
    }

    /// The leaves of a list of verdicts, each with its commitment and reward.
    fn leaves(
        settling: &Settling,
        verdicts: BoundedVec<Verdict, T::MaxVerdicts>,
    ) -> Result<Vec<Leaf>, DispatchError> {
        let (id, round) = settling.place;
        let cap = greatest_reward(&settling.terms);
        let rewards = split_rewards(settling.federation.reserved, cap, &verdicts)?;
        let leaf = |(verdict, reward): (Verdict, Balance)| {
            let Verdict { account, revealed, outcome, score, reason, weight: _ } = verdict;
            let commitment =
                Commitments::<T>::get((id, round, &account)).ok_or(Error::<T>::NotCommitted)?;
            let strikes = totals_of(outcome, reward).strikes;
            let commitment = commitment.hash;
            Ok(Leaf { account, commitment, revealed, outcome, score, strikes, reward, reason })
        };
        verdicts.into_iter().zip(rewards).map(leaf).collect()
    }

    fn ensure_attested_as_said(settling: &Settling, said: &Said) -> DispatchResult {
        let (id, round) = settling.place;
        let statement = attest_statement(
            Self::genesis_hash(),
            settling.place,
            settling.round.terms_hash,
            (said.model, said.report, said.root),
        );
        Self::ensure_attested(id, round, &settling.terms, statement, said.totals.strikes)
    }

    fn finish_settling(
        settling: Settling,
        said: Said,
        left: Totals,
        unpaid: Balance,
    ) -> DispatchResult {
        let Settling { place: (id, round_id), mut federation, mut round, terms, by_coordinator } =
            settling;
        let Said { mode, model, report, root, totals } = said;
        let settled_at = Self::now();
        let dispute_until = settled_at.ensure_add(terms.dispute_blocks)?;
        let vests_at = vests_at(dispute_until, &terms)?;
        let claim_until = vests_at.ensure_add(terms.claim_blocks)?;
        federation.owed.ensure_add_assign(unpaid)?;
        federation.last_claim_until = federation.last_claim_until.max(claim_until);
        federation.end_round();
        federation.go_on_from(round.base_model, model);
        round.state = RoundState::Settled;
        round.ended_at = Some(settled_at);
        round.settlement = Some(Settlement {
            mode,
            model,
            report,
            root,
            totals,
            left,
            unpaid,
            settled_at,
            dispute_until,
            claim_until,
            vests_at,
            failures_before: core::mem::take(&mut federation.failures_in_row),
            expired: false,
            by_coordinator,
        });
        let terms_version = round.terms_version;
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::RoundSettled {
            federation: id,
            round: round_id,
            model,
            report,
            root,
            mode,
            totals,
            terms_version,
            dispute_until,
            claim_until,
        });
        Ok(())
    }
}
