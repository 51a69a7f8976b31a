"""Krum and Multi-Krum against their definitions, written down naively."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import N, rounds

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def naive_krum_scores(x: Floats, f: int) -> list[float]:
    scores = []
    for i in range(len(x)):
        others = sorted(float(np.sum((x[i] - x[j]) ** 2)) for j in range(len(x)) if j != i)
        scores.append(sum(others[: max(1, len(x) - f - 2)]))
    return scores


@pytest.mark.parametrize("f", [0, 1, 4])
def test_krum_and_multikrum(f: int) -> None:
    for x in rounds():
        scores = naive_krum_scores(x, f)
        order = np.argsort(scores, kind="stable")
        result = Krum(f=f).aggregate(x)
        assert np.allclose(result.decision.scores, scores, rtol=1e-9)
        assert min(scores) == pytest.approx(scores[int(result.decision.kept.argmax())])
        several = MultiKrum(f=f)(x)
        assert np.allclose(several, x[order[: N - f]].mean(axis=0), rtol=1e-12)
        fewer = MultiKrum(f=f, keep=3).aggregate(x)
        assert set(np.flatnonzero(fewer.decision.kept)) == set(order[:3])


def test_krum_returns_the_very_update() -> None:
    for x in rounds():
        result = Krum(f=2).aggregate(x.astype(np.float32))
        assert np.array_equal(result.value, x.astype(np.float32)[result.decision.kept][0])
