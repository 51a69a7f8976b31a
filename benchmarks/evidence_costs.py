"""What each level of ``bcfl.evidence.publish`` costs a round, and what deciding it again costs.

The default judge on updates of a million float32 parameters, with the server's part of a round
only. ``python -m benchmarks.evidence_costs`` prints the table of
``docs/measurements/evidence-costs.md``.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.plugins.outliers import Outliers, OutliersSettings, judge_of, pinned, rebuild
from bcfl_plugins.published.inputs import KeptInputs
from bcfl_plugins.published.keeping import EvidenceKeeper, mean_of
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from pallet_bridge.run.content import read_value
from pallet_bridge.run.judgements import Judgement, Level
from pallet_bridge.run.store import FolderStore

if TYPE_CHECKING:
    from collections.abc import Callable


SIZE = 1_000_000
LAYERS = 4
MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over rounds, in milliseconds and bytes a round."""

    nodes: int
    level: str
    wall_ms: float
    cpu_ms: float
    stored: float
    again_ms: float | None


def updates_of(nodes: int, number: int) -> tuple[RoundContext, tuple[ClientUpdate, ...]]:
    """Return a round of honest updates with a common direction."""
    rng = np.random.default_rng([nodes, number])
    shape = (LAYERS, SIZE // LAYERS)
    reference = dict(zip("abcd", rng.standard_normal(shape, np.float32), strict=True))
    way = rng.standard_normal(shape, np.float32)
    updates = []
    for node in range(nodes):
        noise = rng.standard_normal(shape, np.float32)
        arrays = {
            name: old + np.float32(0.01) * (step + other)
            for (name, old), step, other in zip(reference.items(), way, noise, strict=True)
        }
        updates.append(ClientUpdate(NodeRef(NodeId(node)), arrays, 100 + node))
    return RoundContext(RunInfo(1, 9), number + 1, None, reference), tuple(updates)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU time in milliseconds."""
    wall, cpu = perf_counter(), process_time()
    work()
    return 1e3 * (perf_counter() - wall), 1e3 * (process_time() - cpu)


def measured(nodes: int, level: Level, rounds: int, folder: Path) -> Cost:
    """Judge and publish some rounds, and decide the last of them again."""
    store = FolderStore(folder)
    keeper = EvidenceKeeper(level, store)
    settings, rule = OutliersSettings(), create_rule("cluster_guard")
    how = Judgement("outliers", rule.name, rule.version, pinned(settings, rule, is_measured=False))
    plugin = Outliers(judge_of(settings, rule, None), None, keeper, how)
    times: list[tuple[float, float]] = []
    judgements: list[Judgement | None] = []

    def one(ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
        keeper.round(ctx, updates)
        verdict = plugin.bcfl_judge_updates(ctx, updates)
        judgements.append(verdict.judgement)
        if level is Level.UPDATES:
            mean = mean_of(ctx.reference, merge_verdicts(updates, [verdict]), updates, ())
            keeper.model({} if mean is None else mean.model())

    for number in range(rounds):
        ctx, updates = updates_of(nodes, number)
        times.append(timed(partial(one, ctx, updates)))
    told = judgements[-1]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    again = None
    if told is not None and told.inputs is not None and level is Level.DECISION:
        again = timed(lambda: _again(store, told))[0]
    last = times[1:] or times
    return Cost(
        nodes,
        level.value,
        median(wall for wall, _ in last),
        median(cpu for _, cpu in last),
        size / rounds,
        again,
    )


def _again(store: FolderStore, told: Judgement) -> None:
    made = rebuild(told, {})
    made.judge.recall(read_value(store.get(told.before or b""), lambda _: True))
    made.judge.decide(KeptInputs.read(read_value(store.get(told.inputs or b""), lambda _: True)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    print("| nodes | level | wall, ms | CPU, ms | MB stored | decided again, ms |")
    print("| --: | -- | --: | --: | --: | --: |")
    for nodes in asked.nodes:
        for level in Level:
            with tempfile.TemporaryDirectory() as folder:
                cost = measured(nodes, level, asked.rounds, Path(folder))
            again = "" if cost.again_ms is None else f"{cost.again_ms:.0f}"
            print(
                f"| {nodes} | {cost.level} | {cost.wall_ms:.0f} | {cost.cpu_ms:.0f} | "
                f"{cost.stored / MEGA:.1f} | {again} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
