"""Evidence of an offence, apart from rejection: bounded false strikes, and open to replay."""

from __future__ import annotations

from bcfl_plugins.evidence.harm import HarmSettings, judge_harm, judge_help
from bcfl_plugins.evidence.ledger import (
    EvidenceState,
    NodeFacts,
    NodeFinding,
    NodeRecord,
    decode,
    observe,
    replay_rounds,
)
from bcfl_plugins.evidence.wealth import EvidenceSettings, Wealth

__all__ = [
    "EvidenceSettings",
    "EvidenceState",
    "HarmSettings",
    "NodeFacts",
    "NodeFinding",
    "NodeRecord",
    "Wealth",
    "decode",
    "judge_harm",
    "judge_help",
    "observe",
    "replay_rounds",
]
