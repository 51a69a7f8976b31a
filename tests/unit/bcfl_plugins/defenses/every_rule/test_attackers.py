"""What attackers must not achieve: tricks of precision, far rows, more than a published bound."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.defenses.base import Defense, Extras, Floats
from tests.unit.bcfl_plugins.defenses.every_rule.robust_rules import ROBUST, SELECTING, label

N, F = 11, 2
FILTERS = [rule for rule in SELECTING if rule.name != "krum"]
# Attackers who send the same join Bulyan's committee by its last picks, which count one neighbour;
# they have no share in the result all the same.
JUDGES = [rule for rule in SELECTING if rule.name != "bulyan"]
BOUNDED = [rule for rule in ROBUST if rule.tags.bounded]


def honest_and_crude(seed: int, d: int = 500) -> Floats:
    """Nine honest deltas of norm one, and two of five times that in one direction."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 1.0, (N, d))
    x[-F:] = x[-1] + 0.01 * rng.normal(0.0, 1.0, (F, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    x[-F:] *= 5.0
    return x


@pytest.mark.parametrize("rule", JUDGES, ids=label)
@pytest.mark.parametrize("referenced", [True, False])
def test_a_model_much_longer_than_its_updates_hides_nobody(rule: Defense, referenced: bool) -> None:
    for seed in range(3):
        x = honest_and_crude(seed)
        model = np.random.default_rng(99).normal(0.0, 1.0, x.shape[1])
        model = (model * 30_000.0 / np.linalg.norm(model)).astype(np.float32)
        sent = (x + model).astype(np.float32)
        extras = Extras(reference=model) if referenced else Extras()
        kept = rule.aggregate(sent, extras).decision.kept
        assert not kept[-F:].any()
        assert kept.any()


@pytest.mark.parametrize("rule", BOUNDED, ids=label)
@pytest.mark.parametrize("referenced", [True, False])
def test_a_model_much_longer_than_its_updates_gives_attackers_no_share(
    rule: Defense, referenced: bool
) -> None:
    x = honest_and_crude(0)
    model = np.random.default_rng(99).normal(0.0, 1.0, x.shape[1])
    model = (model * 30_000.0 / np.linalg.norm(model)).astype(np.float32)
    sent = (x + model).astype(np.float32)
    extras = Extras(reference=model) if referenced else Extras()
    error = rule.aggregate(sent, extras).value - model - x[:-F].mean(axis=0)
    assert np.linalg.norm(error) < 1.5  # the norm of one honest delta, and of rounding


@pytest.mark.parametrize("rule", BOUNDED, ids=label)
@pytest.mark.parametrize("size", [1e3, 1e12, 1e18, 1e30])
@pytest.mark.parametrize("apart", [0.0, 0.1])
def test_far_rows_move_the_result_no_more_than_near_ones(
    rule: Defense, size: float, apart: float
) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0.0, 1.0, (N, 20))
    direction = rng.normal(0.0, 1.0, 20)
    x[-F:] = size * (direction + apart * rng.normal(0.0, 1.0, (F, 20)))
    z = rule(x.astype(np.float32)).astype(np.float64)
    assert np.linalg.norm(z - x[:-F].mean(axis=0)) < 3.0 * np.sqrt(20)


@pytest.mark.parametrize("rule", [r for r in ROBUST if r.tags.kappa is not None], ids=label)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(data=st.data())
@pytest.mark.slow
def test_the_published_bound_holds_for_every_honest_set(rule: Defense, data: st.DataObject) -> None:
    n = data.draw(st.integers(5, 9))
    f = data.draw(st.integers(0, max(0, rule.max_byzantine(n))))
    seed = data.draw(st.integers(0, 10**6))
    size = data.draw(st.sampled_from([0.1, 1.0, 1e3, 1e8]))
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 1.0, (n, 2))
    x[:f] = size * rng.normal(0.0, 1.0, 2)
    same_f = type(rule)(**{**rule.settings(), "f": f})
    z = same_f(x)
    bound = same_f.tags.kappa(n, f)
    for honest in combinations(range(n), n - f):
        part = x[list(honest)]
        spread = ((part - part.mean(axis=0)) ** 2).sum(axis=1).mean()
        error = ((z - part.mean(axis=0)) ** 2).sum()
        assert error <= bound * spread * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize("rule", FILTERS, ids=label)
def test_as_many_are_kept_as_there_are_honest(rule: Defense) -> None:
    kept = rule.aggregate(honest_and_crude(0)).decision.kept.sum()
    assert kept == (N - 2 * F if rule.name == "bulyan" else N - F)
