"""Who acts in a `ChainMachine`, and the terms that they agree on, or try to."""

from __future__ import annotations

from dataclasses import replace

from pallet_bridge.keys import Signer
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import (
    PERBILL_ONE,
    UNIT,
    Admission,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    Tally,
    Terms,
    Vouched,
)

ACTORS = ("//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie")
"""Who acts: the coordinator first, the last one often a stranger.

In the development genesis the first three are the council, and the first has the sudo key.
"""

_HALF = Perbill(5 * 10**8)

BASE = replace(
    DEVELOPMENT,
    min_stake=Planck(5 * UNIT),
    max_participants=4,
    quorum=Quorum(count=3),
    commit_blocks=6,
    settle_blocks=6,
    dispute_blocks=4,
    unbonding_blocks=30,
    claim_blocks=10,
    retention_blocks=15,
    cooldown_blocks=3,
    strikes_to_slash=2,
    arbiter=Signer.from_uri(ACTORS[4]).account,
)
"""A coordinator that governs, an account that decides disputes, no committee."""

COMMITTEE = replace(
    BASE,
    arbiter=Arbiter.ATTESTERS,
    coupling=Coupling.FULL,
    attest_quorum=_HALF,
    attest_by=Tally.COUNT,
    committee_size=2,
)
"""Every settlement needs half of a committee of two, which also decides disputes."""

VOTERS = replace(
    BASE,
    strikes_to_slash=1,
    governance=MembersVote(_HALF, _HALF, voting_blocks=4, delay_blocks=2),
    training={"learning_rate": 10**7},
)
"""The members govern by votes."""

GUARDED = replace(
    BASE,
    admission=Vouched(1),
    max_per_organisation=2,
    max_examples=1000,
    max_share=Perbill(6 * 10**8),
    coordinator_bond=Planck(3 * UNIT),
    misconduct=_HALF,
    silence=Perbill(10**7),
    aging_blocks=8,
    max_vote_share=_HALF,
    lock_blocks=5,
    tenure_rounds=2,
    vesting_rounds=2,
    strike_cut=_HALF,
)
"""Members vouch for each other, the coordinator has a bond, and rewards take their time."""

TERMS: tuple[Terms, ...] = (
    BASE,
    replace(
        BASE,
        quorum=Quorum(stake=Planck(20 * UNIT)),
        arbiter=Arbiter.COUNCIL,
        governance=Governance.COUNCIL,
    ),
    COMMITTEE,
    replace(
        VOTERS,
        coupling=Coupling.FLEXIBLE,
        attest_quorum=Perbill(1),
        attest_by=Tally.STAKE,
        committee_size=3,
    ),
    replace(GUARDED, admission=Admission.OPEN),
)
"""The terms that federations start with: each way of governing, judging and attesting."""

_MANY = 10**7
_ABOVE_CAP = replace(BASE.slash, equivocation=Perbill(BASE.slash.cap + 1))

OUT_OF_RANGE: tuple[Terms, ...] = (
    replace(BASE, min_stake=Planck(0)),
    replace(BASE, max_participants=0),
    replace(BASE, max_participants=_MANY),
    replace(BASE, quorum=Quorum(count=BASE.max_participants + 1)),
    replace(BASE, commit_blocks=0),
    replace(BASE, commit_blocks=_MANY),
    replace(BASE, settle_blocks=0),
    replace(BASE, dispute_blocks=0),
    replace(BASE, unbonding_blocks=_MANY, notice_blocks=_MANY),
    replace(BASE, claim_blocks=0),
    replace(BASE, retention_blocks=0),
    replace(BASE, retention_blocks=100 * _MANY),
    replace(BASE, cooldown_blocks=_MANY),
    replace(BASE, round_reward=Planck(_MANY * UNIT)),
    replace(BASE, strikes_to_slash=0),
    replace(BASE, strike_decay_rounds=_MANY),
    replace(BASE, max_failed_rounds=0),
    replace(BASE, slash=_ABOVE_CAP),
    replace(BASE, reporter_share=Perbill(PERBILL_ONE)),
    replace(BASE, dispute_bond=Planck(_MANY * UNIT)),
    replace(BASE, committee_size=_MANY),
    replace(BASE, coupling=Coupling.FULL, committee_size=0),
    replace(BASE, arbiter=Arbiter.ATTESTERS, committee_size=2, attest_quorum=Perbill(0)),
    replace(BASE, governance=MembersVote(Perbill(0), _HALF, voting_blocks=4, delay_blocks=0)),
    replace(BASE, governance=MembersVote(_HALF, Perbill(1), voting_blocks=4, delay_blocks=0)),
    replace(BASE, governance=MembersVote(_HALF, _HALF, voting_blocks=0, delay_blocks=0)),
    replace(BASE, governance=MembersVote(_HALF, _HALF, voting_blocks=4, delay_blocks=_MANY)),
    replace(BASE, max_share=Perbill(0)),
    replace(BASE, max_vote_share=Perbill(0)),
    replace(BASE, vesting_rounds=33),
)
"""Terms of which one value is beyond the runtime's range."""

TOO_SHORT: tuple[Terms, ...] = (
    replace(BASE, unbonding_blocks=1),
    replace(BASE, dispute_blocks=10, retention_blocks=20),
    replace(BASE, governance=MembersVote(_HALF, _HALF, voting_blocks=30, delay_blocks=0)),
)
"""Terms under which stake could leave before it is judged, or vote twice."""

NO_NOTICE: tuple[Terms, ...] = (
    replace(BASE, notice_blocks=BASE.unbonding_blocks - 1),
    replace(VOTERS, unbonding_blocks=VOTERS.notice_blocks + 1),
)
"""Terms of which new ones could bind a member before it has left."""

ANY_TERMS: tuple[Terms, ...] = (*TERMS * 8, GUARDED, *OUT_OF_RANGE, *TOO_SHORT, *NO_NOTICE)
"""What someone may propose: half of it is allowed."""


def signers() -> tuple[Signer, ...]:
    """Return the keys of all who act."""
    return tuple(Signer.from_uri(uri) for uri in ACTORS)
