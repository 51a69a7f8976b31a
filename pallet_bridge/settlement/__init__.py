"""What follows from a round's verdicts: leaves and their root, proofs, claims, attestations."""

from __future__ import annotations

from pallet_bridge.settlement.claims import all_claims, claims_of, last_window, waiting_rewards
from pallet_bridge.settlement.merkle import (
    EMPTY_ROOT,
    is_proven,
    leaves_of,
    merkle_root,
    prove,
    settlement_root,
    split_rewards,
    totals_of,
)

__all__ = [
    "EMPTY_ROOT",
    "all_claims",
    "claims_of",
    "is_proven",
    "last_window",
    "leaves_of",
    "merkle_root",
    "prove",
    "settlement_root",
    "split_rewards",
    "totals_of",
    "waiting_rewards",
]
