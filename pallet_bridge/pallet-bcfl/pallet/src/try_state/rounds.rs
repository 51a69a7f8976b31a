// SPDX-License-Identifier: Apache-2.0

use alloc::collections::BTreeMap;
use frame_support::ensure;

use super::Check;
use crate::*;

impl<T: Config> Pallet<T> {
    /// I6, and that rounds are numbered without gaps with one open at most.
    pub(super) fn check_rounds(id: FederationId, federation: &Federation) -> Check {
        let mut open = None;
        let mut count = 0;
        for (number, round) in Rounds::<T>::iter_prefix(id) {
            count = u32::saturating_add(count, 1);
            ensure!(number < federation.next_round, "a round has a number to come");
            ensure!(round.terms_version <= federation.terms_version, "terms are to come");
            if round.state == RoundState::Open {
                ensure!(open.is_none(), "two rounds are open");
                open = Some(number);
                let terms = Self::try_terms(id, round.terms_version)?;
                ensure!(federation.reserved == terms.round_reward, "I3: the budget is not kept");
            }
            let is_open = round.state == RoundState::Open;
            ensure!(round.ended_at.is_none() == is_open, "a round has a wrong end");
            Self::check_settlement((id, number), &round)?;
            Self::check_compensation(&round)?;
        }
        ensure!(count == federation.next_round, "round numbers have gaps");
        ensure!(open == federation.open_round, "the open round is not the federation's");
        ensure!(open.is_some() || federation.reserved == 0, "I3: a budget without a round");
        Ok(())
    }

    fn check_settlement((id, number): (FederationId, RoundId), round: &Round) -> Check {
        let is_settled = matches!(round.state, RoundState::Settled | RoundState::Voided);
        ensure!(round.settlement.is_some() == is_settled, "a settlement without its round");
        let Some(settlement) = round.settlement else {
            return Ok(());
        };
        let Settlement { totals, left, unpaid, .. } = settlement;
        ensure!(totals.count()? <= round.commitments, "I6: more verdicts than commitments");
        let budget = Self::try_terms(id, round.terms_version)?.round_reward;
        ensure!(totals.rewards <= budget, "I6: rewards above the budget");
        ensure!(left.rewards <= unpaid, "I6: leaves may use more than is left");
        ensure!(settlement.settled_at <= round.settle_until, "a settlement came late");
        let claims = settlement.dispute_until..=settlement.claim_until;
        ensure!(claims.contains(&settlement.vests_at), "rewards vest before or after their claims");
        let is_voided = round.state == RoundState::Voided;
        ensure!(settlement.expired || !is_voided, "a voided round may still pay");
        if settlement.expired {
            ensure!(unpaid == 0 && left == Totals::default(), "an expired round owes money");
            return Ok(());
        }
        let waiting = Commitments::<T>::iter_prefix_values((id, number))
            .filter(|commitment| commitment.judged && commitment.payout == Payout::Waiting)
            .fold(left.rewards, |sum: Balance, one| sum.saturating_add(one.reward));
        ensure!(unpaid == waiting, "I6: what is unpaid is not what waits");
        Ok(())
    }

    /// I6: a spoiled round pays whole parts, and no more than one for each commitment.
    fn check_compensation(round: &Round) -> Check {
        let Some(Compensation { each, unpaid, .. }) = round.compensation else {
            return Ok(());
        };
        let is_over = matches!(round.state, RoundState::Aborted | RoundState::Voided);
        ensure!(is_over, "a spoiled round goes on");
        ensure!(unpaid.checked_rem(each).unwrap_or(unpaid) == 0, "I6: a part was paid in parts");
        let most = each.saturating_mul(Balance::from(round.commitments));
        ensure!(unpaid <= most, "I6: more compensation than commitments");
        Ok(())
    }

    /// I4: commitments are inside their windows, and counted.
    pub(super) fn check_commitments() -> Check {
        let mut counts = BTreeMap::<(FederationId, RoundId), u32>::new();
        for ((id, number, _), commitment) in Commitments::<T>::iter() {
            let round = Rounds::<T>::get(id, number).ok_or("I4: a commitment without round")?;
            let last = round.sealed_at.unwrap_or(round.commit_until).min(round.commit_until);
            let window = round.opened_at..=last;
            ensure!(window.contains(&commitment.at), "I4: a commitment outside its window");
            let is_paid = commitment.payout == Payout::Paid;
            let is_due = commitment.judged || round.compensation.is_some();
            ensure!(is_due || !is_paid, "I6: a payment without a verdict");
            let count = counts.entry((id, number)).or_default();
            *count = count.saturating_add(1);
        }
        for (id, number, round) in Rounds::<T>::iter() {
            let count = counts.get(&(id, number)).copied().unwrap_or_default();
            ensure!(round.stored == count, "I4: commitments are not counted right");
            ensure!(round.stored <= round.commitments, "I4: more commitments than came in");
        }
        Ok(())
    }
}
