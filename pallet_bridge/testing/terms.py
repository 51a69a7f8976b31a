"""Terms for chains that live as long as a test."""

from __future__ import annotations

from typing import Final

from pallet_bridge.types import (
    PERBILL_ONE,
    UNIT,
    Admission,
    Arbiter,
    Coupling,
    Governance,
    Perbill,
    Planck,
    Quorum,
    SlashTerms,
    Tally,
    Terms,
)

_PERCENT: Final = 10**7
_TENTH: Final = Perbill(10 * _PERCENT)
_HALF: Final = Perbill(50 * _PERCENT)

DEVELOPMENT: Final = Terms(
    min_stake=Planck(100 * UNIT),
    max_participants=256,
    quorum=Quorum(),
    commit_blocks=5,
    settle_blocks=50,
    dispute_blocks=10,
    unbonding_blocks=100,
    claim_blocks=1000,
    retention_blocks=2000,
    cooldown_blocks=0,
    round_reward=Planck(10 * UNIT),
    strikes_to_slash=3,
    strike_decay_rounds=2,
    slash=SlashTerms(equivocation=_HALF, mismatch=_HALF, outlier_base=_TENTH, cap=_HALF),
    reporter_share=_TENTH,
    dispute_bond=Planck(UNIT),
    arbiter=Arbiter.COUNCIL,
    coupling=Coupling.LOOSE,
    attest_quorum=Perbill(0),
    attest_by=Tally.COUNT,
    committee_size=0,
    governance=Governance.COORDINATOR,
    max_failed_rounds=3,
    notice_blocks=100,
    admission=Admission.OPEN,
    max_per_organisation=0,
    max_examples=0,
    max_share=PERBILL_ONE,
    coordinator_bond=Planck(0),
    misconduct=Perbill(0),
    silence=Perbill(0),
    aging_blocks=0,
    max_vote_share=PERBILL_ONE,
    lock_blocks=0,
    tenure_rounds=0,
    vesting_rounds=0,
    strike_cut=Perbill(0),
)
"""Terms that stand in nobody's way: anyone joins, rewards are paid at once and whole, stake votes
at once, and the coordinator decides alone and has no bond.

So a test sees what it is about, and not what it did not think of. They are not the defaults of
``bcfl.terms``, which protect members from each other and from the coordinator.
"""
