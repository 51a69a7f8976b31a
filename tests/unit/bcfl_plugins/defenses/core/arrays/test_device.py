"""Torch tensors that stay where they are give what numpy gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.arrays.kernel import Kernel, median
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.gram import combine, gram, measure
from bcfl_plugins.defenses.core.select import coordinatewise
from bcfl_plugins.defenses.core.sketch import Signs


@pytest.mark.parametrize(
    "kernel", [median(9), Kernel("trimmed", cut=2), Kernel("trimmed"), Kernel("closest", keep=5)]
)
@pytest.mark.parametrize("mixed", [False, True])
def test_the_device_gives_what_numpy_gives(kernel: Kernel, mixed: bool) -> None:
    # bfloat16 stays with torch; its values are exact in float32, which numpy works on.
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(9, 3000))).bfloat16()
    here = parse(x.float(), Extras(ids=range(9)))
    there = parse(x, Extras(ids=range(9)))
    assert there.device is not None
    assert here.device is None
    mix = np.full((9, 9), 1 / 18) + np.eye(9) / 2 if mixed else None
    left, norms = coordinatewise(here, kernel, mix)
    right, same_norms = coordinatewise(there, kernel, mix)
    assert np.allclose(left, right.numpy(), rtol=1e-5, atol=1e-6)
    assert np.allclose(norms, same_norms, rtol=1e-5)
    assert np.allclose(there.device.products(there), gram(here), rtol=1e-5, atol=1e-2)
    weights = np.linspace(0.0, 0.2, 9)
    assert np.allclose(combine(there, weights).numpy(), combine(here, weights), atol=1e-5)


def test_norms_alone_come_from_a_device_too() -> None:
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(9, 3000))).bfloat16()
    here, there = (parse(one, Extras(ids=range(9))) for one in (x.float(), x))
    signs = Signs.draw(3000, 1)
    left, right = (measure(rows, signs, norms_only=True) for rows in (here, there))
    assert there.device is not None
    assert np.allclose(left[0], right[0], rtol=1e-5)
    assert np.array_equal(left[2], right[2])
