"""What a run owes the chain of a round that it judged, on disk until the round has ended there.

::

    RUN/owed/12.json    all that the settlement of round 12 is made of, but the models

It is written before the settlement is handed to the chain, so a process that is killed meanwhile
loses neither the verdicts nor what the nodes signed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pallet_bridge.errors import EncodingError, JournalError
from pallet_bridge.jsonio import write_atomically, writing
from pallet_bridge.run.journal import OWED, owed_rounds
from pallet_bridge.run.values import ValueReader, ValueWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound, RoundResult
    from pallet_bridge.run.judgements import Evidence
    from pallet_bridge.run.openings import Openings
    from pallet_bridge.types import BatchEntry

FORMAT = "bcfl-owed/2"


@dataclass(frozen=True, slots=True)
class OwedRound:
    """A round that was judged.

    Parameters
    ----------
    opened : OpenedRound
        What its nodes signed for.
    result : RoundResult
        What was judged, without the models.
    model : bytes
        Digest of the aggregate.
    timings : Mapping[str, int]
        Durations in microseconds.
    settle : str
        How it is settled, as ``bcfl.round_log.settle`` says.
    openings : Openings
        Who may read what opens its commitments.
    attest_s : float
        As ``bcfl.round_log.attest_s`` says.
    evidence : Evidence or None
        What its report offers to whoever wants to decide it again.
    """

    opened: OpenedRound
    result: RoundResult
    model: bytes
    timings: Mapping[str, int]
    settle: str
    openings: Openings
    attest_s: float
    evidence: Evidence | None = None

    @property
    def digests(self) -> tuple[bytes, bytes]:
        """Of the model that went out, and of the aggregate."""
        return self.opened.binding.base_model, self.model

    def entries(self) -> list[BatchEntry]:
        """Return all that nodes signed, as it is relayed."""
        signed = [one.commitment for one in self.result.judged]
        signed += [one.commitment for one in self.result.unusable]
        return [one.entry() for one in signed if one is not None]


def without_models(result: RoundResult) -> RoundResult:
    """Return a result that a job can keep while it waits for the chain."""
    return replace(result, model=None, step=None, ctx=replace(result.ctx, reference={}))


class OwedRounds:
    """What one run owes.

    Parameters
    ----------
    run : Path
        The run's folder.
    """

    def __init__(self, run: Path) -> None:
        self.folder = run / OWED

    def put(self, owed: OwedRound) -> None:
        """Write a round down.

        Raises
        ------
        NotWritten
            When the disk is full or read-only.
        """
        writer = ValueWriter()
        plain = {"format": FORMAT, "round": writer.plain(owed)}
        if writer.arrays:
            raise EncodingError(
                "what a round owes holds arrays; only records, numbers and text may"
            )
        write_atomically(self._path(owed.opened.round), json.dumps(plain).encode())

    def done(self, round_id: int) -> None:
        """Remove a round that has ended on chain."""
        path = self._path(round_id)
        with writing(path):
            path.unlink(missing_ok=True)

    def rounds(self) -> list[int]:
        """Return the numbers of what is owed, in ascending order."""
        return owed_rounds(self.folder.parent)

    def get(self, round_id: int) -> OwedRound:
        """Read a round.

        Raises
        ------
        JournalError
            When the file is damaged, or of another version.
        """
        path = self._path(round_id)
        try:
            plain = json.loads(path.read_bytes())
            if not isinstance(plain, dict) or plain.get("format") != FORMAT:
                raise EncodingError(f"its format is not {FORMAT}")
            found = ValueReader(()).value(plain["round"])
            if not isinstance(found, OwedRound):
                raise EncodingError("it holds something else")
        except (OSError, ValueError, LookupError) as error:
            raise JournalError(
                f"{path} cannot be read: {error}. Put the file back as it was, or take it away: "
                f"then round {round_id} is aborted, and trained again under another number"
            ) from error
        return found

    def _path(self, round_id: int) -> Path:
        return self.folder / f"{round_id}.json"
