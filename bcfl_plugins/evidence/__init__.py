"""Evidence of an offence, apart from rejection: bounded false strikes, and open to replay."""

from __future__ import annotations

from bcfl_plugins.evidence.harm import HarmSettings, judge_harm
from bcfl_plugins.evidence.ledger import (
    EvidenceState,
    Finding,
    NodeFacts,
    NodeRecord,
    decode,
    observe,
    replay,
)
from bcfl_plugins.evidence.wealth import EvidenceSettings, Wealth

__all__ = [
    "EvidenceSettings",
    "EvidenceState",
    "Finding",
    "HarmSettings",
    "NodeFacts",
    "NodeRecord",
    "Wealth",
    "decode",
    "judge_harm",
    "observe",
    "replay",
]
