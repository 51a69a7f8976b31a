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
        "again bit for bit. sketch: also a sketch of each update that its node signs once the "
        "round is sealed, and the models, so that anyone sees whether statistics and models are "
        "those of the updates, to within a tolerance. updates: also the updates and the models "
        "themselves, and no signed sketches.",
        choices=tuple(level.value for level in Level),
    )
    readers: str = key(
        Openings.SEALED.value,
        "Who may read it: the server's own account, which hands it to whom it names (sealed), or "
        "everybody (published). Statistics tell about updates, and updates about data.",
        choices=tuple(one.value for one in Openings),
    )

    tables: int = key(3, "sketch: tables of a signed sketch.", low=1, high=8)
    width: int = key(
        2048,
        "sketch: numbers of a table, a power of two. More show smaller lies.",
        low=32,
        high=65536,
    )
    answer_s: float = key(
        120.0,
        "sketch: longest wait for the nodes' sketches. An update whose node signs none is left out "
        "of the average, without a strike.",
        low=0.1,
        high=86400,
        unit="seconds",
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
    found = read_table(EvidenceConfig, "bcfl.evidence", table)
    if found.width & (found.width - 1):
        raise ConfigError(
            f"bcfl.evidence.width is {found.width}, which is no power of two; take "
            f"{1 << found.width.bit_length() - 1} or {1 << found.width.bit_length()}"
        )
    return found
