// SPDX-License-Identifier: Apache-2.0
//! What a verdict does to one member, from a list or from a leaf of a posted root.
use frame_support::{defensive, pallet_prelude::*, traits::DefensiveOption};
use sp_runtime::traits::EnsureSub;

use crate::{
    encoding::{verify_proof, Leaf},
    money_rules::{note_strike, with_tenure},
    rules::{is_leaf_sound, judge, totals_of, Standing},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_apply_leaf(
        id: FederationId,
        round_id: RoundId,
        proven: ProvenLeaf,
    ) -> DispatchResult {
        let place = (id, round_id);
        let mut federation = Self::federation(id)?;
        ensure!(federation.state != FederationState::Closed, Error::<T>::FederationNotActive);
        let mut round = Self::round(id, round_id)?;
        let mut settlement = Self::settlement_to_pay(&round)?;
        let terms = Self::terms(id, round.terms_version)?;
        ensure!(settlement.mode == SettlementMode::Merkle, Error::<T>::NotMerkle);
        let leaf = &proven.leaf;
        ensure!(Self::is_in_root(&settlement, &proven)?, Error::<T>::ProofInvalid);
        ensure!(is_leaf_sound(leaf, &terms), Error::<T>::LeafUnsound);
        let commitment =
            Commitments::<T>::get((id, round_id, &leaf.account)).ok_or(Error::<T>::NotCommitted)?;
        ensure!(commitment.hash == leaf.commitment, Error::<T>::CommitmentDiffers);
        ensure!(!commitment.judged, Error::<T>::AlreadyJudged);
        let used = totals_of(leaf.outcome, leaf.reward);
        settlement.left = settlement.left.checked_sub(&used).ok_or(Error::<T>::TotalsExceeded)?;
        let waits = Self::credit(place, leaf, &terms)?;
        let kept_back = leaf.reward.ensure_sub(waits)?;
        settlement.unpaid = settlement.unpaid.ensure_sub(kept_back)?;
        federation.owed = federation.owed.ensure_sub(kept_back)?;
        round.settlement = Some(settlement);
        Self::judge_member(place, &mut round, leaf, &terms)?;
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        let Leaf { account, outcome, .. } = proven.leaf;
        Self::deposit_event(Event::LeafApplied {
            federation: id,
            round: round_id,
            account,
            outcome,
        });
        Ok(())
    }

    /// True when the leaf is at its index under the settlement's root.
    pub(crate) fn is_in_root(
        settlement: &Settlement,
        proven: &ProvenLeaf,
    ) -> Result<bool, DispatchError> {
        let ProvenLeaf { leaf, index, proof } = proven;
        let count = settlement.totals.count()?;
        Ok(verify_proof(settlement.root, leaf.hash(), *index, count, proof))
    }

    /// Note the verdict on the commitment, with what the member's tenure gives it of the reward.
    /// Returns what waits of it: nothing when an offence took it before, or leaving did.
    pub(crate) fn credit(
        (federation, round): (FederationId, RoundId),
        leaf: &Leaf,
        terms: &Terms,
    ) -> Result<Balance, DispatchError> {
        let account = &leaf.account;
        let mut commitment = Commitments::<T>::get((federation, round, account))
            .defensive_ok_or(Error::<T>::Defensive)?;
        if commitment.judged {
            defensive!("a verdict comes twice");
            return Err(Error::<T>::Defensive.into());
        }
        // One that has left has no tenure.
        let accepted = Participants::<T>::get(federation, account).map_or(0, |one| one.accepted);
        let amount = with_tenure(leaf.reward, accepted, terms.tenure_rounds)?;
        let is_taken = commitment.payout == Payout::Forfeited;
        commitment.judged = true;
        commitment.reward = amount;
        Commitments::<T>::insert((federation, round, account), commitment);
        if leaf.outcome != Outcome::Accepted {
            return Ok(0);
        }
        let account = account.clone();
        if is_taken {
            Self::announce_cut((federation, round), account, amount);
            return Ok(0);
        }
        Self::deposit_event(Event::Rewarded { federation, round, account, amount });
        Ok(amount)
    }

    /// Strike a member or forgive it. One that has left has no standing to change.
    pub(crate) fn judge_member(
        place: (FederationId, RoundId),
        round: &mut Round,
        leaf: &Leaf,
        terms: &Terms,
    ) -> DispatchResult {
        let Some(mut participant) = Participants::<T>::get(place.0, &leaf.account) else {
            return Ok(());
        };
        let Participant { strikes, clean_rounds, forgiven, .. } = participant;
        let before = Standing { strikes, clean_rounds, forgiven };
        let after = judge(before, leaf.outcome, terms.strike_decay_rounds)?;
        participant.strikes = after.strikes;
        participant.clean_rounds = after.clean_rounds;
        participant.forgiven = after.forgiven;
        match leaf.outcome {
            Outcome::Accepted => participant.accepted = participant.accepted.saturating_add(1),
            Outcome::Rejected => note_strike(&mut participant.struck, place.1),
            Outcome::Excluded => {}
        }
        Self::announce_standing(place, leaf, before.strikes, after.strikes);
        if after.strikes >= terms.strikes_to_slash && leaf.outcome == Outcome::Rejected {
            let is_new = Self::record_offence(
                place,
                round,
                &leaf.account,
                &mut participant,
                OffenceKind::Outlier,
                None,
                terms,
            )?;
            if is_new {
                participant.strikes = 0;
            }
        }
        Participants::<T>::insert(place.0, &leaf.account, participant);
        Ok(())
    }

    fn announce_standing(
        (federation, round): (FederationId, RoundId),
        leaf: &Leaf,
        before: u32,
        strikes: u32,
    ) {
        let account = leaf.account.clone();
        let Leaf { reason, score, .. } = *leaf;
        if strikes > before {
            Self::deposit_event(Event::Struck {
                federation,
                round,
                account,
                strikes,
                reason,
                score,
            });
        } else if strikes < before {
            Self::deposit_event(Event::StrikeForgiven { federation, round, account, strikes });
        }
    }
}
