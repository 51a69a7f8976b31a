"""IPM and ALIE against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.attacks.statistics import covered


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def craft(name: str, honest: Any, count: int = 4, **settings: Any) -> Any:
    return attacks.create_attack(name, **settings).craft(honest, count, rng=rng())


def test_ipm_and_alie(honest: Any) -> None:
    mean, std = honest.mean(axis=0), honest.std(axis=0)
    np.testing.assert_allclose(craft("ipm", honest)[0], -0.1 * mean)
    np.testing.assert_allclose(craft("alie", honest)[3], mean - 1.5 * std)
    np.testing.assert_allclose(craft("alie", honest, z=None)[0], mean - covered(16, 4) * std)


def test_alie_s_z_is_the_paper_s() -> None:
    # n = 50, f = 24 of the paper: s = 2, z = Phi^-1(24 / 26) = 1.426
    assert covered(26, 24) == pytest.approx(1.426, abs=1e-3)
    assert covered(16, 4) == pytest.approx(0.157, abs=1e-3)
    assert covered(1, 5) == pytest.approx(4.753, abs=1e-3)
