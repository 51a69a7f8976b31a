"""Which federations are run, in which order, and on which seeds."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, fields, replace
from itertools import product
from typing import TYPE_CHECKING

from benchmarks.breadth.contestants import everybody
from benchmarks.breadth.data import SETS, load
from benchmarks.breadth.models import FAMILIES
from benchmarks.breadth.simulation import CONDITIONS, Case, Outcome, run
from benchmarks.breadth.splits import SPLITS
from benchmarks.crafted import ATTACKS, BACKDOOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.cells import Found

HELD_OUT = range(400_000, 400_100)
"""Declared before anything was run on them; no setting of a rule was ever chosen on them."""
TRYING = range(7, 10)
"""For everything else: to try the benchmark, and its learning rates under FedAvg."""
EVIL = (*ATTACKS[1:], BACKDOOR)
FIRST = ("none", "sign_flip", "scaled", "alie")
NUMBERS = (5, 10, 20)
FEW_AND_MANY = (3, 50, 100, 500)
MIDDLE = "dirichlet .5"
CORE, BY_SPLIT, BY_CONDITION, BY_NUMBER, ALL = (
    "attacks", "splits", "conditions", "numbers of sites", "all",
)  # fmt: skip
_QUICK_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One federation under everybody that can run here.

    Parameters
    ----------
    case : Case
        The federation.
    who : tuple of str
        The contestants.
    """

    case: Case
    who: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the cell on disk."""
        return json.dumps([astuple(self.case), self.who])

    def run(self) -> tuple[float, ...]:
        """Return the numbers of all outcomes, one contestant after the other."""
        makers = everybody()
        found = run(self.case, {name: makers[name] for name in self.who})
        return tuple(round(x, 2) for name in self.who for x in astuple(found[name]))

    def read(self, found: Found) -> dict[str, Outcome] | None:
        """Return the outcomes from what is on disk; None where it did not run."""
        numbers = found.get(self.key)
        if numbers is None:
            return None
        width = len(fields(Outcome))
        return {
            name: Outcome(*numbers[place * width : (place + 1) * width])
            for place, name in enumerate(self.who)
        }


def core(seed: int, attacks: Sequence[str]) -> Iterator[Case]:
    """Yield every data set with every family under attacks; the numbers of sites take turns."""
    for attack in attacks:
        for place, (family, data) in enumerate(product(FAMILIES, SETS)):
            n = NUMBERS[(place // len(SETS) + place % len(SETS) + seed) % len(NUMBERS)]
            yield Case(data, family, MIDDLE, attack, CONDITIONS[0], n, seed)


def by_split(seed: int, attacks: Sequence[str]) -> Iterator[Case]:
    """Yield every data set in every split at ten sites; the families take turns."""
    for attack, (place, split), (turn, data) in product(
        attacks, enumerate(SPLITS), enumerate(SETS)
    ):
        if is_possible(data, split):
            family = FAMILIES[(place + turn + seed) % len(FAMILIES)]
            yield Case(data, family, split, attack, CONDITIONS[0], 10, seed)


def by_condition(seed: int, attacks: Sequence[str]) -> Iterator[Case]:
    """Yield every data set where not everybody replies, or works as much, at twenty sites."""
    for attack, condition, (turn, data) in product(attacks, CONDITIONS[1:], enumerate(SETS)):
        family = FAMILIES[(turn + seed) % (len(FAMILIES) - 1)]
        yield Case(data, family, MIDDLE, attack, condition, 20, seed)


def by_number(seed: int, attacks: Sequence[str]) -> Iterator[Case]:
    """Yield three to five hundred sites, on the sets that are large enough."""
    some = (("loans", "mlp"), ("sensors", "cnn"))
    for n, attack, (data, family) in product(FEW_AND_MANY, attacks, some):
        yield Case(data, family, "iid", attack, CONDITIONS[0], n, seed)


def every(seed: int) -> Iterator[Case]:
    """Yield all there is, for whoever has days: all of everything with everything else."""
    for n, condition, split, family, data, attack in product(
        (*FEW_AND_MANY[:1], *NUMBERS, *FEW_AND_MANY[1:]),
        CONDITIONS,
        SPLITS,
        FAMILIES,
        SETS,
        ("none", *EVIL),
    ):
        if is_possible(data, split) and n * 2 <= len(load(data).train):
            yield Case(data, family, split, attack, condition, n, seed)


def is_possible(data: str, split: str) -> bool:
    """Say whether a split can be made: of two classes no site can be the only one with one."""
    return split != "lone" or load(data).classes > 2


def ordered(seeds: Sequence[int]) -> Iterator[tuple[str, Case]]:
    """Yield each table's cases so that what was run when somebody stops is worth reading."""
    rest = tuple(one for one in EVIL if one not in FIRST)
    for seed in seeds:
        yield from ((CORE, one) for one in core(seed, FIRST))
        yield from ((BY_SPLIT, one) for one in by_split(seed, ("none",)))
        yield from ((BY_CONDITION, one) for one in by_condition(seed, ("none", "sign_flip")))
        yield from ((BY_NUMBER, one) for one in by_number(seed, ("none", "sign_flip")))
        yield from ((CORE, one) for one in core(seed, rest))
        yield from ((BY_SPLIT, one) for one in by_split(seed, EVIL))
        yield from ((BY_CONDITION, one) for one in by_condition(seed, rest))
    for seed in seeds:
        yield from ((ALL, one) for one in every(seed))


def quick(seed: int) -> Iterator[tuple[str, Case]]:
    """Yield a few short federations: each data set and each family, and some of each table."""
    diagonal = list(core(seed, ("sign_flip",)))[4::3]
    some = (
        *((CORE, one) for one in diagonal),
        *((BY_SPLIT, one) for one in list(by_split(seed, ("none",)))[::9]),
        *((BY_CONDITION, one) for one in list(by_condition(seed, ("none",)))[::7]),
    )
    yield from ((table, replace(one, n=5, rounds=_QUICK_ROUNDS)) for table, one in some)
