"""Who averages: FedAvg by claims, the plugin as a user gets it, and other people's rules."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.breadth.contestants import FEDAVG, MANY, OURS, WHO, Flower, Sent, everybody
from benchmarks.breadth.models import model_of

MODEL = model_of("mlp", "cancer")


def sent(n: int = 7, evil: int = 0, buffers: float = 0.0) -> Sent:
    rng = np.random.default_rng(0)
    start = MODEL.first(0).numpy()
    updates = (0.1 + 0.01 * rng.standard_normal((n, MODEL.size))).astype(np.float32)
    updates[n - evil :, : MODEL.trained] *= -100.0
    updates[n - evil :, MODEL.trained :] += buffers
    return Sent(0, 20, start, updates, range(n), [10] * n, evil, MODEL)


@pytest.mark.parametrize("name", everybody())
def test_near_updates_give_something_near(name: str) -> None:
    given = sent()
    settled = everybody()[name]().settle(given)
    assert settled.model.dtype == np.float32
    assert np.abs(settled.model - given.start - 0.1).max() < 0.05
    assert not settled.struck.any()


def test_the_average_goes_by_claims() -> None:
    given = sent(2)
    heavy = Sent(0, 20, given.start, given.updates, (0, 1), (1, 3), 0, MODEL)
    settled = WHO[FEDAVG]().settle(heavy)
    mean = given.start + 0.25 * given.updates[0] + 0.75 * given.updates[1]
    assert np.allclose(settled.model, mean, atol=1e-6)


def test_the_default_takes_the_median_of_buffers_and_throws_out_who_is_wrong() -> None:
    settled = WHO[OURS]().settle(sent(7, 2))
    assert settled.rejected.tolist() == [False] * 5 + [True] * 2
    moved = settled.model - sent().start
    assert np.abs(moved[: MODEL.trained] - 0.1).max() < 0.05
    lying = WHO[OURS]().settle(sent(7, 2, buffers=50.0))
    assert np.abs(lying.model - sent().start)[MODEL.trained :].max() < 0.2


def test_others_are_told_of_a_third_and_of_more_where_there_are_more() -> None:
    assert [sent(n).told for n in (3, 4, 7, 10)] == [1, 1, 2, 3]
    assert sent(7, 4).told == 4


def test_bulyan_is_left_out_where_it_takes_minutes() -> None:
    with pytest.raises(ValueError, match="too long"):
        Flower("bulyan").settle(sent(MANY + 1))
