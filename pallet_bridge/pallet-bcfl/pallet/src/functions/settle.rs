//! Settling a round: verdicts in, rewards credited, strikes given.

use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, traits::DefensiveOption};
use sp_core::H256;
use sp_runtime::traits::{EnsureAddAssign, EnsureMul};

use crate::{
    encoding::{merkle_root, Leaf},
    rules::{count_accepted, is_ascending, judge, reward_share, Standing},
    *,
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_settle(
        coordinator: T::AccountId,
        id: FederationId,
        round_id: RoundId,
        model: H256,
        report: H256,
        verdicts: BoundedVec<Verdict, T::MaxParticipants>,
    ) -> DispatchResult {
        let mut federation = Self::federation(id)?;
        Self::ensure_coordinator(&federation, &coordinator)?;
        let mut round = Self::ongoing_round(id, round_id)?;
        let now = Self::now();
        ensure!(round.is_sealed(now), Error::<T>::RoundNotSealed);
        ensure!(now <= round.settle_until, Error::<T>::SettleWindowClosed);
        ensure!(is_ascending(&verdicts), Error::<T>::VerdictsNotSorted);
        let terms = Self::terms(id, round.terms_version)?;
        let accepted = count_accepted(&verdicts);
        let rejected = weights::count(verdicts.len()).saturating_sub(accepted);
        let share = reward_share(federation.reserved, accepted);
        let rewards = share.ensure_mul(accepted.into())?;
        let leaves = verdicts
            .into_iter()
            .map(|verdict| Self::apply_verdict((id, round_id), verdict, share, &terms))
            .collect::<Result<Vec<H256>, DispatchError>>()?;
        let root = merkle_root(leaves);
        federation.owed.ensure_add_assign(rewards)?;
        federation.end_round();
        round.state = RoundState::Settled;
        round.settlement =
            Some(Settlement { model, report, root, accepted, rejected, rewards, settled_at: now });
        Federations::<T>::insert(id, federation);
        Rounds::<T>::insert(id, round_id, round);
        Self::deposit_event(Event::RoundSettled {
            federation: id,
            round: round_id,
            model,
            report,
            root,
            accepted,
            rejected,
            rewards,
        });
        Ok(())
    }

    /// Credit or strike one member. Returns the leaf of the settlement root.
    fn apply_verdict(
        (federation, round): (FederationId, RoundId),
        verdict: Verdict,
        share: Balance,
        terms: &Terms,
    ) -> Result<H256, DispatchError> {
        let Verdict { account, outcome, score, reason } = verdict;
        let commitment =
            Commitments::<T>::get((federation, round, &account)).ok_or(Error::<T>::NotCommitted)?;
        let mut participant =
            Participants::<T>::get(federation, &account).defensive_ok_or(Error::<T>::Defensive)?;
        let before =
            Standing { strikes: participant.strikes, clean_rounds: participant.clean_rounds };
        let Standing { strikes, clean_rounds } = judge(before, outcome, terms.strike_decay_rounds)?;
        participant.strikes = strikes;
        participant.clean_rounds = clean_rounds;
        let reward = match outcome {
            Outcome::Accepted => share,
            Outcome::Rejected => 0,
        };
        participant.credits.ensure_add_assign(reward)?;
        match outcome {
            Outcome::Accepted => {
                Self::announce_accepted((federation, round), &account, share, before, strikes)
            }
            Outcome::Rejected => Self::deposit_event(Event::Struck {
                federation,
                round,
                account: account.clone(),
                strikes,
                reason,
                score,
            }),
        }
        if strikes >= terms.strikes_to_slash && outcome == Outcome::Rejected {
            let is_new = Self::record_offence(
                (federation, round),
                &account,
                &mut participant,
                OffenceKind::Outlier,
                terms,
            )?;
            if is_new {
                participant.strikes = 0;
            }
        }
        Participants::<T>::insert(federation, &account, participant);
        let commitment = commitment.hash;
        Ok(Leaf { account, commitment, outcome, score, strikes, reward, reason }.hash())
    }

    fn announce_accepted(
        (federation, round): (FederationId, RoundId),
        account: &T::AccountId,
        amount: Balance,
        before: Standing,
        strikes: u32,
    ) {
        let account = account.clone();
        if strikes < before.strikes {
            let account = account.clone();
            Self::deposit_event(Event::StrikeForgiven { federation, round, account, strikes });
        }
        Self::deposit_event(Event::Rewarded { federation, round, account, amount });
    }
}
