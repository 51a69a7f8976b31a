"""The five data sets in one form: rows of places with features, and a class for each row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits

from benchmarks.breadth.made import loans, passages, sensors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.breadth.made import Made

    Array = np.ndarray[Any, Any]

ROWS = 4000
"""Of the sets that are made."""
TEST, PUBLIC = 0.25, 0.1
"""Shares of the rows: for tests, and what everybody has, which no site trains on."""
MOST_TEST = 500


def _digits() -> Made:
    x, y = load_digits(return_X_y=True)
    return x.reshape(-1, 8, 8) / 8.0 - 1.0, y


def _cancer() -> Made:
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return x.reshape(-1, 3, 10).transpose(0, 2, 1), y  # ten measures: mean, error, worst


_SETS: Mapping[str, Callable[[], Made]] = MappingProxyType(
    {
        "digits": _digits,
        "cancer": _cancer,
        "loans": lambda: loans(ROWS),
        "sensors": lambda: sensors(ROWS),
        "text": lambda: passages(ROWS),
    }
)
SETS: tuple[str, ...] = tuple(_SETS)
"""Images, tabular medicine, finance, sensor series, text."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """One set.

    Parameters
    ----------
    x : Array
        (rows, places, features) float32: rows of pixels, measures, months, samples, words.
    y : Array
        (rows,) int64 classes from 0.
    test, public, train : Array
        The numbers of its rows; those of tests and of the public part are the same for every seed.
    """

    x: Array
    y: Array
    test: Array
    public: Array
    train: Array

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.y.max()) + 1


@cache
def load(name: str) -> Data:
    """Return a set by its name in `SETS`."""
    x, y = _SETS[name]()
    order = np.random.default_rng([20, 4]).permutation(len(y))
    cuts = np.cumsum([min(MOST_TEST, round(TEST * len(y))), round(PUBLIC * len(y))])
    test, public, train = np.split(order, cuts)
    return Data(x.astype(np.float32), y.astype(np.int64), test, public, train)
