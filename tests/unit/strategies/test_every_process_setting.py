"""What another library sets for the whole process neither ends a run nor changes it."""

from __future__ import annotations

import decimal
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import strategies
from bcfl_plugins.defenses.registry import selecting_rule_names
from strategies.unprotected import NothingTrained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NODES = 9


@contextmanager
def numpy_raises() -> Iterator[None]:
    with np.errstate(all="raise"):
        yield


@contextmanager
def numpy_calls() -> Iterator[None]:
    def called(kind: str, flag: int) -> None:
        raise AssertionError(kind)

    with np.errstate(all="call", call=called):
        yield


@contextmanager
def warnings_raise() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        yield


@contextmanager
def decimals_of_two_digits() -> Iterator[None]:
    strict = decimal.Context(prec=2, rounding=decimal.ROUND_UP, traps=[decimal.Inexact])
    with decimal.localcontext(strict):
        yield


@contextmanager
def numpy_prints_little() -> Iterator[None]:
    with np.printoptions(precision=1, threshold=2, legacy="1.13"):
        yield


SETTINGS = [
    numpy_raises,
    numpy_calls,
    warnings_raise,
    decimals_of_two_digits,
    numpy_prints_little,
]
every_setting = pytest.mark.parametrize("setting", SETTINGS)


def extreme(toy: Any) -> Any:
    """Return an app of which two nodes send the greatest floats, and two the least."""
    big, tiny = np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal
    values = {0: big, 1: -big, 2: tiny, 3: -tiny}
    return toy.app_of(
        {
            pid: toy.set_array("w", np.full((4, 3), value, np.float32))
            for pid, value in values.items()
        }
    )


def ended(toy: Any, make: Callable[[], Any]) -> Any:
    try:
        result = toy.run(make(), extreme(toy), NODES, rounds=2)
    except NothingTrained as error:  # squares of the greatest floats are not finite
        return str(error)
    return (
        {name: array.numpy().tolist() for name, array in result.arrays.items()},
        result.train_metrics_clientapp,
    )


@every_setting
def test_no_strategy_minds(toy: Any, setting: Any, array_strategy: str) -> None:
    def make() -> Any:
        return toy.build(array_strategy, strategies, NODES)

    with np.errstate(all="ignore"):
        usual = ended(toy, make)
    with setting():
        assert ended(toy, make) == usual


@every_setting
@pytest.mark.parametrize("method", selecting_rule_names())
@pytest.mark.slow
def test_no_judge_minds(toy: Any, setting: Any, method: str) -> None:
    bcfl = {"bcfl.plugins": "outliers, rewards", "bcfl.outliers.method": method}

    def make() -> Any:
        return strategies.FedAvg(bcfl={**bcfl, "bcfl.chain": "none"})

    with np.errstate(all="ignore"):
        usual = ended(toy, make)
    with setting():
        assert ended(toy, make) == usual
