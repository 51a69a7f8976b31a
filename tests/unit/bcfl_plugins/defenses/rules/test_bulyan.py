"""Bulyan against its definition, written down naively."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.rules.bulyan import Bulyan
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import rounds

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def naive_krum_scores(x: Floats, f: int) -> list[float]:
    scores = []
    for i in range(len(x)):
        others = sorted(float(np.sum((x[i] - x[j]) ** 2)) for j in range(len(x)) if j != i)
        scores.append(sum(others[: max(1, len(x) - f - 2)]))
    return scores


def naive_committees(x: Floats, f: int, left: list[int], chosen: list[int]) -> set[tuple[int, ...]]:
    """All committees that iterated Krum may pick: the last picks are ties of mutual neighbours."""
    if len(chosen) == len(x) - 2 * f:
        return {tuple(sorted(chosen))}
    scores = np.array(naive_krum_scores(x[left], f))
    found = set()
    for best in np.flatnonzero(scores <= scores.min() * (1 + 1e-9)):
        rest = [one for place, one in enumerate(left) if place != best]
        found |= naive_committees(x, f, rest, [*chosen, left[best]])
    return found


@pytest.mark.parametrize(("n", "f"), [(7, 1), (11, 2), (15, 3), (19, 2)])
def test_bulyan_is_the_iterated_one(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        result = Bulyan(f=f).aggregate(x)
        chosen = np.flatnonzero(result.decision.kept)
        assert tuple(chosen) in naive_committees(x, f, list(range(n)), [])
        picked = x[chosen]
        keep = n - 4 * f
        near = np.argsort(np.abs(picked - np.median(picked, axis=0)), axis=0, kind="stable")[:keep]
        expected = np.take_along_axis(picked, near, axis=0).mean(axis=0)
        assert np.allclose(result.value, expected, rtol=1e-12)


def test_bulyan_may_leave_the_honest_range() -> None:
    rows = np.array([[-0.25], [0.0], [0.0], [1.0], [1.0], [0.0], [1.0]])
    assert Bulyan(f=1).aggregate(rows).value == pytest.approx([-0.25 / 3])
    assert not Bulyan.tags.box
