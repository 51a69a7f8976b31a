"""Kill each process of a deployment in the middle of a run, and tell what became of it.

``python -m tests.e2e.processes.kills`` prints docs/measurements/killed-processes.md; it takes a
quarter of an hour on two cores, and ends with an error when anything was lost. Names of rows as
arguments choose some of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bcfl_plugins.errors import RecordIncomplete
from benchmarks.pages import formatted
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from tests.e2e.processes.machines import NODES, ROUNDS, Machines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STEP = float(np.mean([0.5**node for node in range(NODES)]))
"""What a round adds to each weight, once each node took part."""

COMPLETED, FAILED, STOPPED = "finished:completed", "finished:failed", "finished:stopped"


FLUSH_S = 20.0
"""Seconds that a run waits at its end for a chain that is gone."""


class Row(NamedTuple):
    """A line of the table."""

    killed: str
    flower: str
    became: str


def server_app(m: Machines) -> Row:
    """Kill the app's server while nodes train."""
    first = in_training(m)
    for one in m.server_apps():
        one.kill()
    assert m.finish(first) != COMPLETED
    goes_on(m)
    return Row(
        "the ServerApp, in training",
        "the run is over, and not `finished:completed`",
        "`flwr run` again: the open round is aborted and trained again, and the run goes on",
    )


def superlink(m: Machines) -> Row:
    """Kill the SuperLink, and with it all that it started, while nodes train."""
    in_training(m)
    m.kill("superlink")
    m.let_go()
    m.begin("superlink")
    m.until(m.is_link_there, "the SuperLink")
    for number in range(NODES):  # who sends to a SuperLink that forgot its run ends; so a service
        m.kill(f"supernode-{number}")
        m.begin(f"supernode-{number}")
    goes_on(m)
    return Row(
        "the SuperLink and its ServerApp, in training",
        "it comes back without its runs; a SuperNode that sends it an update ends, and is started "
        "again by its service manager",
        "`flwr run` again: the open round is aborted and trained again, and the run goes on",
    )


def supernode(m: Machines) -> Row:
    """Kill a SuperNode while it trains; it comes back, and takes part again."""
    m.hold("measured-1")
    run = m.begin_run()
    m.until_at("measured-1")
    m.hold("train-2-1")
    m.let_go_of("measured-1")
    m.until_at("train-2-1")
    m.kill("supernode-1")
    m.let_go()
    m.begin("supernode-1")
    assert m.finish(run) == COMPLETED, m.log("superlink")
    settled_once(m)
    assert [len(one.entries) for one in m.reports()] == [NODES, NODES - 1, NODES]
    return Row(
        "a SuperNode, in training",
        "its reply is an error, or never comes; back, it has another node id",
        "its round is settled without it, and it takes part again with the same account",
    )


def chain_back(m: Machines) -> Row:
    """Kill the chain's node while nodes train; it comes back with what it kept."""
    run = in_training(m)
    m.kill("chain")
    m.begin("chain")
    m.let_go()
    assert m.finish(run) == COMPLETED, m.log("superlink")
    settled_once(m)
    assert np.allclose(m.model(), ROUNDS * STEP)
    return Row(
        "the chain's node, in training; it comes back",
        "nothing",
        "the run goes on, and what waited in the outbox is sent",
    )


def chain_gone(m: Machines) -> Row:
    """Kill the chain's node while nodes train; it never comes back."""
    patience = {"bcfl.round_log.flush_s": FLUSH_S}
    run = in_training(m, **patience)
    m.kill("chain")
    m.let_go()
    assert m.finish(run) == FAILED
    (folder,) = m.runs
    kept = folder / "model.npz"
    said = m.said(run)
    assert f"the run failed; its newest model is in {kept}" in said, said
    assert RecordIncomplete.__name__ in said, said
    assert f"{ROUNDS} moved the model and 1 are settled; round 1, 2: its end is not on" in said, (
        said
    )
    assert f"the end of the run waited {FLUSH_S:.0f} s for the chain" in said, said
    with np.load(kept) as model:
        assert np.allclose(model["w"], ROUNDS * STEP)
    again = m.begin_run(**patience)
    assert m.finish(again) == FAILED
    assert ChainUnavailable.__name__ in m.said(again), m.said(again)
    assert kept.exists()
    return Row(
        "the chain's node, in training; it never comes back",
        "the run is `finished:failed`",
        "all rounds are trained; the error says what the chain lacks and where the model is, which "
        "is that of all rounds",
    )


def stopped(m: Machines) -> Row:
    """Stop the run by Flower's command while nodes train."""
    first = in_training(m)
    m.flwr("stop", str(first), "here")
    assert m.finish(first) == STOPPED
    m.let_go()
    goes_on(m)
    return Row(
        "`flwr stop`, in training",
        "the run is `finished:stopped`",
        "`flwr run` again: the open round is aborted and trained again, and the run goes on",
    )


ROWS: Mapping[str, Callable[[Machines], Row]] = {
    one.__name__: one for one in (server_app, superlink, supernode, chain_back, chain_gone, stopped)
}

PAGE = """# Each process of a deployment, killed

A SuperLink, two SuperNodes with secret keys, and an embedded chain behind a URL, which its folder
keeps: each is a process. A run of {rounds} rounds of `FedAvg` with the plugins `staking, round_log`
is in the training of its second round when one of them is killed (`kill -9`, with all that it
started). [A server that is killed](kill-points.md) at each of its points is another page.

After each the model is the one of {rounds} whole rounds, but where a SuperNode was killed: that
node's update of one round is missing. {rounds} rounds are settled once each, no round is open,
nothing is owed, and the audit is clean, but where the chain never comes back: its record is lost,
and the model is not. `python -m tests.e2e.processes.kills` prints this page, and fails otherwise.
{count} rows, no model lost.

| killed | what Flower does | what becomes of the run |
| -- | -- | -- |
{rows}

Flower's own limits: a SuperLink forgets its runs with its process, unless it has a `--database`,
and never starts a run again by itself: `flwr run` does. A SuperNode ends when it sends an update to
a SuperLink that forgot the run. The units of `examples/network` start it again.
"""


def in_training(m: Machines, **config: object) -> int:
    """Start the app, and return once its second round is in training, and held there."""
    m.hold("train-2-1")
    run = m.begin_run(**config)
    m.until_at("train-2-0", "train-2-1")
    return run


def goes_on(m: Machines) -> None:
    """Start the app again: it ends well, with the model of a run that was never cut off."""
    m.let_go()
    m.forget("train-1-0", "train-2-0")
    assert m.finish(m.begin_run()) == COMPLETED, m.log("superlink")
    assert not (m.marks / "train-1-0").exists(), "a round that was done was trained again"
    assert (m.marks / "train-2-0").exists()
    assert len(m.runs) == 1
    settled_once(m)
    assert np.allclose(m.model(), ROUNDS * STEP)


def settled_once(m: Machines) -> None:
    states = [one.state for one in m.rounds()]
    assert states.count(RoundState.SETTLED) == ROUNDS, states
    assert m.federation().open_round is None
    for run in m.runs:
        settled = [line.round for line in read_run(run).rounds if line.outcome == "settled"]
        assert len({*settled}) == len(settled), run
        assert not [*(run / "owed").glob("*.json")], run
    assert [report.findings for report in m.audits()] == [()] * len(m.runs)


def rows(names: list[str]) -> list[str]:
    told = []
    for name in names or [*ROWS]:
        with TemporaryDirectory() as folder, Machines(Path(folder)) as machines:
            told.append("| " + " | ".join(ROWS[name](machines)) + " |")
            print(told[-1], file=sys.stderr, flush=True)  # noqa: T201 - it takes long
    return told


if __name__ == "__main__":
    chosen = sys.argv[1:]
    lines = rows(chosen)
    page = formatted(PAGE.format(rounds=ROUNDS, count=len(lines), rows="\n".join(lines)))
    print("\n".join(lines) if chosen else page, end="")  # noqa: T201
