"""Plugin ``outliers``: reject the updates that a defense finds against the majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.defenses.cluster import ClusterSettings, ClusterState, judge
from bcfl_plugins.markers import hookimpl
from bcfl_plugins.settings import key, read_table
from bcfl_plugins.types import Rejection, Verdict
from pallet_bridge.types import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.services import Services
    from bcfl_plugins.types import ClientUpdate, RoundContext, RunInfo, Scalar

_DEFAULTS = ClusterSettings()


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings under ``bcfl.outliers``. The defaults need no tuning."""

    method: str = key("cluster", "Which defense judges.", choices=("cluster",))
    agreement: float = key(
        _DEFAULTS.agreement,
        "Least agreement with the others, as a fraction of the median; higher rejects more.",
        low=-1,
        high=1,
    )
    spread: float = key(
        _DEFAULTS.spread,
        "Standard deviations below the median that are still honest; lower rejects more.",
        low=0,
        high=10,
    )
    norm_factor: float = key(
        _DEFAULTS.norm_factor,
        "An update longer than this many median norms is rejected.",
        low=1,
        high=1000,
    )
    course_decay: float = key(
        _DEFAULTS.course_decay, "What is left of a node's past direction a round.", low=0, high=1
    )
    smoothing: float = key(
        _DEFAULTS.smoothing, "What is left of a node's past agreement a round.", low=0, high=0.99
    )
    memory: int = key(
        _DEFAULTS.memory, "Rounds after which an absent node is forgotten.", low=1, unit="rounds"
    )


class Outliers:
    """Keeps the defense's state between rounds; everything else is in `bcfl_plugins.defenses`."""

    def __init__(self, config: Settings) -> None:
        self._settings = ClusterSettings(
            agreement=config.agreement,
            spread=config.spread,
            norm_factor=config.norm_factor,
            course_decay=config.course_decay,
            smoothing=config.smoothing,
            memory=config.memory,
        )
        self._state = ClusterState()

    @hookimpl
    def bcfl_run_started(self, run: RunInfo) -> None:
        """Forget earlier runs: another run may train another model."""
        del run
        self._state = ClusterState()

    @hookimpl
    def bcfl_judge_updates(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict:
        """Reject what the defense finds."""
        findings, note, self._state = judge(ctx.reference, updates, self._state, self._settings)
        return Verdict(
            "outliers",
            tuple(
                Rejection(node_id, int(found.reason), found.detail, found.score)
                for node_id, found in sorted(findings.items())
                if found.reason is not Reason.NONE
            ),
            {node_id: found.score for node_id, found in findings.items()},
            note,
        )


def create(settings: Mapping[str, Scalar], services: Services) -> Outliers:
    """Make the plugin from its table."""
    del services
    return Outliers(read_table(Settings, "bcfl.outliers", settings))
