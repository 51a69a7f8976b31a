"""What became of a run's training rounds: a run that trained nothing does not end well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from strategies.unprotected import NothingTrained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.server.judging import Judged


@dataclass(slots=True)
class RunTally:
    """The training rounds in which nodes were asked, as long as none of them gave a model."""

    _rounds: int = 0
    _moved: bool = False
    _last: int = 0
    _given: int = 0
    _reasons: Mapping[int, str] = field(default_factory=dict)
    _why: str = ""

    def note(self, server_round: int, judged: Judged, *, moved: bool) -> None:
        """Note how a round ended.

        Parameters
        ----------
        server_round : int
            Flower's round.
        judged : Judged
            What was made of its replies.
        moved : bool
            Whether it gave a model.
        """
        self._rounds += 1
        self._moved |= moved
        if self._moved:
            return
        self._last, self._why = server_round, ""
        self._given = sum(update.accepted for update in judged.judged)
        rejected = [(one.node.node_id, one.detail) for one in judged.judged if not one.accepted]
        unusable = [(one.node_id, one.detail) for one in judged.unusable]
        self._reasons = dict([*rejected, *unusable])

    def skipped(self, server_round: int, why: str) -> None:
        """Note that nobody was asked to train in a round, although nodes were there."""
        self._rounds += 1
        if not self._moved:
            self._last, self._given, self._why = server_round, 0, why

    def empty(self) -> NothingTrained | None:
        """Return the error of a run whose rounds gave no model; `None` when one did."""
        if self._moved or not self._rounds:
            return None
        return NothingTrained(self._rounds, self._last, self._reasons, self._given, self._why)
