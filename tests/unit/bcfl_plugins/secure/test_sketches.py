from __future__ import annotations

import hashlib

import numpy as np
import pytest

from bcfl_plugins.secure.sketches import Sketching, SketchSize, as_vector
from bcfl_plugins.secure.streams import CHUNK, MaskWords
from tests.unit.bcfl_plugins.secure.nodes import drawn

SEED = drawn("sketches")


def vector(seed: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, size, dtype=np.uint32)


def plainly(sketching: Sketching, values: np.ndarray) -> np.ndarray:
    """Return the sketch as its page describes it, entry by entry."""
    tables, width = sketching.size.tables, sketching.size.width
    cells = [[0] * width for _ in range(tables)]

    def words(purpose: bytes, table: int, count: int) -> np.ndarray:
        seed = hashlib.sha256(purpose + sketching.seed + bytes([table])).digest()
        return MaskWords(seed).take(count)

    for table in range(tables):
        bits = words(b"bcfl/sketch-signs/v1", table, -(-values.size // 32)).copy()
        shifts = words(b"bcfl/sketch-shifts/v1", table, -(-values.size // width)) % width
        for place, value in enumerate(values.tolist()):
            sign = -1 if int(bits[place // 32]) >> place % 32 & 1 else 1
            row, column = divmod(place, width)
            cells[table][(column + int(shifts[row])) % width] += sign * value
    return np.array([[cell % 2**32 for cell in row] for row in cells], np.uint32)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 1000])
def test_a_sketch_is_what_its_page_says(size: int) -> None:
    sketching = Sketching(SketchSize(3, 64), SEED)
    values = vector(1, size)
    assert np.array_equal(sketching.of_vector(values), plainly(sketching, values))


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 33, 2 * CHUNK + 1])
def test_the_sketch_of_a_sum_is_the_sum_of_the_sketches(size: int) -> None:
    sketching = Sketching(SketchSize(2, 128), SEED)
    one, other = vector(1, size), vector(2, size)
    whole = sketching.of_vector(one + other)
    assert np.array_equal(whole, sketching.of_vector(one) + sketching.of_vector(other))
    assert np.array_equal(
        sketching.of_vector(one - other), sketching.of_vector(one) - sketching.of_vector(other)
    )


def test_the_sketch_of_a_mask_is_that_of_its_words() -> None:
    sketching = Sketching(SketchSize(2, 128), SEED)
    seeds = [drawn("one"), drawn("two")]
    made = sketching.of_seeds(seeds, 1000)
    for seed, sketch in zip(seeds, made, strict=True):
        assert np.array_equal(sketch, sketching.of_vector(MaskWords(seed).take(1000).copy()))


@pytest.mark.parametrize("shape", ["dense", "spikes", "block", "two"])
def test_lengths_and_angles_are_close(shape: str) -> None:
    rng = np.random.default_rng(3)
    size, bits = 40_000, 20
    values = np.zeros(size)
    if shape == "dense":
        values = rng.normal(0, 0.01, size)
    elif shape == "spikes":
        values[rng.choice(size, 200, replace=False)] = rng.normal(0, 1, 200)
    elif shape == "block":
        values[5000:6000] = 0.1
    else:
        values[[7, 9000]] = 1.0, -1.0
    whole = np.rint(values * 2**bits).astype(np.int64).astype(np.uint32)
    found = [
        np.linalg.norm(
            as_vector(Sketching(SketchSize(2, 1024), drawn(f"{n}")).of_vector(whole), bits)
        )
        / np.linalg.norm(values)
        for n in range(30)
    ]
    assert min(found) > 0.85
    assert max(found) < 1.15 if shape != "two" else 1.45


def test_two_entries_that_vanish_in_dense_rows_are_seen() -> None:
    """Twice 2^31 is nothing mod 2^32, and in hashed tables they do not meet."""
    values = np.zeros(50_000, np.uint32)
    values[[11, 40_000]] = np.uint32(2**31)
    rng = np.random.default_rng(0)
    for _ in range(64):
        signs = rng.choice([1, 2**32 - 1], values.size).astype(np.uint32)
        assert int((values * signs).sum(dtype=np.uint32)) == 0
    for n in range(50):
        assert Sketching(SketchSize(2, 1024), drawn(f"trap {n}")).of_vector(values).any()


def test_sizes_that_are_none_or_tell_too_much() -> None:
    assert SketchSize(2, 1024).is_possible
    for tables, width in ((0, 1024), (9, 1024), (2, 1000), (2, 16), (2, 1 << 20)):
        assert not SketchSize(tables, width).is_possible
    assert SketchSize(2, 1024).hides(40_960)
    assert not SketchSize(2, 1024).hides(40_959)
