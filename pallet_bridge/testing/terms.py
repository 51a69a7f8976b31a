"""Terms for chains that live as long as a test."""

from __future__ import annotations

from typing import Final

from pallet_bridge.types import (
    UNIT,
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
    max_participants=64,
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
)
"""The defaults of ``bcfl.terms``, which a test compares."""
