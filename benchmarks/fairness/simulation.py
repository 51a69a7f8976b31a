"""A federation on scikit-learn's digits that runs a thousand rounds in seconds. numpy only.

Twenty nodes train a 64-32-10 network, side by side in one batched product. The server holds
validation data of its own, for the evidence, and a few examples to train on, for the rules that
need an update they trust.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.datasets import load_digits

from bcfl_plugins import attacks
from bcfl_plugins.defenses.base import Extras, Flags, Floats
from bcfl_plugins.errors import DefenseError
from bcfl_plugins.evidence import (
    EvidenceSettings,
    EvidenceState,
    NodeFacts,
    judge_harm,
    observe,
)

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Defense

NODES = 20
PIXELS, HIDDEN, CLASSES = 64, 32, 10
BATCH, STEPS, RATE = 32, 4, 0.1
VALIDATION, ROOT, TEST = 200, 100, 300
LEAST = 8
SPLITS = ("iid", "dirichlet 0.1", "2 labels", "1 label")
_CUTS = tuple(np.cumsum([PIXELS * HIDDEN, HIDDEN, HIDDEN * CLASSES]).tolist())
SIZE = _CUTS[-1] + CLASSES

Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Judge: TypeAlias = Callable[[Floats, Extras], tuple[Floats, Flags, object]]
"""(n, d) updates to the (d,) step of the model, the (n,) kept ones, and a state."""


def digits() -> tuple[Floats, Ints]:
    """Return (1797, 64) pixels in [0, 1] and (1797,) labels, in a fixed random order."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(123).permutation(len(labels))
    return pixels[order] / 16.0, labels[order]


def split(rng: np.random.Generator, labels: Ints, kind: str) -> list[Ints]:
    """Return the row numbers of each node."""
    if kind == "iid":
        return list(np.array_split(rng.permutation(len(labels)), NODES))
    if kind.startswith("dirichlet"):
        return _dirichlet(rng, labels, float(kind.split()[1]))
    held = int(kind.split(maxsplit=1)[0])
    parts: list[list[int]] = [[] for _ in range(NODES)]
    for label in range(CLASSES):
        owners = [
            node
            for node in range(NODES)
            if label in {(node * held + k) % CLASSES for k in range(held)}
        ]
        rows = rng.permutation(np.flatnonzero(labels == label))
        for node, mine in zip(owners, np.array_split(rows, len(owners)), strict=True):
            parts[node].extend(mine.tolist())
    return [np.array(part) for part in parts]


def _dirichlet(rng: np.random.Generator, labels: Ints, alpha: float) -> list[Ints]:
    while True:
        parts: list[list[int]] = [[] for _ in range(NODES)]
        for label in range(CLASSES):
            rows = rng.permutation(np.flatnonzero(labels == label))
            cuts = (np.cumsum(rng.dirichlet([alpha] * NODES))[:-1] * len(rows)).astype(int)
            for part, mine in zip(parts, np.split(rows, cuts), strict=True):
                part.extend(mine.tolist())
        if min(map(len, parts)) >= LEAST:
            return [np.array(part) for part in parts]


def _views(flat: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(k, SIZE) -> (k, 64, 32), (k, 1, 32), (k, 32, 10), (k, 1, 10)."""
    a, b, c = _CUTS
    w1, b1, w2, b2 = flat[:, :a], flat[:, a:b], flat[:, b:c], flat[:, c:]
    k = len(flat)
    return (
        w1.reshape(k, PIXELS, HIDDEN),
        b1[:, None],
        w2.reshape(k, HIDDEN, CLASSES),
        b2[:, None],
    )


def logits(model: Floats, x: Floats) -> Floats:
    """Return (m, 10) for one model (SIZE,)."""
    w1, b1, w2, b2 = _views(model[None])
    found: Floats = np.maximum(x @ w1[0] + b1[0], 0.0) @ w2[0] + b2[0]
    return found


def losses(model: Floats, x: Floats, y: Ints) -> Floats:
    """Return the (m,) cross entropies."""
    with np.errstate(over="ignore", invalid="ignore"):
        out = logits(model, x)
        out = out - out.max(axis=1, keepdims=True)
        found: Floats = np.log(np.exp(out).sum(axis=1)) - out[np.arange(len(y)), y]
    return found


def step_in_place(flat: Floats, x: Floats, y: Ints) -> None:
    """One SGD step of k models in place; (k, batch, 64) pixels, (k, batch) labels."""
    w1, b1, w2, b2 = _views(flat)
    hidden = np.maximum(x @ w1 + b1, 0.0)
    error = hidden @ w2 + b2
    error = np.exp(error - error.max(axis=2, keepdims=True))
    error /= error.sum(axis=2, keepdims=True)
    np.put_along_axis(
        error, y[:, :, None], np.take_along_axis(error, y[:, :, None], axis=2) - 1.0, axis=2
    )
    error /= y.shape[1]
    back = (error @ w2.transpose(0, 2, 1)) * (hidden > 0.0)
    parts = (
        x.transpose(0, 2, 1) @ back,
        back.sum(axis=1),
        hidden.transpose(0, 2, 1) @ error,
        error.sum(axis=1),
    )
    flat -= RATE * np.concatenate([part.reshape(len(flat), -1) for part in parts], axis=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One federation.

    Parameters
    ----------
    kind : str
        One of `SPLITS`.
    seed : int
        Of everything.
    rounds : int
        Aggregations.
    attack : str
        A name from `attack_names` or `data_attack_names` of the attacks; "none" for none.
    settings : tuple of (str, object)
        The attack's.
    f : int
        Attackers among the nodes, the last ones.
    blind : int or None
        A class that the validation data does not have.
    """

    kind: str
    seed: int
    rounds: int
    attack: str = "none"
    settings: tuple[tuple[str, object], ...] = ()
    f: int = 0
    blind: int | None = None


@dataclass(slots=True)
class Trace:
    """What happened: (rounds, n) flags, the first strike of each node, and the last accuracy.

    `got` and `asked` are (n,) sums over the rounds of `own_part`; their ratio is a share kept.
    """

    rejected: Flags
    harmful: Flags
    opposed: Flags
    got: Floats
    asked: Floats
    struck: dict[int, int] = field(default_factory=dict)
    accuracy: float = 0.0


def by_rule(rule: Defense) -> Judge:
    """Return the judge that a rule is; a round that it refuses moves nothing, rejects nobody."""

    def judge(updates: Floats, extras: Extras) -> tuple[Floats, Flags, object]:
        try:
            made = rule.aggregate(updates, extras)
        except DefenseError:
            return np.zeros(SIZE), np.ones(len(updates), np.bool_), extras.state
        return np.asarray(made.value), made.decision.kept, made.state

    return judge


def against(victims: Flags, *, heard: bool) -> Judge:
    """Return a judge that rejects the same nodes in every round, whatever they send.

    Parameters
    ----------
    victims : Flags
        (n,) who is rejected.
    heard : bool
        Whether they are averaged all the same, so that the model knows their data.
    """

    def judge(updates: Floats, extras: Extras) -> tuple[Floats, Flags, object]:
        del extras
        averaged = np.isfinite(updates).all(axis=1) if heard else ~victims
        return updates[averaged].mean(axis=0), ~victims, None

    return judge


class Simulation:
    """Draws the data once; `run` runs the rounds."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._rng = np.random.default_rng([case.seed, 11])
        x, y = digits()
        ends = np.cumsum([VALIDATION, ROOT, TEST])
        self._val, self._root, self._test, rest = (
            (x[a], y[a]) for a in np.split(np.arange(len(x)), ends)
        )
        if case.blind is not None:
            seen = self._val[1] != case.blind
            self._val = self._val[0][seen], self._val[1][seen]
        parts = split(self._rng, rest[1], case.kind)
        self._data = [(rest[0][part], rest[1][part]) for part in parts]
        self.holders = np.array([case.blind in y for _, y in self._data])
        self._evil = np.arange(NODES) >= NODES - case.f
        self._attack = None
        if case.attack in attacks.data_attack_names():
            self._poison()
        elif case.attack != "none":
            self._attack = attacks.create_attack(case.attack, **dict(case.settings))
        self._first: Floats | None = None
        self._last: Floats | None = None

    def _poison(self) -> None:
        bad = attacks.create_data_attack(self.case.attack, **dict(self.case.settings))
        for part, node in enumerate(np.flatnonzero(self._evil).tolist()):
            x, y = self._data[node]
            self._data[node] = bad.poison(
                x, y, rng=self._rng, classes=CLASSES, part=part, parts=self.case.f
            )

    def run(self, judge: Judge) -> Trace:
        """Run all rounds."""
        rounds, n = self.case.rounds, NODES
        flags = (np.zeros((rounds, n), np.bool_) for _ in range(3))
        trace = Trace(*flags, got=np.zeros(n), asked=np.zeros(n))
        evidence, state = EvidenceState(EvidenceSettings(members=n)), None
        model = 0.15 * self._rng.standard_normal(SIZE)
        for turn in range(rounds):
            updates, trusted = self._updates(model, turn)
            extras = Extras(ids=tuple(range(n)), trusted=trusted, state=state)
            step, kept, state = judge(updates, extras)
            broken = ~np.isfinite(updates).all(axis=1)
            harmful = self._harm(model, updates, kept & ~broken, broken)
            trace.rejected[turn] = ~kept
            trace.harmful[turn] = [one is True for one in harmful]
            trace.opposed[turn] = _opposed(np.where(broken[:, None], 0.0, updates), kept & ~broken)
            if not broken.any():
                got, asked = own_part(updates, step)
                trace.got += got
                trace.asked += asked
            facts = [
                NodeFacts(f"{i:02d}", bool(~kept[i]), harmful[i], bool(broken[i])) for i in range(n)
            ]
            evidence, findings = observe(evidence, facts)
            for one in findings:
                if one.strike:
                    trace.struck.setdefault(int(one.node), turn + 1)
            self._last = step
            model = model + step
        x, y = self._test
        trace.accuracy = float((logits(model, x).argmax(axis=1) == y).mean())
        return trace

    def _updates(self, model: Floats, turn: int) -> tuple[Floats, Floats]:
        flat = np.tile(model, (NODES + 1, 1))
        data = [*self._data, self._root]
        for _ in range(STEPS):
            rows = [self._rng.integers(0, len(y), BATCH) for _, y in data]
            x = np.stack([x[r] for (x, _), r in zip(data, rows, strict=True)])
            y = np.stack([y[r] for (_, y), r in zip(data, rows, strict=True)])
            step_in_place(flat, x, y)
        flat -= model
        updates, trusted = flat[:NODES], flat[NODES]
        if self._attack is not None:
            own = updates[self._evil].copy()
            self._first = own if self._first is None else self._first
            previous = {"own": self._first, "aggregate": self._last}.get(self._attack.repeats)
            updates[self._evil] = self._attack.craft(
                updates[~self._evil],
                self.case.f,
                rng=self._rng,
                own=own,
                previous=previous,
                server_round=turn + 1,
            )
        return updates, trusted

    def _harm(
        self, model: Floats, updates: Floats, kept: Flags, broken: Flags
    ) -> tuple[bool | None, ...]:
        x, y = self._val

        def loss(coefficients: Floats) -> Floats:
            used = coefficients != 0.0
            return losses(model + coefficients[used] @ updates[used], x, y)

        return judge_harm(loss, kept, broken)


def own_part(updates: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return what the step, and what the mean, has of each update that the others do not ask for.

    That is the part of an update at a right angle to the mean of all others: a rule that ignores
    the node has none of it, and one that shortens the mean has as much less.

    Returns
    -------
    (Floats, Floats)
        (n,) inner products of that part with the step, and with the mean of all updates.
    """
    n = len(updates)
    others = (updates.sum(axis=0) - updates) / (n - 1)
    lengths = np.einsum("ij,ij->i", others, others)
    along = np.einsum("ij,ij->i", updates, others)
    turns = np.divide(along, lengths, out=np.zeros(n), where=lengths > 0.0)
    own = updates - turns[:, None] * others
    return own @ step, np.einsum("ij,ij->i", own, own) / n


def _opposed(updates: Floats, kept: Flags) -> Flags:
    """Say whose update points away from the mean of the other kept ones."""
    total = updates[kept].sum(axis=0)
    dots = updates @ total - np.where(kept, np.square(updates).sum(axis=1), 0.0)
    found: Flags = dots < 0.0
    return found
