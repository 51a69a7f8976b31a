"""What a run trained and what the chain took of it: an account that its end has to balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bcfl_plugins.errors import RecordIncomplete, by_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bcfl_plugins.rounds.windows import Overrun
    from bcfl_plugins.types import RoundResult
    from pallet_bridge.run.report_parts import Absent

NOT_AVERAGED = "no update of it was averaged"
NOT_ATTESTED = "its committee did not attest it in time"
TERMS_MOVED = "other terms than the nodes were told came into force before it could open"
NOT_COMMITTED = "the chain has no commitment of an update that was averaged"
UNDONE = "the chain gave up the branch that had settled it"
REFUTED = "its committee did it again and refuted its settlement"


_ENDED_EARLY = (
    "The run ends here, since its next rounds would have no record either; with "
    'bcfl.round_log.on_missing = "warn" it goes on without one.'
)


class RoundFate(Enum):
    """What became of a round on chain."""

    WAITING = "waiting"
    SETTLED = "settled"
    ABORTED = "aborted"
    REFUTED = "refuted"


@dataclass(slots=True)
class _Line:
    moved: bool = False
    fate: RoundFate = RoundFate.WAITING
    why: str = ""
    refused: dict[int, str] = field(default_factory=dict)


class RunBook:
    """The rounds of one run; each is entered when it is opened.

    The training writes what it did, and the chain's jobs what came of it. `overrun` and
    `unanswered` are what `lateness` found of windows that were too short.
    """

    def __init__(self, *, settled_before: bool = False) -> None:
        self._lines: dict[int, _Line] = {}
        self._before = settled_before
        self.overrun: Overrun | None = None
        self.is_tight_told = False
        self._relayed: dict[int, int] = {}
        self.unanswered = ""

    def opened(self, round_id: int) -> None:
        """Enter a round."""
        self._lines[round_id] = _Line()

    def moved(self, round_id: int) -> None:
        """Note that the round's updates moved the model: the chain owes a settlement."""
        self._lines[round_id].moved = True

    def judged(self, round_id: int, without: tuple[Absent, ...]) -> None:
        """Note whose update has no verdict on chain, and why."""
        self._lines[round_id].refused |= {one.node_id: one.detail for one in without}

    def relayed(self, round_id: int, block: int) -> None:
        """Note the block of the newest commitments of a round."""
        self._relayed[round_id] = block

    def last_relayed(self, round_id: int) -> int:
        """Return the block of the newest commitments of a round; 0 where none was relayed."""
        return self._relayed.get(round_id, 0)

    def left_out(self, round_id: int, result: RoundResult) -> None:
        """Note why the update of each node was not averaged, in a round that gave no model."""
        refused = self._lines[round_id].refused
        refused |= {one.node_id: one.detail for one in result.unusable}
        refused |= {one.node.node_id: one.detail for one in result.judged if not one.accepted}

    def settled(self, round_id: int) -> None:
        """Note that a round is settled on chain."""
        self._lines[round_id].fate = RoundFate.SETTLED

    def not_final(self, rounds: Iterable[int]) -> None:
        """Note of which rounds the end may still be undone: they count as without one."""
        for round_id in rounds:
            self._lines[round_id].fate = RoundFate.WAITING

    def aborted(self, round_id: int, why: str) -> None:
        """Note that a round is aborted on chain."""
        line = self._lines[round_id]
        line.fate, line.why = RoundFate.ABORTED, why

    def is_aborted(self, round_id: int) -> bool:
        """Say whether a round is aborted on chain."""
        line = self._lines.get(round_id)
        return line is not None and line.fate is RoundFate.ABORTED

    def refuted(self, round_id: int) -> None:
        """Note that a round's committee refuted its settlement: the round is void."""
        line = self._lines[round_id]
        line.fate, line.why = RoundFate.REFUTED, REFUTED

    def ended(self) -> list[int]:
        """Return the rounds that count as settled, in their order."""
        return [n for n, line in self._lines.items() if line.fate is RoundFate.SETTLED]

    def unsettled(self) -> dict[int, str]:
        """Return why each round was aborted, or refuted, that moved the model."""
        return {
            n: line.why
            for n, line in self._lines.items()
            if line.moved and line.fate in {RoundFate.ABORTED, RoundFate.REFUTED}
        }

    @property
    def waiting(self) -> int:
        """How many rounds have no end on chain."""
        return sum(line.fate is RoundFate.WAITING for line in self._lines.values())

    def refuse_futile(self, run_dir: Path) -> None:
        """Refuse another round when the chain has no commitment of one that moved the model.

        What was wrong with it, a window or the nodes' keys, is wrong with the next round too.

        Raises
        ------
        RecordIncomplete
            With what to change.
        """
        if any(line.moved and line.why == NOT_COMMITTED for line in [*self._lines.values()]):
            missing = self.shortfall(run_dir, 0.0, early=True)
            if missing is not None:
                raise missing

    def shortfall(
        self, run_dir: Path, waited_s: float, *, early: bool = False
    ) -> RecordIncomplete | None:
        """Return what the chain lacks, ready to be raised; `None` when it has everything.

        A round in which no update was averaged left the model as it was, so its abort is the whole
        of its record. But a run of which no round is settled at all recorded nothing.

        Parameters
        ----------
        run_dir
            The run's folder.
        waited_s
            How long the end of the run waited for the chain, in seconds.
        early
            Whether the run ends before its last round.
        """
        lines = dict(self._lines)
        settled = sum(line.fate is RoundFate.SETTLED for line in lines.values())
        any_settled = settled or self._before
        lost = {
            number: line
            for number, line in lines.items()
            if line.fate is not RoundFate.SETTLED and (line.moved or not any_settled)
        }
        if not lost:
            return None
        aborted = {n: line.why for n, line in lost.items() if line.why}
        waiting = tuple(n for n, line in lost.items() if line.fate is RoundFate.WAITING)
        return RecordIncomplete(
            trained=sum(line.moved for line in lines.values()),
            settled=settled,
            aborted={n: _because(why, lines[n].refused) for n, why in aborted.items()},
            waiting=waiting,
            refused={n: dict(line.refused) for n, line in lines.items() if line.refused},
            advice=self._advice({*aborted.values()}, () if early else waiting, waited_s)
            + ((_ENDED_EARLY,) if early else ()),
            run_dir=run_dir,
        )

    def _advice(
        self, causes: set[str], waiting: tuple[int, ...], waited_s: float
    ) -> tuple[str, ...]:
        advice = []
        if waiting:
            advice.append(
                f"Raise bcfl.round_log.flush_s, or see whether the node answers (bcfl doctor "
                f"--chain URL): the end of the run waited {waited_s:.0f} s for the chain. What was "
                f"judged is kept: start the app again once the chain is there, and it is settled."
            )
        if NOT_COMMITTED in causes:
            advice.append(
                "The nodes' keys must be members with stake, and their app must sign: "
                "strategies.ClientApp, or bcfl_mod."
                if self.overrun is None
                else str(self.overrun)
            )
        if NOT_ATTESTED in causes:
            advice.append(
                "Raise bcfl.round_log.attest_s (an embedded chain) or bcfl.terms.settle_blocks "
                "(any other), or let more attesters run bcfl attest."
            )
        if TERMS_MOVED in causes:
            advice.append("Start the run again: it goes by the new terms.")
        if UNDONE in causes:
            advice.append(
                "Ask who runs the chain what became of its final blocks. Start the app again: it "
                "goes on from the last round that the chain has."
            )
        if REFUTED in causes:
            advice.append(
                "See what differs by bcfl audit RUN --replay, mend the server, and train again "
                "from the model of the last settled round (bcfl.resume)."
            )
        if NOT_AVERAGED in causes:
            why_not = "Mend what the nodes send, or why they do not: each reason stands above."
            advice.append(self.unanswered or why_not)
        return tuple(advice)


def _because(why: str, refused: Mapping[int, str]) -> str:
    end = "void" if why == REFUTED else "aborted"
    return f"{end}, as {why}" + (f" ({by_reason('node', refused)})" if refused else "")
