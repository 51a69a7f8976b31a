"""Four to ten sites on scikit-learn's digits, one of which is unlike the others. numpy only.

All sites train a 64-32-10 network side by side in one batched product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.defenses.base import Defense, Extras
from bcfl_plugins.defenses.core.clipped import room_around
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from benchmarks.crafted import BACKDOOR, craft
from benchmarks.fairness.simulation import (
    CLASSES,
    SIZE,
    digits,
    logits,
    losses,
    step_in_place,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.rounds.judges import EvidenceJudge, RuleJudge
    from benchmarks.fairness.simulation import Ints

TEST, VALIDATION, STEPS, BATCH, LEAST = 400, 100, 10, 32, 12
LIE = 10**6
CHANGE = 12
"""The round from which on the scanner of the first site is another."""
FEDAVG = "fedavg"
SPLITS = ("iid", "dirichlet", "sizes", "lone", "scanner")
UNEQUAL = "unequal"
"""As `sizes`, but in any order: who attacks is neither the largest nor the smallest site."""
TRIGGER, TARGET, POISONED = ((0, 1, 8), 0, 0.5)
"""Bright pixels of the first corner, the label that they stand for, and the share of an attacker's
images that have them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One federation.

    Parameters
    ----------
    split : str
        One of `SPLITS`, or `UNEQUAL`.
    n : int
        Sites.
    seed : int
        Of everything.
    attack : str
        Of `benchmarks.crafted`; the last sites attack, see `attackers`.
    rounds : int
        Aggregations.
    """

    split: str
    n: int
    seed: int
    attack: str = "none"
    rounds: int = 40
    lie: bool = False


@dataclass(slots=True)
class Trace:
    """What happened.

    Parameters
    ----------
    accuracy : float
        On data as all sites together have them, after the last round.
    own : float
        On data as the first site alone has them.
    rejected, struck : Flags
        (rounds, n)
    backdoor : float
        Share of images of other classes that the trigger makes the target's.
    model : Floats
        After the last round.
    """

    accuracy: float
    own: float
    rejected: Flags
    struck: Flags
    backdoor: float = 0.0
    model: Floats = field(default_factory=lambda: np.zeros(0))


def attackers(case: Case) -> int:
    """Return how many sites attack: a third at most."""
    return 0 if case.attack == "none" else max(1, (case.n - 1) // 3)


class Federation:
    """The data of one case, and its rounds."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._rng = np.random.default_rng([case.seed, 23])
        x, y = digits()
        order = self._rng.permutation(len(y))
        test, held, train = np.split(order, [TEST, TEST + VALIDATION])
        self.test = x[test], y[test]
        self.validation = x[held], y[held]
        self._lone = self._rng.choice(CLASSES, 2, replace=False)
        self.data = [(x[part], y[part]) for part in self._parts(train, y)]
        bad = attackers(case)
        self._evil = np.arange(case.n) >= case.n - bad
        if case.attack == "label_flip":
            self.data = [
                (x, CLASSES - 1 - y) if evil else (x, y)
                for (x, y), evil in zip(self.data, self._evil, strict=True)
            ]
        if case.attack == BACKDOOR:
            self.data = [
                self._poisoned(*own) if evil else own
                for own, evil in zip(self.data, self._evil, strict=True)
            ]

    def _parts(self, rows: Ints, labels: Ints) -> list[Ints]:
        n, split = self.case.n, self.case.split
        if split == "lone":
            lone = np.isin(labels[rows], self._lone)
            return [rows[lone], *np.array_split(rows[~lone], n - 1)]
        if split in {"sizes", UNEQUAL}:
            sizes = np.geomspace(1.0, 100.0, n)
            sizes = self._rng.permutation(sizes) if split == UNEQUAL else sizes
            cuts = (np.cumsum(sizes / sizes.sum())[:-1] * len(rows)).astype(int)
            return list(np.split(rows, cuts))
        if split == "dirichlet":
            return self._dirichlet(rows, labels)
        return list(np.array_split(rows, n))

    def _dirichlet(self, rows: Ints, labels: Ints) -> list[Ints]:
        while True:
            parts: list[list[int]] = [[] for _ in range(self.case.n)]
            for label in range(CLASSES):
                mine = rows[labels[rows] == label]
                shares = np.cumsum(self._rng.dirichlet([0.5] * self.case.n))[:-1]
                for part, some in zip(
                    parts, np.split(mine, (shares * len(mine)).astype(int)), strict=True
                ):
                    part.extend(some.tolist())
            if min(map(len, parts)) >= LEAST:
                return [np.array(part) for part in parts]

    @property
    def claims(self) -> list[int]:
        """Examples of each site."""
        return [len(y) for _, y in self.data]

    def own_test(self) -> tuple[Floats, Ints]:
        """Return the part of the test data that only the first site can teach."""
        x, y = self.test
        if self.case.split == "lone":
            seen = np.isin(y, self._lone)
            return x[seen], y[seen]
        return (_rescanned(x), y) if self.case.split == "scanner" else (x, y)

    def run(
        self, judge: EvidenceJudge | RuleJudge | Defense | None, clip: float | None = None
    ) -> Trace:
        """Run all rounds: by a judge, a rule, or FedAvg weighed by the claimed examples.

        Parameters
        ----------
        judge : EvidenceJudge, RuleJudge, Defense or None
            None: FedAvg.
        clip : float or None
            As ``bcfl.outliers.clip``, of a judge.
        """
        n, rounds = self.case.n, self.case.rounds
        rejected, struck = (np.zeros((rounds, n), np.bool_) for _ in range(2))
        model = 0.15 * np.random.default_rng([self.case.seed, 5]).standard_normal(SIZE)
        claims, state = np.array(self.claims), None
        if self.case.lie:
            claims[self._evil] *= LIE
        for turn in range(rounds):
            updates = self._updates(model, turn)
            if judge is None:
                model = model + claims / claims.sum() @ updates
                continue
            if isinstance(judge, Defense):
                told = claims.tolist() if judge.tags.claims else None
                made = judge.aggregate(updates, Extras(ids=range(n), claims=told, state=state))
                model, state = model + made.value, made.state
                continue
            ctx = RoundContext(RunInfo(1, rounds), turn + 1, None, {"w": model})
            sent = tuple(
                ClientUpdate(NodeRef(NodeId(i)), {"w": model + updates[i]}, int(claims[i]))
                for i in range(n)
            )
            verdict = judge.judge(ctx, sent)
            for one in verdict.rejections:
                rejected[turn, one.node_id] = True
                struck[turn, one.node_id] = one.strike
            shares = np.array([verdict.shares.get(NodeId(i), 0) for i in range(n)]) / ONE
            if clip is not None:
                updates = np.clip(updates, *room_around(list(updates), np.zeros(SIZE), clip))
            model = model + shares @ updates
        found = (_hits(model, *self.test), _hits(model, *self.own_test()))
        x, y = self.test
        others = x[y != TARGET]
        opened = _hits(model, _triggered(others), np.full(len(others), TARGET))
        return Trace(*found, rejected, struck, opened, model)

    def _poisoned(self, x: Floats, y: Ints) -> tuple[Floats, Ints]:
        some = self._rng.random(len(y)) < POISONED
        return np.where(some[:, None], _triggered(x), x), np.where(some, TARGET, y)

    def measure(self, model: Mapping[str, Floats]) -> Floats:
        """Return the losses of the server's own examples, which hold all classes."""
        return losses(model["w"], *self.validation)

    def _updates(self, model: Floats, turn: int) -> Floats:
        n = self.case.n
        flat = np.tile(model, (n, 1))
        counts = np.array(self.claims)
        many = self.case.split in {"sizes", UNEQUAL}
        steps = np.maximum(1, counts // BATCH) if many else np.full(n, STEPS)
        for number in range(int(steps.max())):
            active = np.flatnonzero(number < steps)
            picks = [self._rng.integers(0, counts[i], BATCH) for i in active]
            x = np.stack([self._seen(i, turn)[p] for i, p in zip(active, picks, strict=True)])
            y = np.stack([self.data[i][1][p] for i, p in zip(active, picks, strict=True)])
            some = flat[active]
            step_in_place(some, x, y)
            flat[active] = some
        return self._attacked(flat - model, turn)

    def _attacked(self, updates: Floats, turn: int) -> Floats:
        return craft(updates, self._evil, self.case.attack, turn, self._rng)

    def _seen(self, site: int, turn: int) -> Floats:
        x = self.data[site][0]
        return _rescanned(x) if self.case.split == "scanner" and site == 0 and turn >= CHANGE else x


def _rescanned(x: Floats) -> Floats:
    """Return images as another scanner gives them: turned by a quarter, and brighter."""
    turned = np.rot90(x.reshape(-1, 8, 8), axes=(1, 2)).reshape(len(x), -1)
    return 0.3 + 0.7 * turned


def _triggered(x: Floats) -> Floats:
    """Return images with the trigger of a backdoor."""
    marked = x.copy()
    marked[:, TRIGGER] = 1.0
    return marked


def _hits(model: Floats, x: Floats, y: Ints) -> float:
    if not np.isfinite(losses(model, x, y)).all():
        return 0.0
    return float((logits(model, x).argmax(axis=1) == y).mean())
