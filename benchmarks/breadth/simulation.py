"""One federation, under all contestants at once: they train side by side on the same batches."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.breadth.contestants import Sent, everybody
from benchmarks.breadth.data import load
from benchmarks.breadth.models import model_of
from benchmarks.breadth.splits import CHANGE, deal, instruments, lone_class
from benchmarks.crafted import BACKDOOR, craft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.breadth.contestants import Contestant, Settled

    Array = np.ndarray[Any, Any]

ROUNDS, STEPS, MOST_STEPS, BATCH = 20, 5, 30, 16
CONDITIONS = ("all reply", "a third is asked", "unequal epochs", "stragglers")
ASKED, LATE, EPOCHS = 1 / 3, 0.3, (1, 2, 4, 8, 16)
"""Share of the sites that is asked, chance of a reply to come too late to be looked at, and steps a
round of the sites in turn."""
_FEWEST = 3
TARGET, MARK, POISONED = 0, 3.0, 0.5
"""Of the backdoor: its class, what it writes into the first feature of two places, and the share of
an attacker's rows that have it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One federation.

    Parameters
    ----------
    data, family, split, attack, condition : str
        Of `SETS`, `FAMILIES`, `SPLITS`, `ATTACKS` and the backdoor, and `CONDITIONS`.
    n, seed, rounds : int
        Sites, of everything that is drawn, and aggregations.
    """

    data: str
    family: str
    split: str
    attack: str
    condition: str
    n: int
    seed: int
    rounds: int = ROUNDS

    @property
    def attackers(self) -> int:
        """How many sites attack, the last ones: a third at most, one at least."""
        return 0 if self.attack == "none" else max(1, (self.n - 1) // 3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run under one contestant. All but `struck` are percent.

    Parameters
    ----------
    accuracy : float
        Mean over the classes of the test rows that are named rightly; `REFUSED` where the rule
        raised.
    own : float
        The same on what only the first site can teach: its class, or what its scanner gives.
    backdoor : float
        Test rows of other classes that the trigger makes the target's.
    honest, worst : float
        Updates of honest sites that were rejected, and of the honest site that was most often.
    caught : float
        Updates of attackers that were rejected.
    struck : float
        1: an honest site got a strike.
    """

    accuracy: float
    own: float = 0.0
    backdoor: float = 0.0
    honest: float = 0.0
    worst: float = 0.0
    caught: float = 0.0
    struck: float = 0.0


REFUSED = -1.0


class Federation:
    """The sites of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.data = load(case.data)
        self.model = model_of(case.family, case.data)
        self.evil = np.arange(case.n) >= case.n - case.attackers
        self.parts = deal(self.data, case.split, case.n, self._dice(1))
        self._lone = lone_class(self.data, self._dice(1)) if case.split == "lone" else -1
        features = self.data.x.shape[2]
        self._shown = instruments(case.split, case.n, features, self._dice(2))
        self._marked = [self._dice(3, site).random(len(p)) < POISONED for site, p in _each(self)]

    def _dice(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.case.seed, 26, *purpose])

    def steps(self) -> Array:
        """Return (n,) how many steps of training a round each site does."""
        counts = np.array([len(part) for part in self.parts])
        if self.case.condition == "unequal epochs":
            return np.array([EPOCHS[site % len(EPOCHS)] for site in range(self.case.n)])
        if self.case.split == "sizes":
            few: Array = np.clip(counts // BATCH, 1, MOST_STEPS)
            return few
        return np.full(self.case.n, STEPS, dtype=np.int64)

    def asked(self, turn: int) -> Array:
        """Return the sites of a round whose replies come in time."""
        n, rng, sites = self.case.n, self._dice(4, turn), np.arange(self.case.n)
        fewest = min(n, _FEWEST)
        if self.case.condition == "a third is asked":
            return np.sort(rng.choice(n, max(fewest, round(ASKED * n)), replace=False))
        if self.case.condition == "stragglers":
            order = rng.permutation(n)
            return np.sort(order[: max(fewest, int((rng.random(n) >= LATE).sum()))])
        return sites

    def batch(self, site: int, turn: int, picks: Array) -> tuple[Array, Array]:
        """Return what a site trains on, with what an attacker does to its data."""
        rows = self.parts[site][picks]
        x, y = self._seen(self.data.x[rows], site, turn), self.data.y[rows]
        if self.evil[site] and self.case.attack == "label_flip":
            y = self.data.classes - 1 - y
        if self.evil[site] and self.case.attack == BACKDOOR:
            bad = self._marked[site][picks]
            x = np.where(bad[:, None, None], marked(x), x)
            y = np.where(bad, TARGET, y)
        return x, y

    def _seen(self, x: Array, site: int, turn: int) -> Array:
        early = self.case.split == "scanner" and turn < CHANGE * self.case.rounds
        return x if early else self._shown.seen(x, site)

    def tests(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Return the test rows, and those that only the first site can teach.

        Where all instruments differ each row comes from one of the sites.
        """
        x, y = self.data.x[self.data.test], self.data.y[self.data.test]
        if self.case.split == "shift":
            sites = np.arange(len(y)) % self.case.n
            x = np.stack(
                [self._shown.seen(one, int(site)) for one, site in zip(x, sites, strict=True)]
            )
        if self.case.split == "scanner":
            return (x, y), (self._shown.seen(x, 0), y)
        if self.case.split == "lone":
            return (x, y), (x[y == self._lone], y[y == self._lone])
        return (x, y), (x, y)

    def trained(self, models: torch.Tensor, sites: Array, turn: int) -> Array:
        """Return (contestants, sites, d) updates of honest training; all draw the same batches."""
        who, steps, rng = len(models), self.steps()[sites], self._dice(5, turn)
        flat = models[:, None].repeat(1, len(sites), 1)
        picks = [rng.integers(0, len(self.parts[site]), (MOST_STEPS, BATCH)) for site in sites]
        for number in range(int(steps.max())):
            active = np.flatnonzero(number < steps)
            drawn = [self.batch(int(sites[i]), turn, picks[i][number]) for i in active]
            x = torch.from_numpy(np.stack([one for one, _ in drawn])).repeat(who, 1, 1, 1)
            y = torch.from_numpy(np.stack([one for _, one in drawn])).repeat(who, 1)
            some = flat[:, active].flatten(0, 1)
            self.model.step(some, x, y)
            flat[:, active] = some.reshape(who, len(active), -1)
        found: Array = (flat - models[:, None]).numpy()
        return found

    def sent(self, turn: int, start: Array, updates: Array, sites: Array) -> Sent:
        """Return what comes in of (m, d) trained updates: attackers send honest buffers."""
        case, bad, cut = self.case, self.evil[sites], self.model.trained
        if bad.any() and not bad.all():
            rows = updates[:, :cut].astype(np.float64)
            updates[:, :cut] = craft(rows, bad, case.attack, turn, self._dice(6, turn))
        claims = [len(self.parts[site]) for site in sites]
        who = [int(site) for site in sites]
        return Sent(turn, case.rounds, start, updates, who, claims, int(bad.sum()), self.model)


def _each(federation: Federation) -> list[tuple[int, Array]]:
    return list(enumerate(federation.parts))


def marked(x: Array) -> Array:
    """Return (rows, places, features) with the trigger of the backdoor."""
    found = x.copy()
    found[:, :2, 0] = MARK
    return found


def run(
    case: Case, who: Mapping[str, Callable[[], Contestant]] | None = None
) -> dict[str, Outcome]:
    """Run a case under all contestants."""
    gc.freeze()  # Flower collects garbage in every round, which takes longer than all the rest
    try:
        return _run(case, who or everybody())
    finally:
        gc.unfreeze()


def _run(case: Case, who: Mapping[str, Callable[[], Contestant]]) -> dict[str, Outcome]:
    federation, made = Federation(case), {k: v() for k, v in who.items()}
    models = federation.model.first(case.seed).repeat(len(made), 1)
    asked, rejected, struck = (np.zeros((len(made), case.n)) for _ in range(3))
    refused: set[str] = set()
    for turn in range(case.rounds):
        sites = federation.asked(turn)
        updates = federation.trained(models, sites, turn)
        for place, (name, contestant) in enumerate(made.items()):
            if name in refused:
                continue
            sent = federation.sent(turn, models[place].numpy(), updates[place], sites)
            settled = _settled(contestant, sent)
            if settled is None:
                refused.add(name)
                continue
            models[place] = torch.from_numpy(settled.model)
            asked[place, sites] += 1
            rejected[place, sites] += settled.rejected
            struck[place, sites] += settled.struck
    shares = 100.0 * rejected / np.maximum(asked, 1)
    return {
        name: Outcome(REFUSED)
        if name in refused
        else _outcome(federation, models[place], shares[place], struck[place])
        for place, name in enumerate(made)
    }


def _settled(contestant: Contestant, sent: Sent) -> Settled | None:
    """Return what is made of a round; None where somebody else's rule refuses it."""
    try:
        with np.errstate(all="ignore"):
            return contestant.settle(sent)
    except (ValueError, IndexError, ZeroDivisionError, ArithmeticError):
        if type(contestant).__name__ not in {"Flower", "Byzfl"}:
            raise
        return None


def _outcome(federation: Federation, flat: torch.Tensor, shares: Array, struck: Array) -> Outcome:
    evil, (test, own) = federation.evil, federation.tests()
    x, y = test
    others = marked(x[y != TARGET])
    opened = federation.model.classes(flat, torch.from_numpy(others)).numpy() == TARGET
    return Outcome(
        accuracy=_right(federation, flat, *test),
        own=_right(federation, flat, *own),
        backdoor=100.0 * float(opened.mean()),
        honest=float(shares[~evil].mean()),
        worst=float(shares[~evil].max()),
        caught=float(shares[evil].mean()) if evil.any() else 0.0,
        struck=float(struck[~evil].any()),
    )


def _right(federation: Federation, flat: torch.Tensor, x: Array, y: Array) -> float:
    named = federation.model.classes(flat, torch.from_numpy(x)).numpy()
    return 100.0 * float(np.mean([(named[y == one] == one).mean() for one in np.unique(y)]))
