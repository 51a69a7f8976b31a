"""What each level of ``bcfl.evidence.publish`` costs a round, and what deciding it again costs.

The default judge on updates of a million float32 parameters, with the server's part of a round,
and what each node does for its sketches. ``python -m benchmarks.evidence_costs`` prints the table
of ``docs/measurements/evidence-costs.md``.
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

from bcfl_plugins.config.evidence import EvidenceConfig
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.plugins.outliers import Outliers, OutliersSettings, judge_of, pinned, rebuild
from bcfl_plugins.published.inputs import KeptInputs
from bcfl_plugins.published.keeping import EvidenceKeeper, mean_of
from bcfl_plugins.published.sketches import RoundSketches, check_sum, inner_products
from bcfl_plugins.secure.signed_sketches import SketchedUpdate, fixed, sketch_payload, sketched
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from pallet_bridge.keys import Signer, verify
from pallet_bridge.run.content import read_value, value_bytes
from pallet_bridge.run.judgements import Judgement, Level
from pallet_bridge.run.store import FolderStore
from pallet_bridge.types import RoundKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bcfl_plugins.types import Array

SIZE = 1_000_000
SKETCHES = SketchSize(EvidenceConfig().tables, EvidenceConfig().width)
PLACE = RoundKey(bytes(32), 0, 0)
SEEDS = (bytes(range(32)), bytes(range(1, 33)))
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
    node_ms: float | None = None


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
    again_sketch = 0.0
    times: list[tuple[float, float]] = []
    nodes_ms: list[float] = []
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
        told: SignedByNodes | None = None
        if level is Level.SKETCH:
            told = SignedByNodes.of(ctx, updates)
            nodes_ms.append(told.node_ms)
        server = partial(one, ctx, updates)
        took = timed(server)
        if told is not None:
            more = timed(partial(told.published, keeper))
            took = took[0] + more[0], took[1] + more[1]
            again_sketch = timed(told.checked)[0]
        times.append(took)
    judged = judgements[-1]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    again = None
    if judged is not None and judged.inputs is not None and level is not Level.UPDATES:
        again = timed(lambda: _again(store, judged))[0]
        again += again_sketch
    last = times[1:] or times
    return Cost(
        nodes,
        level.value,
        median(wall for wall, _ in last),
        median(cpu for _, cpu in last),
        size / rounds,
        again,
        median(nodes_ms) if nodes_ms else None,
    )


@dataclass(frozen=True, slots=True)
class SignedByNodes:
    """The sketches of one round, as its nodes sign them twice.

    Parameters
    ----------
    ctx : RoundContext
        The round.
    model : Mapping
        The mean of its updates.
    signers, listed
        Who signed, and the sketches by each of both seeds.
    node_ms : float
        CPU time that it takes one node, in milliseconds.
    """

    ctx: RoundContext
    model: Mapping[str, Array]
    signers: tuple[Signer, ...]
    listed: tuple[tuple[SketchedUpdate, ...], ...]
    node_ms: float

    @classmethod
    def of(cls, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> SignedByNodes:
        """Let the nodes sign."""
        signers = tuple(Signer.from_uri(f"//bench//{n}") for n in range(len(updates)))
        listed: list[list[SketchedUpdate]] = [[], []]
        times = []
        for signer, update in zip(signers, updates, strict=True):
            begun = process_time()
            vector = fixed(ctx.reference, update.arrays, SKETCHES.width)
            for number, seed in enumerate(SEEDS):
                sketch = sketched(vector, SKETCHES, seed)
                said = sketch_payload(PLACE, signer.account, seed, seed, vector.bits, sketch)
                signed = signer.sign(said)
                made = SketchedUpdate(signer.account, vector.bits, sketch, signed)
                listed[number].append(made)
            times.append(1e3 * (process_time() - begun))
        mean = {
            name: sum(one.arrays[name] for one in updates) / np.float32(len(updates))
            for name in ctx.reference
        }
        kept = tuple(tuple(sorted(o, key=lambda made: made.account.raw)) for o in listed)
        return cls(ctx, mean, signers, kept, median(times))

    def published(self, keeper: EvidenceKeeper) -> None:
        """Check signatures and the sum, and keep it all, as a server does."""
        self._verify()
        self._sum()
        kept = RoundSketches(SEEDS[0], 9, SKETCHES, *self.listed)
        keeper.store.put(value_bytes(kept.plain()))
        keeper.model(self.model)

    def checked(self) -> None:
        """Check what a reader checks of the sketches themselves."""
        self._verify()
        self._sum()
        for listed in self.listed:
            inner_products([one.numbers() for one in listed])

    def _verify(self) -> None:
        for seed, listed in zip(SEEDS, self.listed, strict=True):
            for one in listed:
                said = sketch_payload(PLACE, one.account, seed, seed, one.bits, one.sketch)
                if not verify(one.account, said, one.signature):
                    raise ValueError("a signature does not hold")

    def _sum(self) -> None:
        updates = {one.account: one for one in self.listed[1]}
        parts = dict.fromkeys(updates, 1 / len(updates))
        check = check_sum(self.ctx.reference, self.model, parts, updates, SEEDS[1])
        if not check.holds:
            raise ValueError("the sum does not hold")


def _again(store: FolderStore, told: Judgement) -> None:
    made = rebuild(told, {})
    made.judge.recall(read_value(store.get(told.before or b""), lambda _: True))
    made.judge.decide(KeptInputs.read(read_value(store.get(told.inputs or b""), lambda _: True)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--levels", nargs="+", default=[level.value for level in Level])
    asked = parser.parse_args()
    print("| nodes | level | wall, ms | CPU, ms | MB stored | decided again, ms | node, CPU ms |")
    print("| --: | -- | --: | --: | --: | --: | --: |")
    for nodes in asked.nodes:
        for level in map(Level, asked.levels):
            with tempfile.TemporaryDirectory() as folder:
                cost = measured(nodes, level, asked.rounds, Path(folder))
            again = "" if cost.again_ms is None else f"{cost.again_ms:.0f}"
            node = "" if cost.node_ms is None else f"{cost.node_ms:.0f}"
            print(
                f"| {nodes} | {cost.level} | {cost.wall_ms:.0f} | {cost.cpu_ms:.0f} | "
                f"{cost.stored / MEGA:.1f} | {again} | {node} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
