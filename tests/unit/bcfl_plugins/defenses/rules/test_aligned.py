"""AlignIns against its definition, as the paper and its authors' code have it."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules.aligned import AlignIns
from bcfl_plugins.defenses.rules.pre import NNM
from bcfl_plugins.reasons import Reason


def defined(updates: np.ndarray, model: np.ndarray, one: AlignIns) -> tuple[np.ndarray, np.ndarray]:
    """Return the kept, and the aggregate."""
    lengths = np.linalg.norm(updates, axis=1)
    cosines = updates @ model / (lengths * np.linalg.norm(model))
    principal = np.sign(np.sign(updates).sum(axis=0))
    count = int(one.largest * updates.shape[1])
    alignments = []
    for row in updates:
        top = np.argsort(-np.abs(row), kind="stable")[:count]
        alignments.append((np.sign(row[top]) == principal[top]).mean())
    kept = np.ones(len(updates), np.bool_)
    for values, most in ((cosines, one.direction), (np.array(alignments), one.signs)):
        kept &= np.abs(values - np.median(values)) / values.std() < most
    median = np.sort(lengths[kept])[(kept.sum() - 1) // 2]  # torch's
    short = updates * np.minimum(1.0, median / lengths)[:, None]
    return kept, short[kept].mean(axis=0)


def drawn(seed: int, n: int = 12, d: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    way = rng.normal(size=d)
    updates = way + rng.normal(size=(n, d))
    updates[-2:, :20] += 6.0 * np.sign(rng.normal(size=20))  # a backdoor: few entries, far
    return updates * rng.uniform(0.7, 1.4, size=(n, 1)), rng.normal(size=d)


@pytest.mark.parametrize("settings", [{}, {"direction": 2.0, "signs": 1.5, "largest": 0.1}])
def test_alignins_is_its_definition(settings: dict[str, float]) -> None:
    rule = AlignIns(**settings)
    for seed in range(10):
        updates, model = drawn(seed)
        kept, value = defined(updates, model, rule)
        found = rule.aggregate(updates + model, Extras(reference=model))
        assert found.decision.kept.tolist() == kept.tolist()
        np.testing.assert_allclose(found.value - model, value, atol=1e-9)
        rejected = {found.decision.reasons[i] for i in np.flatnonzero(~kept)}
        assert rejected <= {Reason.OUTLIER_DIRECTION}


def test_reversed_updates_are_out_by_their_signs_alone() -> None:
    updates, _ = drawn(3)
    updates[4] *= -1.0
    assert not AlignIns().aggregate(updates).decision.kept[4]  # no reference: only signs count


def test_updates_that_are_all_alike_are_kept() -> None:
    rows = np.tile(np.arange(1.0, 9.0), (5, 1))
    found = AlignIns().aggregate(rows + 1.0, Extras(reference=np.ones(8)))
    assert found.decision.kept.all()
    np.testing.assert_allclose(found.value, rows[0] + 1.0)


def test_it_judges_what_stands_before_it() -> None:
    updates, model = drawn(5)
    mixed = (NNM(f=3) + AlignIns()).aggregate(updates + model, Extras(reference=model))
    assert mixed.decision.kept.any()
    assert np.isfinite(mixed.value).all()
