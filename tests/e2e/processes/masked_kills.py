"""Kill each process of a masked federation in each phase of a round, and tell what became of it.

``python -m tests.e2e.processes.masked_kills`` runs the cells that were not run yet, and writes
docs/measurements/killed-masked.md. It is four to eight minutes a cell on two cores, and five hours
for all. What was run is kept in killed-masked.jsonl beside the page: the command goes on from
there, and with ``--anew`` it begins again. Names as arguments choose cells, as ``sketch``,
``sketch/unmasking`` or ``sketch/unmasking/supernode``; with ``--page`` nothing is run.
It ends with an error when anything was lost.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.pages import write_page
from strategies.messages.masks import SHARES, SKETCH, UNMASK
from tests.e2e.processes.machines import ROOT
from tests.e2e.processes.masked import NODES, ROUNDS, MaskedMachines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE = ROOT / "docs" / "measurements" / "killed-masked.md"
KEPT = PAGE.with_suffix(".jsonl")
COMPLETED = "finished:completed"
LONGEST_S = 1200.0
MOST_STARTS = 4
LOST, NOT_RUN = "lost", "not run yet"

SERVER, LINK, NODE, SECOND = "server_app", "superlink", "supernode", "aggregator"
TITLES = {
    SERVER: "the ServerApp",
    LINK: "the SuperLink",
    NODE: "a SuperNode",
    SECOND: "`bcfl aggregator`",
}


class Phase(NamedTuple):
    """Where a run is when something is killed.

    The server stops before it asks `asks` for the `time`-th time in the run. With `nodes` it asks,
    and all nodes stop before they answer. With `second` it asks, and the question to the second
    server is held on its way.
    """

    title: str
    asks: str
    time: int = 2
    nodes: bool = False
    second: str = ""


_MASKED: Mapping[str, Phase] = {
    "keys": Phase("after the keys", SHARES, 1, nodes=True),
    "shares": Phase("after the shares", "train"),
    "training": Phase("in training", "train", nodes=True),
}
PHASES: Mapping[str, Mapping[str, Phase]] = {
    "sketch": _MASKED
    | {
        "sealed": Phase("after the seal, before sketches", SKETCH),
        "unmasking": Phase("while unmasking", UNMASK, nodes=True),
    },
    "two_servers": {
        "keys": Phase("while the second server's key is asked for", "", second="key"),
        "training": Phase("in training", "train", nodes=True),
        "sealed": Phase("after the seal, before sketches", "train", second="sketches"),
        "checking": Phase("while nodes check their sketches", SKETCH, nodes=True),
        "unmasking": Phase("while the second sum is asked for", "train", second="sum"),
    },
    "groups": _MASKED
    | {
        "sealed": Phase("after the seal", UNMASK),
        "unmasking": Phase("while unmasking", UNMASK, nodes=True),
    },
}


class Cell(NamedTuple):
    """One kill."""

    mode: str
    phase: str
    killed: str

    @property
    def name(self) -> str:
        return "/".join(self)


CELLS = tuple(
    Cell(mode, phase, killed)
    for mode, phases in PHASES.items()
    for phase in phases
    for killed in (SERVER, LINK, NODE, *([SECOND] if mode == "two_servers" else []))
)


def became(m: MaskedMachines, cell: Cell) -> str:
    """Kill in one cell, let the run go on, and return what became of its rounds."""
    m.begin_cell()
    run = in_phase(m, PHASES[cell.mode][cell.phase])
    if cell.killed == SERVER:
        for one in m.server_apps():
            one.kill()
    elif cell.killed == LINK:
        m.kill("superlink")
        m.begin("superlink")
        m.until(m.is_link_there, "the SuperLink")
        m.begin_nodes_again()
    else:
        name = "aggregator" if cell.killed == SECOND else "supernode-1"
        m.kill(name)
        m.begin(name)
    m.let_go()
    starts = 1
    is_over = cell.killed not in {SERVER, LINK} and m.finish(run) == COMPLETED
    while not is_over:  # a void round may end a run, and so does Flower on a machine that is busy
        starts += 1
        run = m.begin_run()
        is_over = m.finish(run) == COMPLETED
        assert is_over or starts < MOST_STARTS, m.said(run)
    return f"{m.checked()}; {starts} {'start' if starts == 1 else 'starts'}"


def in_phase(m: MaskedMachines, phase: Phase) -> int:
    """Start the app, and return once its run is where something is to be killed."""
    begins = f"asks-{phase.asks}-{phase.time}"
    points = (f"second-{phase.second}",) if phase.second else ()
    if phase.asks:
        m.hold(begins)
        run = m.begin_run()
        m.until_at(begins)
        m.forget(*points)
    for point in points:
        m.hold(point)
    if not phase.asks:
        run = m.begin_run()
    elif phase.nodes:
        points = m.hold_nodes(phase.asks)
    if phase.asks and points:
        m.let_go_of(begins)
    m.until_at(*points)
    return run


def kept() -> dict[str, str]:
    """Return what was run."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else ()
    return {told["cell"]: told["became"] for told in map(json.loads, lines)}


def keep(cell: Cell, told: str) -> None:
    with KEPT.open("a") as file:
        file.write(json.dumps({"cell": cell.name, "became": told}) + "\n")


def run_cells(cells: Iterable[Cell]) -> None:
    """Run cells, those of a mode in one deployment; after one that is lost there is another."""
    waiting = [*cells]
    while waiting:
        mode = waiting[0].mode
        with (
            TemporaryDirectory() as folder,
            MaskedMachines(Path(folder), longest_s=LONGEST_S, mode=mode) as machines,
        ):
            while waiting and waiting[0].mode == mode:
                cell = waiting.pop(0)
                try:
                    told = became(machines, cell)
                except Exception:  # noqa: BLE001 - a cell is lost, and the others are run
                    traceback.print_exc()
                    keep(cell, LOST)
                    break
                keep(cell, told)
                print(cell.name, told, file=sys.stderr, flush=True)  # noqa: T201 - it takes long


TEXT = """# Each process of a masked federation, killed in each phase

A SuperLink, SuperNodes with secret keys (five, and nine in groups), an embedded chain behind a URL,
and with two servers `bcfl aggregator`: each is a process. Updates are
[masked](../how-to/mask-updates.md), and nodes look on the chain who is in a round. In a run of
{rounds} rounds one of the processes is killed (`kill -9`, with all that it started): after the keys
in the first round, else in the second. A SuperLink, a SuperNode and the second server are started
again at once, and with a SuperLink all SuperNodes. Where the ServerApp is gone, `flwr run` starts
the app again.

After each the run has ended well, in one folder. Each model is the one before, moved by the exact
mean of those updates that the chain has as accepted, or it is the one before: void. No node has a
strike or a rejection. No round is settled twice or open, nothing is owed, no node answered a
question of a round twice, and the audit with replay finds nothing.

`python -m tests.e2e.processes.masked_kills` runs what was not run yet and writes this page, and
fails when a cell is lost. {count} of {all} cells were run, {lost}. What became of each round is
told in the order of the chain, and after it how often the app was started until the run had ended
well. A round is also void that was open when its server ended: it is aborted, and trained again
under another number. On a machine that is busy Flower ends apps and nodes' answers by itself, whose
heartbeats come late: then there is one more start, or one update less in a sum.
{tables}
"""


def page(told: Mapping[str, str]) -> str:
    """Return the page of what was run."""
    tables = []
    for mode, phases in PHASES.items():
        tables += [f"\n## `{mode}`\n", "| when | killed | what became of the rounds |"]
        tables.append("| -- | -- | -- |")
        for cell in CELLS:
            if cell.mode == mode:
                came = told.get(cell.name, NOT_RUN)
                tables.append(f"| {phases[cell.phase].title} | {TITLES[cell.killed]} | {came} |")
    names = {one.name for one in CELLS}
    lost = sum(one == LOST for one in told.values())
    return TEXT.format(
        rounds=ROUNDS,
        count=len(names & {*told}),
        all=len(CELLS),
        lost=f"{lost} lost" if lost else "none lost",
        tables="\n".join(tables),
    )


def main(arguments: list[str]) -> int:
    chosen = [one for one in arguments if not one.startswith("--")]
    if "--anew" in arguments:
        KEPT.unlink(missing_ok=True)
    done = {name for name, told in kept().items() if told != LOST}
    if "--page" not in arguments:
        found = (one for name in chosen for one in CELLS if f"{one.name}/".startswith(f"{name}/"))
        run_cells(one for one in dict.fromkeys(found if chosen else CELLS) if one.name not in done)
    told = kept()
    write_page(PAGE, page(told))
    return int(LOST in told.values())


if __name__ == "__main__":
    assert {*NODES} == {*PHASES}
    sys.exit(main(sys.argv[1:]))
