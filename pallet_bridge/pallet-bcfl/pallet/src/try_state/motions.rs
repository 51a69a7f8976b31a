// SPDX-License-Identifier: Apache-2.0

use frame_support::ensure;

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
        Ok(())
    }

    /// Votes belong to motions.
    pub(super) fn check_voters() -> Check {
        for (id, number, _) in Votes::<T>::iter_keys() {
            ensure!(Motions::<T>::contains_key(id, number), "a vote has lost its motion");
        }
        Ok(())
    }
}
