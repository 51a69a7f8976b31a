// SPDX-License-Identifier: Apache-2.0
//! Scenes of the votes.

use frame_support::assert_ok;
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

/// A federation of so many members that govern it: half of the stake votes, six tenths of it
/// approve; six blocks to vote, four to wait.
pub fn members_govern(count: u8) -> ExtBuilder {
    let members = Governance::Members {
        quorum: percent(50),
        threshold: percent(60),
        voting_blocks: 6,
        delay_blocks: 4,
    };
    ExtBuilder::default().terms(|terms| terms.governance = members).members(count)
}

/// Terms with another reward, still governed by the members.
pub fn new_terms() -> Proposal {
    let mut terms = FederationTerms::<Test>::get(0, FIRST_TERMS).unwrap_or_else(terms);
    terms.round_reward = 400;
    Proposal::Terms(terms.into())
}

pub fn propose(index: u8, proposal: Proposal) -> DispatchResult {
    send(&member(index), Call::propose { federation: 0, proposal })
}

pub fn vote(index: u8, proposal: ProposalId, approve: bool) -> DispatchResult {
    send(&member(index), Call::vote { federation: 0, proposal, approve })
}

pub fn enact(proposal: ProposalId, limit: u32) -> DispatchResult {
    send(&stranger(), Call::enact { federation: 0, proposal, limit })
}

pub fn motion(proposal: ProposalId) -> Motion {
    Motions::<Test>::get(0, proposal).expect("the motion is there")
}

/// Member 0 proposes new terms once the stake of all is old enough; these vote.
pub fn voted(votes: &[(u8, bool)]) {
    skip(1);
    assert_ok!(propose(0, new_terms()));
    for (index, approve) in votes {
        assert_ok!(vote(*index, 0, *approve));
    }
}
