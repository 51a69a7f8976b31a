"""Samples of runs: who works, who poisons, what is rejected, and what each member ends with.

The only rules here are those of the people. What a verdict costs is looked up in a `Table`, which
the runtime has filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from benchmarks.economics.table import ACCEPT, REJECT
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.economics.table import Table

    Flags = NDArray[np.bool_]
    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

_Z95 = 1.96


class Kind(Enum):
    """What an attacker does."""

    PERSISTENT = "persistent"
    """Poisons every round, and fills up its stake after a slash."""
    ONE_STREAK = "one streak"
    """Poisons every round until its first offence, then leaves for good."""
    RENEWING = "renewing"
    """Poisons every round; after an offence it goes on with a new account at once."""
    PULSING = "pulsing"
    """Poisons while one more strike is no offence, and works honestly until it is forgiven."""
    HOPPING = "hopping"
    """Poisons every round; one strike before the offence it leaves, and joins anew at once."""
    FRAMED = "framed"
    """Works honestly; the coordinator lies, and rejects it as if it poisoned. No attacker."""


ATTACKERS: tuple[Kind, ...] = tuple(kind for kind in Kind if kind is not Kind.FRAMED)
DODGERS: tuple[Kind, ...] = (Kind.PULSING, Kind.HOPPING)
"""Attackers whom a streak of strikes never reaches."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One cell of an experiment.

    Parameters
    ----------
    kind : Kind
        Of every attacker.
    detect, false : float
        Probability that a poisoned, or an honest, update is rejected: each round and member apart.
    share : float
        Of attackers among the members.
    members, rounds, runs : int
        Of the federation; of a run; how many runs are drawn.
    cost : Planck
        Of honest work in one round; poisoning costs nothing.
    seed : int
        Of the generator.
    """

    kind: Kind
    detect: float
    false: float = 0.01
    share: float = 0.2
    members: int = 20
    rounds: int = 100
    runs: int = 200
    cost: Planck = Planck(UNIT // 10)  # noqa: RUF009 - an int
    seed: int = 0

    @property
    def attackers(self) -> int:
        """How many members attack: the first ones."""
        return round(self.share * self.members)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over runs, with half of its 95 % confidence interval."""

    mean: float
    half: float

    @classmethod
    def of(cls, values: Floats) -> Estimate:
        """Estimate from one value a run."""
        if len(values) < 2:
            return cls(float(values.mean()), float("inf"))
        return cls(float(values.mean()), float(_Z95 * values.std(ddof=1) / np.sqrt(len(values))))

    @property
    def is_positive(self) -> bool:
        """True when the whole interval is above zero."""
        return self.mean - self.half > 0

    @property
    def is_negative(self) -> bool:
        """True when the whole interval is below zero."""
        return self.mean + self.half < 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a cell came to; money in UNIT per round and member.

    Parameters
    ----------
    honest, attacker : Estimate
        Return. That of the attackers is zero when there are none.
    sent, hits : float
        Poisoned updates, and those of them that were averaged, per attacker and round.
    renewals : float
        New accounts, per attacker and round.
    """

    honest: Estimate
    attacker: Estimate
    sent: float
    hits: float
    renewals: float


class Judge(Protocol):
    """Says what becomes of rejected updates."""

    def __call__(self, rejected: Flags, poison: Flags, here: Flags, renewed: Flags) -> Integers:
        """Return the column of the table for each run and member.

        `renewed` says who came with a new account since the last round.
        """
        ...


def every_rejection(
    rejected: Flags,
    poison: Flags,  # noqa: ARG001
    here: Flags,  # noqa: ARG001
    renewed: Flags,  # noqa: ARG001
) -> Integers:
    """Strike for each rejection (``evidence = "streak"``)."""
    return np.where(rejected, REJECT, ACCEPT)


@dataclass(slots=True)
class History:
    """What happened in the first run: who was there, the columns, who took a new account after."""

    here: list[Flags] = field(default_factory=list)
    columns: list[Integers] = field(default_factory=list)
    renewed: list[Flags] = field(default_factory=list)


@dataclass(slots=True)
class Purse:
    """Sums over a run, for each run and member: planck, and counts."""

    money: Floats
    sent: Floats
    hits: Floats
    renewals: Floats

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Purse:
        """Start at zero."""
        return cls(*(np.zeros(shape) for _ in range(4)))


def sample(
    table: Table,
    setting: Setting,
    judge: Judge = every_rejection,
    history: History | None = None,
) -> Purse:
    """Draw runs.

    Parameters
    ----------
    table : Table
        The money path.
    setting : Setting
        What to draw.
    judge : Judge
        What becomes of rejected updates.
    history : History, optional
        Is told what happens in the first run.
    """
    rng = np.random.default_rng(setting.seed)
    shape = (setting.runs, setting.members)
    attacks = np.broadcast_to(np.arange(setting.members) < setting.attackers, shape)
    state, wait = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    gone, renewed = np.zeros(shape, bool), np.zeros(shape, bool)
    purse, pay = Purse.empty(shape), table.shares(setting.members)
    framed = setting.kind is Kind.FRAMED
    for _ in range(setting.rounds):
        here = (wait == 0) & ~gone
        poison = here & attacks & _poisons(setting.kind, table, state)
        drawn = rng.random(shape)
        rejected = here & (drawn < np.where(poison, setting.detect, setting.false))
        columns = judge(rejected, poison, here, renewed)
        paid = here & ~rejected
        shares = pay[paid.sum(axis=1)]
        lost = np.where(here, table.lost[state, columns], 0)
        missed = np.where(here, table.missed[state, columns], 0)
        state = np.where(here, table.after[state, columns], state)
        purse.money += paid * shares[:, None] - lost - setting.cost * (here & (framed | ~poison))
        purse.sent += poison
        purse.hits += poison & paid
        offends = attacks & ((lost > 0) | (missed > 0))
        renewed = attacks & here & _renews(setting.kind, table, state, offends)
        wait = np.where(here, missed, np.maximum(wait - 1, 0))
        wait[renewed] = 0
        state[renewed] = 0
        purse.renewals += renewed
        if setting.kind is Kind.ONE_STREAK:
            gone |= offends
        if history is not None:
            history.here.append(here[0])
            history.columns.append(columns[0])
            history.renewed.append(renewed[0])
    return purse


def measure(
    table: Table,
    setting: Setting,
    judge: Judge = every_rejection,
) -> Result:
    """Draw runs and return their means."""
    purse, count = sample(table, setting, judge), setting.attackers
    money = purse.money / UNIT / setting.rounds
    none = Estimate(0.0, 0.0)

    def rate(counts: NDArray[Any]) -> float:
        return float(counts[:, :count].mean() / setting.rounds) if count else 0.0

    return Result(
        honest=Estimate.of(money[:, count:].mean(axis=1)),
        attacker=Estimate.of(money[:, :count].mean(axis=1)) if count else none,
        sent=rate(purse.sent),
        hits=rate(purse.hits),
        renewals=rate(purse.renewals),
    )


def _limit(table: Table) -> int:
    """Return the strikes at which one more is an offence: what the terms say, as all can read."""
    return table.terms.strikes_to_slash - 1


def _poisons(kind: Kind, table: Table, state: Integers) -> Flags:
    if kind is Kind.PULSING:
        return table.strikes[state] < _limit(table)
    return np.ones(state.shape, bool)


def _renews(kind: Kind, table: Table, state: Integers, offends: Flags) -> Flags:
    if kind is Kind.RENEWING:
        return offends
    if kind is Kind.HOPPING:
        return offends | (table.strikes[state] >= max(1, _limit(table)))
    return np.zeros(state.shape, bool)
