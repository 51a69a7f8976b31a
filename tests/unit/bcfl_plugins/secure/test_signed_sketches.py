"""Updates as integers, seeds, and every encoding of signed sketches, pinned."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from bcfl_plugins.secure.signed_sketches import (
    as_numbers,
    fixed,
    float_names,
    model_seed,
    question_payload,
    seed_of,
    sketch_payload,
    sketched,
)
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Sealed
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn

FILE = Path(__file__).resolve().parents[3] / "vectors" / "signed_sketches.json"
SIZE = SketchSize(2, 64)
SEALED = Sealed(drawn("block"), 9, {account(n): drawn(f"commitment {n}") for n in range(3)})
BASE = {"w": np.zeros(1000, np.float32), "bn.running_mean": np.zeros(4, np.float32)}


def model(values: np.ndarray) -> dict[str, np.ndarray]:
    return {**BASE, "w": values.astype(np.float32)}


def made() -> dict[str, str]:
    """Compute all of them anew."""
    steps = (np.arange(1000) % 17 - 8) / 64
    vector = fixed(BASE, model(steps), SIZE.width)
    sketch = sketched(vector, SIZE, drawn("seed"))
    who, seed = account(1), SEALED.seed(PLACE)
    values = {
        "words": hashlib.sha256(vector.words.astype("<u4").tobytes()).digest(),
        "sketch": hashlib.sha256(sketch.astype("<u4").tobytes()).digest(),
        "second seed": model_seed(seed, drawn("model")),
        "sketch payload": sketch_payload(
            PLACE, who, seed, SEALED.commitments[who], vector.bits, sketch
        ),
        "question payload": question_payload(PLACE, SEALED, SIZE, None),
        "second question payload": question_payload(PLACE, SEALED, SIZE, drawn("model")),
    }
    return {"bits": str(vector.bits), **{name: value.hex() for name, value in values.items()}}


@pytest.mark.parametrize("name", json.loads(FILE.read_text(encoding="utf-8")))
def test_is_what_it_was(name: str) -> None:
    assert made()[name] == json.loads(FILE.read_text(encoding="utf-8"))[name]


def test_all_are_pinned() -> None:
    assert made().keys() == json.loads(FILE.read_text(encoding="utf-8")).keys()


def test_the_second_seed_is_of_the_first_and_the_model() -> None:
    first = seed_of(SEALED, PLACE, None)
    seeds = {first, *(seed_of(SEALED, PLACE, drawn(f"model {n}")) for n in range(3))}
    assert len(seeds) == 4
    assert seed_of(SEALED, PLACE, drawn("model 0")) == model_seed(first, drawn("model 0"))


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e6, 1e30])
def test_the_sketch_of_a_sum_is_the_sum_of_the_sketches_at_any_scale(scale: float) -> None:
    rng = np.random.default_rng(3)
    one, other = (scale * rng.standard_normal(1000) for _ in range(2))
    found = []
    for values in (one, other, model(one)["w"].astype(np.float64) + model(other)["w"]):
        vector = fixed(
            {"w": np.zeros(1000)}, {"w": values.astype(np.float32).astype(np.float64)}, 64
        )
        found.append(as_numbers(sketched(vector, SIZE, drawn("seed")), vector.bits))
    np.testing.assert_allclose(found[0] + found[1], found[2], atol=1e-6 * scale * 64)


@pytest.mark.parametrize("largest", [1.0, 2.0**-20, 1.5, 2.0**31 - 1])
def test_no_cell_can_wrap(largest: float) -> None:
    """All words are as large as they can be: the sum of a column of rows stays within 31 bits."""
    values = np.full(1000, largest)
    vector = fixed({"w": np.zeros(1000)}, {"w": values}, 64)
    rows = -(-1000 // 64)
    most = int(np.abs(vector.words.view(np.int32).astype(np.int64)).max())
    assert most * rows <= 2**31 - 1
    assert most * rows > 2**28, "and the bits are used"


def test_what_is_no_float_or_a_buffer_is_not_sketched() -> None:
    base = {
        "steps": np.array(7),
        "norm.running_var": np.ones(3, np.float32),
        "w": np.ones(3, np.float32),
        "half": np.ones(3, np.float16),
    }
    assert float_names(base) == ["w", "half"]
    moved = {**base, "steps": np.array(9), "norm.running_var": np.zeros(3, np.float32)}
    assert not fixed(base, moved, 64).words.any()


@pytest.mark.parametrize(
    "moved",
    [
        {},
        {"w": np.zeros(3)},
        {"w": np.full(1000, np.nan)},
        {"w": np.full(1000, np.inf)},
        {"w": np.zeros(1000), "b": np.full(1000, np.nan)},
    ],
)
def test_what_is_no_update_of_the_model_has_no_sketch(moved: dict[str, np.ndarray]) -> None:
    base = {name: np.zeros(1000) for name in moved} or {"w": np.zeros(1000)}
    with pytest.raises(ValueError, match=r"shape|finite"):
        fixed(base, moved, 64)


@pytest.mark.parametrize("bits", [-1100, -1001, -1000, -3, 0, 31, 1000, 1001, 1100])
def test_the_unit_of_a_sketch_is_exact_at_any_scale(bits: int) -> None:
    cells = np.array([[1, 7, 2**31 - 1, 2**31, 2**32 - 1]], np.uint32)
    with np.errstate(all="ignore"):
        right = np.ldexp(np.array([[1.0, 7, 2**31 - 1, -(2**31), -1]]), -bits)
    assert np.array_equal(as_numbers(cells, bits), right)
