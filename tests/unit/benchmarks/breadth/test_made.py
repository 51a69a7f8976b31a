"""Data sets that are not collected: what the page says of them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.breadth.data import SETS, load
from benchmarks.breadth.made import STATES, loans, sensors


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_whole_and_no_row_is_in_two_parts(name: str) -> None:
    data = load(name)
    assert data.x.dtype == np.float32
    assert data.x.shape == (len(data.y), *data.x.shape[1:])
    assert np.isfinite(data.x).all()
    assert set(np.unique(data.y)) == set(range(data.classes))
    every = np.concatenate([data.test, data.public, data.train])
    assert sorted(every.tolist()) == list(range(len(data.y)))
    assert set(np.unique(data.y[data.test])) == set(range(data.classes))


def test_they_are_the_same_each_time() -> None:
    for made in (loans, sensors):
        first, second = made(50), made(50)
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])


def test_half_pay_and_machines_have_all_states() -> None:
    _, outcome = loans(1000)
    assert np.bincount(outcome).tolist() == [500, 300, 200]
    assert len(np.unique(sensors(200)[1])) == len(STATES)
