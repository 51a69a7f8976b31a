"""What ``bcfl.evidence`` may say: how much of a round is published for deciding it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError
from pallet_bridge.run.judgements import Level
from pallet_bridge.run.openings import Openings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """The table ``bcfl.evidence``."""

    publish: str = key(
        Level.DECISION.value,
        "What a run keeps for whoever wants to decide its rounds again, in its folder "
        "(docs/how-to/decide-again.md). bookkeeping: verdicts and signatures. decision: also the "
        "statistics that rules read and what they remember, so that anyone who has them decides "
        "again bit for bit. updates: also the updates and the models themselves.",
        choices=tuple(level.value for level in Level),
    )
    readers: str = key(
        Openings.SEALED.value,
        "Who may read it: the server's own account, which hands it to whom it names (sealed), or "
        "everybody (published). Statistics tell about updates, and updates about data.",
        choices=tuple(one.value for one in Openings),
    )

    @property
    def level(self) -> Level:
        """The level that `publish` names."""
        return Level(self.publish)


def read_evidence(table: Mapping[str, Scalar]) -> EvidenceConfig:
    """Read the table.

    Raises
    ------
    ConfigError
        If a key or a value is wrong.
    """
    if table.get("publish") == "sketch":
        raise ConfigError(
            'bcfl.evidence.publish is "sketch", which this version does not have: take "decision", '
            'which publishes sketches that the server makes, or "updates"'
        )
    return read_table(EvidenceConfig, "bcfl.evidence", table)
