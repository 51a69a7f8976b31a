"""What the runs come to: means with their intervals, and who does worse than whom."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.economics.runs import HONEST, UNDISTURBED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.economics.runs import Row

_T975 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23,
         2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09, 2.09)  # fmt: skip
"""Student's t, by degrees of freedom from 1 on."""

Runs = dict[str, dict[int, "list[Row]"]]
"""Rows by experiment and seed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds, with half of its 95 % confidence interval."""

    mean: float
    half: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """Estimate from one value a seed."""
        count = len(values)
        if count < 2:
            return cls(float(np.mean(values)), float("inf"))
        factor = _T975[min(count - 1, len(_T975)) - 1]
        return cls(float(np.mean(values)), float(factor * np.std(values, ddof=1) / np.sqrt(count)))

    @property
    def is_negative(self) -> bool:
        """True when the whole interval is below zero."""
        return self.mean + self.half < 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of attacker at one rate of detection, in UNIT per round.

    Parameters
    ----------
    gain : Estimate
        Its return.
    beside : Estimate
        Its return less that of a member that works, in the same runs.
    poisoned, averaged, offences, accounts : float
        Means over the runs.
    """

    gain: Estimate
    beside: Estimate
    poisoned: float
    averaged: float
    offences: float
    accounts: float


@dataclass(frozen=True, slots=True)
class Share:
    """What a member that works keeps, and how many such members were slashed.

    Parameters
    ----------
    kept : Estimate
        Of what one gets that is never rejected, as a fraction.
    slashed, members : int
        Of all runs.
    """

    kept: Estimate
    slashed: int
    members: int


def cell_of(runs: Runs, name: str, rate: float) -> Cell | None:
    """Return what an experiment came to at this rate; None: it was not run."""
    seeds = runs.get(name, {})
    gains, differences, rows = [], [], []
    for seed, found in seeds.items():
        own = [row for row in found if row.of != HONEST and row.rate == rate]
        work = [row.gain for row in found if row.of == HONEST] or _working(runs, seed)
        if own and work:
            gains.append(_mean(own, lambda row: row.gain))
            differences.append(gains[-1] - float(np.mean(work)))
            rows += own
    if not rows:
        return None
    return Cell(
        gain=Estimate.of(gains),
        beside=Estimate.of(differences),
        poisoned=_mean(rows, lambda row: row.sent),
        averaged=_mean(rows, lambda row: row.averaged),
        offences=_mean(rows, lambda row: row.offences),
        accounts=_mean(rows, lambda row: row.accounts),
    )


def _working(runs: Runs, seed: int) -> list[float]:
    return [row.gain for row in runs.get(HONEST, {}).get(seed, ()) if row.of == "1 %"]


def shares_of(runs: Runs) -> Mapping[str, Share]:
    """Return what members keep that are rejected by mistake, by how they are."""
    kept: dict[str, list[float]] = defaultdict(list)
    slashed: dict[str, list[bool]] = defaultdict(list)
    for rows in runs.get(HONEST, {}).values():
        (whole,) = (row.paid for row in rows if row.of == UNDISTURBED)
        for name in dict.fromkeys(row.of for row in rows):
            same = [row for row in rows if row.of == name]
            kept[name].append(_mean(same, lambda row: row.paid) / whole)
            slashed[name] += [row.offences > 0 for row in same]
    return {
        name: Share(Estimate.of(values), sum(slashed[name]), len(slashed[name]))
        for name, values in kept.items()
    }


def _mean(rows: Sequence[Row], value: Callable[[Row], float]) -> float:
    return float(np.mean([value(row) for row in rows]))
