"""Clippings against their definitions, written down naively."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import D, N, rounds


@pytest.mark.parametrize("iterations", [1, 3])
def test_centered_clipping_from_the_last_aggregate(iterations: int) -> None:
    for x in rounds():
        rule = CenteredClipping(radius=2.0, iterations=iterations)
        v, state = np.zeros(D), None
        for part in (x, x + 0.5, x - 0.25):
            for _ in range(iterations):
                steps = part - v
                long = np.linalg.norm(steps, axis=1, keepdims=True)
                v = v + (steps * np.minimum(1.0, 2.0 / long)).mean(axis=0)
            result = rule.aggregate(part, Extras(state=state))
            assert np.allclose(result.value, v, rtol=1e-10)
            state = result.state


def test_centered_clipping_finds_its_own_radius() -> None:
    for x in rounds():
        v = np.zeros(D)
        for _ in range(3):
            long = np.linalg.norm(x - v, axis=1, keepdims=True)
            v = v + ((x - v) * np.minimum(1.0, np.median(long) / long)).mean(axis=0)
        assert np.allclose(CenteredClipping()(x), v, rtol=1e-10)


def test_norm_clipping_and_arc() -> None:
    for x in rounds():
        norms = np.linalg.norm(x, axis=1, keepdims=True)
        expected = (x * np.minimum(1.0, np.median(norms) / norms)).mean(axis=0)
        assert np.allclose(NormClipping()(x), expected, rtol=1e-12)
        f = 3
        radius = np.sort(norms.ravel())[::-1][2 * f * (N - f) // N]
        assert np.allclose(ARC(f=f)(x), (x * np.minimum(1.0, radius / norms)).mean(axis=0))
