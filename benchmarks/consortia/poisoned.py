"""Twenty sites of which four plant a backdoor, of every kind that the library has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcfl_plugins.attacks import create_attack, create_data_attack, create_trigger_attack
from bcfl_plugins.attacks.data import (
    DataAttack,
    EdgeCaseBackdoor,
    PixelBackdoor,
    SemanticBackdoor,
)
from bcfl_plugins.attacks.timing import OnOff
from bcfl_plugins.defenses.base import (
    NO_EXTRAS,
    Aggregate,
    Decision,
    Defense,
    Extras,
    RuleTags,
)
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.reasons import Reason
from benchmarks.consortia.simulation import Case, Federation
from benchmarks.fairness.simulation import CLASSES, HIDDEN, PIXELS, SIZE, logits, step_in_place

if TYPE_CHECKING:
    from bcfl_plugins.attacks.triggers import Trigger
    from bcfl_plugins.defenses.base import Floats, Updates
    from benchmarks.fairness.simulation import Ints

N, F = 20, 4
SIDE = 8
BOOST = 3.0
"""By which `on_off` multiplies what it sends in its rounds."""
FIRST_STEPS, STEPS = 100, 10
"""Of fitting a trigger in the first round, and in each of the others."""
_TRIES = 6
_LONGEST = 20.0

KINDS = (
    "pixel", "distributed", "edge_case", "semantic", "neurotoxin", "projected", "on_off", "adapted",
    "a3fl", "iba",
)  # fmt: skip
_CUTS = np.cumsum([PIXELS * HIDDEN, HIDDEN, HIDDEN * CLASSES])


def layers(flat: Floats) -> dict[str, Floats]:
    """Return the model array by array, as an app would send it."""
    w1, b1, w2, b2 = np.split(flat, _CUTS)
    return {
        "in.w": w1.reshape(PIXELS, HIDDEN),
        "in.b": b1,
        "out.w": w2.reshape(HIDDEN, CLASSES),
        "out.b": b2,
    }


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The model that went out, as the attackers hold it."""

    model: Floats

    def gradient(self, x: Floats, y: Ints) -> Floats:
        """Return (m, pixels) the gradient of each example's own loss."""
        arrays = layers(self.model)
        hidden = np.maximum(x @ arrays["in.w"] + arrays["in.b"], 0.0)
        error = np.exp(_shifted(hidden @ arrays["out.w"] + arrays["out.b"]))
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(len(y)), y] -= 1.0
        found: Floats = ((error @ arrays["out.w"].T) * (hidden > 0.0)) @ arrays["in.w"].T
        return found

    def trained(self, x: Floats, y: Ints) -> Held:
        """Return a copy that was trained for five steps."""
        flat = self.model[None].copy()
        for _ in range(5):
            step_in_place(flat, x[None], y[None])
        return Held(flat[0])

    def parameters(self) -> Floats:
        """Return the weights."""
        return self.model


def _shifted(scores: Floats) -> Floats:
    found: Floats = scores - scores.max(axis=1, keepdims=True)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Named(Defense):
    """A rule that is given the arrays of the model, and the model that went out."""

    name: ClassVar[str] = "named"
    paper: ClassVar[str] = "none"

    rule: Defense
    federation: Poisoned

    def max_byzantine(self, n: int) -> int:
        """Return what the rule says."""
        return self.rule.max_byzantine(n)

    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """Ask the rule; the answer is an update again."""
        model = self.federation.model
        found = self.rule.aggregate(
            [layers(model + row) for row in np.asarray(updates)],
            replace(extras, reference=layers(model)),
        )
        value = np.concatenate([array.ravel() for array in found.value.values()])
        return Aggregate(value - model, found.decision, found.state)


@dataclass(frozen=True, slots=True, eq=False)
class Oracle(Defense):
    """FedAvg of the sites that are known to be honest."""

    name: ClassVar[str] = "oracle"
    paper: ClassVar[str] = "none"
    tags: ClassVar[RuleTags] = RuleTags(claims=True)

    def max_byzantine(self, n: int) -> int:
        """Return n: it knows who attacks."""
        return n

    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """Average all but the last sites."""
        rows, counts = np.asarray(updates)[: N - F], np.array(extras.claims)[: N - F]
        kept = np.arange(N) < N - F
        reasons = tuple(Reason.NONE if one else Reason.OUTLIER_CLUSTER for one in kept)
        decision = Decision(kept, np.zeros(0), np.zeros(N), reasons)
        return Aggregate(counts / counts.sum() @ rows, decision)


class Poisoned(Federation):
    """A federation of twenty sites with unequal labels, the last four of which attack.

    Parameters
    ----------
    kind : str
        One of `KINDS`, or "none".
    seed, rounds : int
        As of `Case`.
    """

    def __init__(self, kind: str, seed: int, rounds: int = 40) -> None:
        super().__init__(Case("dirichlet", N, seed, rounds=rounds))
        self.kind = kind
        self.model: Floats = np.zeros(SIZE)
        self._evil = np.arange(N) >= N - (0 if kind == "none" else F)
        self._clean = list(self.data)
        self._moved: Floats | None = None
        self._trigger: Trigger | None = None
        self._dice = np.random.default_rng([seed, 31])
        self._planted = _planted(kind)
        self._sent = {
            "neurotoxin": create_attack("neurotoxin"),
            "projected": create_attack("projected_training"),
        }.get(kind)
        self._pauses = OnOff(period=10, on=3)
        if self._planted is not None:
            self._poison()

    def _poison(self) -> None:
        for part, site in enumerate(np.flatnonzero(self._evil).tolist()):
            x, y = self._clean[site]
            if isinstance(self._planted, EdgeCaseBackdoor | SemanticBackdoor):
                seen, wanted = self._rare()
                again = self._dice.integers(0, len(wanted), len(y))
                self.data[site] = (
                    np.concatenate([x, seen[again]]),
                    np.concatenate([y, wanted[again]]),
                )
            elif self._planted is not None:
                self.data[site] = self._planted.poison(
                    x, y, rng=self._dice, classes=CLASSES, part=part, parts=F
                )
            elif self._trigger is not None:
                self.data[site] = self._trigger.poison(x, y, rng=self._dice)

    def _rare(self) -> tuple[Floats, Ints]:
        """Return all training examples with the feature, as the target's; attackers find them."""
        x, y = (np.concatenate(both) for both in zip(*self._clean, strict=True))
        places = featured(self._planted, x, y)
        return x[places], np.zeros(len(places), dtype=y.dtype)

    def _updates(self, model: Floats, turn: int) -> Floats:
        self._moved, self.model = (model - self.model if turn else None), model
        if self.kind in {"a3fl", "iba"}:
            self.fit(self.kind, model, FIRST_STEPS if turn == 0 else STEPS)
            self._poison()
        if self.kind == "on_off":
            on = self._pauses.attacks_in(turn + 1)
            for site in np.flatnonzero(self._evil).tolist():
                self.data[site] = self._clean[site]
            if on:
                self._poison()
        return super()._updates(model, turn)

    def fit(self, kind: str, model: Floats, steps: int) -> None:
        """Fit the attackers' trigger to a model, from where it was."""
        x, y = (np.concatenate(both) for both in zip(*self._clean[N - F :], strict=True))
        settings: dict[str, Any] = {"share": 0.5, "steps": steps}
        if kind == "a3fl":
            settings |= {"shape": (SIDE, SIDE), "rate": 0.05}
        attack = create_trigger_attack(kind, **settings)
        self._trigger = attack.fitted(Held(model), x, y, rng=self._dice, before=self._trigger)

    def _attacked(self, updates: Floats, turn: int) -> Floats:
        evil = self._evil
        if self.kind == "on_off" and self._pauses.attacks_in(turn + 1):
            updates[evil] *= BOOST
        elif self.kind == "adapted":
            updates[evil] *= _farthest_kept(updates, evil)
        elif self._sent is not None:
            updates[evil] = self._sent.craft(
                updates[~evil],
                int(evil.sum()),
                rng=self._dice,
                own=updates[evil].copy(),
                previous=self._moved if self._sent.repeats == "aggregate" else None,
                server_round=turn + 1,
            )
        return updates

    def success(self, model: Floats) -> float:
        """Return the share of test images that the backdoor turns into the target's, percent."""
        x, y = (np.concatenate(both) for both in zip(self.test, self.validation, strict=True))
        planted = self._planted or _planted("pixel")
        if isinstance(planted, EdgeCaseBackdoor | SemanticBackdoor):
            x = x[featured(planted, x, y)]
        elif isinstance(planted, PixelBackdoor):
            stamp = planted.stamp if self._trigger is None else self._trigger.stamp
            x = stamp(x[y != planted.target])
        return 100.0 * float((logits(model, x).argmax(axis=1) == 0).mean())


def featured(planted: DataAttack | None, x: Floats, y: Ints) -> Ints:
    """Return the places of the examples that a backdoor without a stamp means."""
    if isinstance(planted, EdgeCaseBackdoor):
        return planted.tail(x, y)
    return planted.shown(x, y) if isinstance(planted, SemanticBackdoor) else np.arange(0)


def _planted(kind: str) -> DataAttack | None:
    """Return what a kind does to the data once; all have class 0 as target."""
    if kind in {"none", "a3fl", "iba"}:
        return None
    if kind in {"edge_case", "semantic"}:
        return create_data_attack(f"{kind}_backdoor", source=1, target=0, share=0.2)
    name = "distributed_backdoor" if kind == "distributed" else "pixel_backdoor"
    return create_data_attack(name, shape=(SIDE, SIDE), size=3 if kind == "distributed" else 2)


def _farthest_kept(updates: Floats, evil: Floats) -> float:
    """Return the factor up to which the default keeps all attackers of a first round."""
    low, high = 1.0, _LONGEST
    for _ in range(_TRIES):
        middle = (low * high) ** 0.5
        tried = updates.copy()
        tried[evil] *= middle
        kept = ClusterGuard().aggregate(tried, Extras(ids=range(N))).decision.kept
        low, high = (middle, high) if kept[evil].all() else (low, middle)
    return low
