"""What a level of ``bcfl.evidence.publish`` adds to whole rounds: messages, chain and files.

The same federation is run at two levels, in one process, on the embedded chain: nodes that add one
to a million parameters. ``python -m benchmarks.evidence_rounds`` prints the second table of
``docs/measurements/evidence-costs.md``.

All is processor time, so what else the machine does disturbs it less. What a node does in its app
is the node's, all else the server's: the chain, and the copies of messages, which cost about what
Flower's own encoding of them does. Of the server's time the part in the thread of the round is told
by itself: what other threads do is done while that one waits for the seal and for answers.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import process_time, thread_time
from typing import TYPE_CHECKING, Final

from benchmarks.noisy import averaging, judged_federation, noisy_training, zeros
from strategies import ClientApp
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from flwr.app import Context, Message

PARAMETERS: Final = 1_000_000
TRAINING_MS: Final = 1000
LEVELS: Final = ("decision", "sketch")


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of CPU time.

    Parameters
    ----------
    server : float
        Of all but the nodes, in all threads.
    path : float
        Of it in the thread of the round.
    nodes : float
        Of all nodes.
    """

    server: float
    path: float
    nodes: float

    def less(self, other: Spent, rounds: int) -> Spent:
        """Return what one of the rounds took that this run had more than the other."""
        return Spent(
            (self.server - other.server) / rounds,
            (self.path - other.path) / rounds,
            (self.nodes - other.nodes) / rounds,
        )


class TimedApp(ClientApp):
    """Counts the CPU time of its nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.spent = 0.0
        self.train()(noisy_training)

    def __call__(self, message: Message, context: Context) -> Message:
        """Handle one message."""
        began = thread_time()
        reply = super().__call__(message, context)
        self.spent += thread_time() - began
        return reply


def spent(nodes: int, level: str, rounds: int) -> Spent:
    """Return what a run took of the server with its chain, and of all nodes."""
    app = TimedApp()
    with tempfile.TemporaryDirectory() as folder:
        config = judged_federation(Path(folder), nodes, **{"evidence.publish": level})
        strategy = averaging(config, nodes)
        with InProcessGrid(app, nodes, run_config=config) as grid:
            began, own = process_time(), thread_time()
            strategy.start(grid, zeros(PARAMETERS), num_rounds=rounds)
            whole, path = process_time() - began, thread_time() - own
    return Spent(*(1000 * one for one in (whole - app.spent, path - app.spent, app.spent)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    spent(3, "sketch", 1)  # what is made once in a process
    print("| nodes | level | server, ms | of it in the round's thread | node, ms | added to 1 s |")
    print("| --: | -- | --: | --: | --: | --: |")
    for nodes in asked.nodes:
        before: float | None = None
        for level in LEVELS:
            few, many = (spent(nodes, level, rounds) for rounds in (1, 1 + asked.rounds))
            took = many.less(few, asked.rounds)
            path = took.path + took.nodes / nodes
            added = "" if before is None else f"{100 * (path - before) / TRAINING_MS:.1f} %"
            before = path
            print(
                f"| {nodes} | {level} | {took.server:.0f} | {took.path:.0f} | "
                f"{took.nodes / nodes:.1f} | {added} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
