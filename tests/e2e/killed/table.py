"""Kill a server at each of its points in the middle of a run, start it again, and tell what came.

``python -m tests.e2e.killed.table`` prints docs/measurements/kill-points.md; with ``embedded`` it
prints kill-points-embedded.md beside it. Each takes a quarter of an hour on two idle cores, and
ends with an error when anything was lost. Points that files of one name have in common are one row.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.pages import formatted
from pallet_bridge.client.connect import EMBEDDED
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from tests.e2e.killed.conftest import ROUNDS, Place, chain_of_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS: dict[str, Any] = {"strategy": "FedAdam", "config": {"on_chain_error": "fail"}}
"""The training waits for the chain in each round, so the points come in one order."""

ANEW = "nothing was trained yet: a new run begins"
OVER = "all was settled, and the run over: a new run begins"
TOLD = {
    "which was judged before, is settled": "settled by the next start",
    "is aborted": "aborted, and trained again",
    "never saw it open": "its number is used up, and it is trained again",
    "a new run begins": ANEW,
}
"""What the log says of the round, and what stands in the table."""

WHERE = {
    "node": """The chain and its node live on. Each row is one kill and one start.""",
    EMBEDDED: """The chain is embedded: it ends with the server, and goes on with it from the run's
folder. What comes before its first checkpoint is left where it is: a new run has a new chain. Each
row is one kill and one start.""",
}
OTHER = {
    "node": "[The same over embedded chains](kill-points-embedded.md) is another page.",
    EMBEDDED: "[The same over a chain behind a URL](kill-points.md) is another page.",
}
TITLE = {"node": "", EMBEDDED: ", and its embedded chain with it"}

PAGE = """# A server that is killed at each of its points{title}

A point is each moment after which the world is different: a file is on the disk, a file has its
name, or a call is with the chain's pool. A run of {rounds} rounds with `FedAdam`, four nodes and
the plugins `staking, outliers, slashing, round_log` is killed (`kill -9`) at each of them, about
the middle of the run, and the same app is [started again](../how-to/start-again.md). {where}

After each: the model, the history, all metrics and what the plugins remember are bit for bit those
of a run that was never cut off, {rounds} rounds are settled once each, no round is open, nothing is
owed, and the audit is clean. `python -m tests.e2e.killed.table {chain}` prints this page, and fails
otherwise. {count} points, none lost. {other}

| killed | what became of the round that was under way |
| -- | -- |
{rows}
"""


def page(chain: str, rows: list[str]) -> str:
    """Return the page of one kind of chain, its lines wrapped as the others'."""
    told = {"where": WHERE[chain], "other": OTHER[chain], "title": TITLE[chain]}
    return formatted(
        PAGE.format(rounds=ROUNDS, count=len(rows), chain=chain, rows="\n".join(rows), **told)
    )


def section(chain: str) -> Iterator[str]:
    """Give the rows of one kind of chain."""
    with TemporaryDirectory() as scratch:
        with beside(chain, made(scratch, "whole")) as place:
            whole = place.finish(**OPTIONS)
        yield from told(Path(scratch), chain, whole)


@contextmanager
def beside(chain: str, folder: Path) -> Iterator[Place]:
    if chain == EMBEDDED:
        yield Place(folder, EMBEDDED)
        return
    with chain_of_its_own(folder) as place:
        yield place


def made(scratch: str | Path, name: str) -> Path:
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


def told(scratch: Path, chain: str, whole: dict[str, Any]) -> Iterator[str]:
    """Give a row for each point, in the order in which a run comes to them."""

    def one(numbered: tuple[int, tuple[str, int]]) -> str:
        number, (point, time) = numbered
        with beside(chain, made(scratch, str(number))) as place:
            killed = place.start(point, time, **OPTIONS)
            assert killed is None, f"it never came to {point}"
            return row(place, point, whole)

    with ThreadPoolExecutor(os.cpu_count()) as rows:  # each waits for processes of its own
        for told_of in rows.map(one, enumerate(points_of(whole).items())):
            print(told_of, file=sys.stderr, flush=True)  # noqa: T201 - it takes long
            yield told_of


def points_of(whole: dict[str, Any]) -> dict[str, int]:
    """Return the points of a run in their order, each with the time at which it is killed there."""
    return {point: (times + 1) // 2 for point, times in Counter(whole["points"]).items()}


def check(place: Place, found: dict[str, Any], whole: dict[str, Any], point: str = "") -> None:
    """Compare a run in several processes with one that was never cut off."""
    for what in ("model", "train", "nodes", "server", "states"):
        assert found[what] == whole[what], (point, what)
    assert place.ends().count(RoundState.SETTLED) == ROUNDS, point
    assert place.federation().open_round is None, point
    run = place.runs[-1]
    settled = [line.round for line in read_run(run).rounds if line.outcome == "settled"]
    assert len({*settled}) == len(settled) == ROUNDS, point
    assert not [*(run / "owed").iterdir()], point
    place.audit()


def row(place: Place, point: str, whole: dict[str, Any]) -> str:
    found = place.finish(**OPTIONS)
    check(place, found, whole, point)
    default = "settled: its call was in the outbox" if "goes on after" in place.log else ANEW
    came = next((said for text, said in TOLD.items() if text in place.log), default)
    ends = [line.outcome for line in read_run(place.runs[0]).rounds]
    if came == ANEW and len(place.runs) > 1 and ends.count("settled") == ROUNDS:
        came = OVER
    return f"| {point} | {came} |"


if __name__ == "__main__":
    (which,) = sys.argv[1:] or ["node"]
    print(page(which, [*section(which)]), end="")  # noqa: T201
