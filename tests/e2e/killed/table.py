"""Kill a server at each of its points in the middle of a run, start it again, and tell what came.

``python -m tests.e2e.killed.table`` prints docs/measurements/kill-points.md; it takes a quarter of
an hour on two idle cores, and ends with an error when anything was lost. Points that files of one
name have in common are one row.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from tests.e2e.killed.conftest import ROUNDS, Place, chain_of_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS: dict[str, Any] = {"strategy": "FedAdam", "config": {"on_chain_error": "fail"}}
"""The training waits for the chain in each round, so the points come in one order."""

ANEW = "nothing was trained yet: a new run begins"
TOLD = {
    "which was judged before, is settled": "settled by the next start",
    "is aborted": "aborted, and trained again",
    "never saw it open": "its number is used up, and it is trained again",
    "a new run begins": ANEW,
}
"""What the log says of the round, and what stands in the table."""

PAGE = """# A server that is killed at each of its points

A point is each moment after which the world is different: a file is on the disk, a file has its
name, or a call is with the chain's pool. A run of {rounds} rounds with `FedAdam`, four nodes and
the plugins `staking, outliers, slashing, round_log` is killed (`kill -9`) at each of them, about
the middle of the run, and the same app is [started again](../how-to/start-again.md). The chain and
its node live on. Each row is one kill and one start.

After each: the model, the history, all metrics and what the plugins remember are bit for bit those
of a run that was never cut off, {rounds} rounds are settled once each, no round is open, nothing is
owed, and the audit is clean. `python -m tests.e2e.killed.table` prints this page, and fails
otherwise. {count} points, none lost.

| killed | what became of the round that was under way |
| -- | -- |
{rows}
"""


def main() -> None:
    with TemporaryDirectory() as scratch:
        with chain_of_its_own(made(scratch, "whole")) as place:
            whole = place.finish(**OPTIONS)
        rows = [*told(Path(scratch), whole)]
    print(PAGE.format(rounds=ROUNDS, count=len(rows), rows="\n".join(rows)))  # noqa: T201


def made(scratch: str | Path, name: str) -> Path:
    folder = Path(scratch) / name
    folder.mkdir()
    return folder


def told(scratch: Path, whole: dict[str, Any]) -> Iterator[str]:
    """Give a row for each point, in the order in which a run comes to them."""
    for number, (point, times) in enumerate(Counter(whole["points"]).items()):
        with chain_of_its_own(made(scratch, str(number))) as place:
            time = (times + 1) // 2
            killed = place.start(point, time, **OPTIONS)
            assert killed is None, f"it never came to {point}"
            yield row(place, point, whole)


def row(place: Place, point: str, whole: dict[str, Any]) -> str:
    found = place.finish(**OPTIONS)
    for what in ("model", "train", "nodes", "server", "states"):
        assert found[what] == whole[what], (point, what)
    assert place.ends().count(RoundState.SETTLED) == ROUNDS, point
    assert place.federation().open_round is None, point
    run = place.runs[-1]
    settled = [line.round for line in read_run(run).rounds if line.outcome == "settled"]
    assert len({*settled}) == len(settled) == ROUNDS, point
    assert not [*(run / "owed").iterdir()], point
    place.audit()
    default = "settled: its call was in the outbox" if "goes on after" in place.log else ANEW
    came = next((said for text, said in TOLD.items() if text in place.log), default)
    return f"| {point} | {came} |"


if __name__ == "__main__":
    main()
