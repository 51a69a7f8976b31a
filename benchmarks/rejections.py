"""How often the defense ``cluster`` rejects honest nodes, and how often it rejects attackers.

Ten nodes train a small network on scikit-learn's digits with FedAvg, split by a Dirichlet draw;
numpy only. ``python -m benchmarks.rejections --seeds 20`` prints the table of
``docs/measurements/rejections.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.cluster import Cluster
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Model = dict[str, Floats]

NODES = 10
ROUNDS = 15
BATCH = 32
TEST = 360
MIN_EXAMPLES = 20
STRIKES = 3  # that make an offence
FORGIVEN_AFTER = 2  # clean rounds that take one strike back
ALPHAS = (1.0, 0.5)

ATTACKS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "sign flip": ("sign",) * 3,
    "scaled x10": ("scale",) * 3,
    "label flip": ("label",) * 3,
    "one of each": ("sign", "scale", "label"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """What each node trains: `hidden` units (0: a linear model), local epochs, SGD."""

    name: str
    hidden: int
    epochs: int
    rate: float
    momentum: float = 0.0


@dataclass(frozen=True, slots=True)
class Sender:
    """How a node behaves, and what it trains."""

    kind: str
    task: Task


TASKS = (
    Task("MLP, 5 local epochs", 32, 5, 0.1),
    Task("MLP, 2 local epochs", 32, 2, 0.1),
    Task("MLP, 1 local epoch, momentum", 64, 1, 0.05, 0.9),
    Task("linear, 2 local epochs", 0, 2, 0.1),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One federation: (rounds, nodes) rejections, which nodes attack, accuracy after each round."""

    rejected: Flags
    attackers: Flags
    accuracy: Floats

    def offences(self) -> int:
        """Honest nodes that would have gathered `STRIKES` strikes."""
        return sum(
            _strikes(self.rejected[:, node]) for node in np.flatnonzero(~self.attackers).tolist()
        )


def _strikes(rejections: Flags) -> bool:
    strikes = clean = 0
    for rejected in rejections:
        if rejected:
            strikes, clean = strikes + 1, 0
            if strikes == STRIKES:
                return True
            continue
        clean += 1
        if clean == FORGIVEN_AFTER:
            strikes, clean = max(0, strikes - 1), 0
    return False


def digits() -> tuple[Floats, Ints]:
    """Return (1797, 64) pixels in [0, 1] and (1797,) labels, in a fixed random order."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(123).permutation(len(labels))
    return pixels[order] / 16.0, labels[order]


def split(rng: np.random.Generator, labels: Ints, alpha: float) -> list[Ints]:
    """Give each node a Dirichlet share of each class, at least `MIN_EXAMPLES` in all."""
    while True:
        parts: list[list[int]] = [[] for _ in range(NODES)]
        for label in range(10):
            places = rng.permutation(np.flatnonzero(labels == label))
            cuts = (np.cumsum(rng.dirichlet([alpha] * NODES))[:-1] * len(places)).astype(int)
            for part, share in zip(parts, np.split(places, cuts), strict=True):
                part.extend(share.tolist())
        if min(map(len, parts)) >= MIN_EXAMPLES:
            return [np.array(part) for part in parts]


def first_model(rng: np.random.Generator, hidden: int) -> Model:
    """Return a new model with PyTorch's default initial spread."""
    if not hidden:
        return {"w": np.zeros((64, 10)), "b": np.zeros(10)}
    inner, outer = 64**-0.5, hidden**-0.5
    return {
        "w0": rng.uniform(-inner, inner, (64, hidden)),
        "b0": rng.uniform(-inner, inner, hidden),
        "w": rng.uniform(-outer, outer, (hidden, 10)),
        "b": rng.uniform(-outer, outer, 10),
    }


def train(rng: np.random.Generator, start: Model, x: Floats, y: Ints, task: Task) -> Model:
    """Return the model after local SGD with cross entropy."""
    model = {name: array.copy() for name, array in start.items()}
    speed = {name: np.zeros_like(array) for name, array in start.items()}
    for _ in range(task.epochs):
        order = rng.permutation(len(x))
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            for name, gradient in _gradient(model, x[batch], y[batch]).items():
                speed[name] = task.momentum * speed[name] + gradient
                model[name] -= task.rate * speed[name]
    return model


def _hidden(model: Model, x: Floats) -> Floats:
    return np.maximum(x @ model["w0"] + model["b0"], 0.0) if "w0" in model else x


def _gradient(model: Model, x: Floats, y: Ints) -> Model:
    hidden = _hidden(model, x)
    logits = hidden @ model["w"] + model["b"]
    error = np.exp(logits - logits.max(axis=1, keepdims=True))
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(y)), y] -= 1.0
    error /= len(y)
    gradient = {"w": hidden.T @ error, "b": error.sum(axis=0)}
    if "w0" in model:
        back = (error @ model["w"].T) * (hidden > 0)
        gradient |= {"w0": x.T @ back, "b0": back.sum(axis=0)}
    return gradient


def accuracy(model: Model, x: Floats, y: Ints) -> float:
    """Return the share of labels that the model names right."""
    return float(((_hidden(model, x) @ model["w"] + model["b"]).argmax(axis=1) == y).mean())


def federation(
    seed: int,
    *,
    alpha: float,
    attack: str,
    task: Task,
    rounds: int = ROUNDS,
    rule: Cluster | None = None,
) -> Run:
    """Train one federation with the defense; the last nodes attack."""
    rng = np.random.default_rng(seed)
    x, y = digits()
    parts = split(rng, y[:-TEST], alpha)
    model = first_model(rng, task.hidden)
    kinds = ["honest"] * (NODES - len(ATTACKS[attack])) + [*ATTACKS[attack]]
    rule, state, rejected, curve = rule or Cluster(), None, [], []
    for _ in range(rounds):
        updates = [
            ClientUpdate(
                NodeRef(NodeId(node)),
                _sent(rng, model, x[part], y[part], Sender(kind, task)),
                len(part),
            )
            for node, (part, kind) in enumerate(zip(parts, kinds, strict=True))
        ]
        extras = Extras(reference=model, ids=[u.node.node_id for u in updates], state=state)
        found = rule.aggregate([u.arrays for u in updates], extras)
        out, state = ~found.decision.kept, found.state
        kept = [u for u, bad in zip(updates, out, strict=True) if not bad]
        total = sum(u.num_examples for u in kept)
        if kept:
            shares = np.array([u.num_examples / total for u in kept])
            model = {
                name: np.tensordot(shares, np.array([u.arrays[name] for u in kept]), axes=1)
                for name in model
            }
        rejected.append(out)
        curve.append(accuracy(model, x[-TEST:], y[-TEST:]))
    attackers = np.array([kind != "honest" for kind in kinds])
    return Run(np.array(rejected), attackers, np.array(curve))


def _sent(rng: np.random.Generator, model: Model, x: Floats, y: Ints, sender: Sender) -> Model:
    trained = train(rng, model, x, 9 - y if sender.kind == "label" else y, sender.task)
    factor = {"sign": -1.0, "scale": 10.0}.get(sender.kind, 1.0)
    return {name: model[name] + factor * (trained[name] - model[name]) for name in model}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; rates in percent of node-rounds."""

    task: str
    alpha: float
    attack: str
    seeds: int
    honest: float
    attackers: float | None
    attackers_from_round_4: float | None
    honest_nodes_with_offence: int
    honest_nodes: int
    accuracy: float


def row(task: Task, alpha: float, attack: str, runs: list[Run]) -> Row:
    """Sum up the runs of one line."""
    bad = bool(ATTACKS[attack])
    return Row(
        task.name,
        alpha,
        attack,
        len(runs),
        100 * float(np.mean([r.rejected[:, ~r.attackers].mean() for r in runs])),
        100 * float(np.mean([r.rejected[:, r.attackers].mean() for r in runs])) if bad else None,
        100 * float(np.mean([r.rejected[3:, r.attackers].mean() for r in runs])) if bad else None,
        sum(r.offences() for r in runs),
        sum(int((~r.attackers).sum()) for r in runs),
        float(np.mean([r.accuracy[-1] for r in runs])),
    )


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000, help="0 to 99 were tuned on")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="two seeds, the first task only")
    options = parser.parse_args(arguments)
    count, tasks = (2, TASKS[:1]) if options.quick else (options.seeds, TASKS)
    seeds = range(options.first_seed, options.first_seed + count)
    with ProcessPoolExecutor(options.workers) as pool:
        for task in tasks:
            for alpha in ALPHAS:
                for attack in ATTACKS:
                    one: Callable[[int], Run] = partial(
                        federation, alpha=alpha, attack=attack, task=task
                    )
                    _print(row(task, alpha, attack, list(pool.map(one, seeds))), options.json)
    return 0


def _print(line: Row, as_json: bool) -> None:  # noqa: FBT001 - private
    if as_json:
        print(json.dumps(asdict(line)), flush=True)
        return
    attackers = (
        "| - | - "
        if line.attackers is None
        else f"| {line.attackers:.0f} % | {line.attackers_from_round_4:.0f} % "
    )
    print(
        f"| {line.task} | {line.alpha} | {line.attack} | {line.honest:.1f} % {attackers}"
        f"| {line.honest_nodes_with_offence} of {line.honest_nodes} | {line.accuracy:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
