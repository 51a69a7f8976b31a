// SPDX-License-Identifier: Apache-2.0

use frame_support::ensure;
use sp_runtime::traits::Zero;

use super::Check;
use crate::*;

impl<T: Config> Pallet<T> {
    /// Motions are counted, and say what their votes say.
    pub(super) fn check_motions(id: FederationId, federation: &Federation) -> Check {
        let mut count = 0;
        for (number, motion) in Motions::<T>::iter_prefix(id) {
            count = u32::saturating_add(count, 1);
            ensure!(number < federation.next_proposal, "a motion has a number to come");
            let is_open = motion.state == MotionState::Open;
            ensure!(is_open || motion.deposit == 0, "a decided motion has a deposit");
            if is_open {
                Self::check_count(id, number, &motion)?;
            }
        }
        ensure!(federation.proposals == count, "motions are not counted right");
        Ok(())
    }

    fn check_count(id: FederationId, number: ProposalId, motion: &Motion) -> Check {
        let (mut ayes, mut nays): (Balance, Balance) = (0, 0);
        for vote in Votes::<T>::iter_prefix_values((id, number)) {
            let side = if vote.approve { &mut ayes } else { &mut nays };
            *side = side.saturating_add(vote.stake);
        }
        ensure!((motion.ayes, motion.nays) == (ayes, nays), "a motion miscounts its votes");
        ensure!(motion.voting_until < motion.enact_at, "a motion is enacted while it is voted on");
        Self::check_groups(id, number, motion)
    }

    /// No organisation, or account without one, counts for more than its share.
    fn check_groups(id: FederationId, number: ProposalId, motion: &Motion) -> Check {
        let most = motion.max_vote_share.mul_floor(motion.electorate);
        let mut sum: Balance = 0;
        for votes in GroupVotes::<T>::iter_prefix_values((id, number)) {
            ensure!(votes <= most, "a group has more votes than its share");
            sum = sum.saturating_add(votes);
        }
        // Votes of before there were groups have none: the migration caps nobody.
        let is_old = sum.is_zero() && motion.max_vote_share.is_one();
        let all = motion.ayes.saturating_add(motion.nays);
        ensure!(is_old || sum == all, "votes of the groups are not all votes");
        ensure!(all <= motion.electorate, "more stake votes than there was");
        Ok(())
    }

    /// Votes belong to motions.
    pub(super) fn check_voters() -> Check {
        for (id, number, _) in Votes::<T>::iter_keys() {
            ensure!(Motions::<T>::contains_key(id, number), "a vote has lost its motion");
        }
        for (id, number, _) in GroupVotes::<T>::iter_keys() {
            ensure!(Motions::<T>::contains_key(id, number), "a group's votes have no motion");
        }
        Ok(())
    }
}
