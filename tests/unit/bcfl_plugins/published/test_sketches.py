"""What is published of signed sketches, and what they show of a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.published.sketches import (
    RoundSketches,
    check_sum,
    inner_products,
    passing,
    tolerance,
)
from bcfl_plugins.secure.signed_sketches import SketchedUpdate, fixed, sketched
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.errors import EncodingError
from tests.unit.bcfl_plugins.secure.nodes import account, drawn

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId

SIZE = SketchSize(3, 256)
LENGTH, NODES = 20_000, 5
SEED = drawn("seed")
PARTS = {account(n): part for n, part in enumerate((0.1, 0.2, 0.3, 0.25, 0.15))}


def signed(
    number: int, moved: dict[str, np.ndarray], base: dict[str, np.ndarray]
) -> SketchedUpdate:
    vector = fixed(base, moved, SIZE.width)
    return SketchedUpdate(account(number), vector.bits, sketched(vector, SIZE, SEED), bytes(64))


def a_round(
    dtype: Any = np.float32, scales: tuple[float, ...] = (1, 1, 1, 1, 1)
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[AccountId, SketchedUpdate]]:
    """Return the model that went out, the weighted mean as a server makes it, and the sketches."""
    rng = np.random.default_rng(7)
    base = {"w": rng.standard_normal(LENGTH).astype(dtype)}
    updates = [
        {"w": (base["w"] + 0.01 * scale * rng.standard_normal(LENGTH)).astype(dtype)}
        for scale in scales
    ]
    mean = np.zeros(LENGTH, dtype)
    for part, one in zip(PARTS.values(), updates, strict=True):
        mean += one["w"] * dtype(part)
    found = {account(n): signed(n, one, base) for n, one in enumerate(updates)}
    return base, {"w": mean}, found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scales", [(1, 1, 1, 1, 1), (1e-3, 1, 100, 1, 1e-6)])
def test_an_honest_sum_holds(dtype: Any, scales: tuple[float, ...]) -> None:
    base, mean, found = a_round(dtype, scales)
    check = check_sum(base, mean, PARTS, found, SEED)
    assert check.holds
    assert check.tolerance < 1e-2 * np.linalg.norm(mean["w"] - base["w"])


@pytest.mark.parametrize("lie", ["one entry", "everywhere", "a member less", "its weight"])
def test_a_lie_four_tolerances_long_does_not(lie: str) -> None:
    base, mean, found = a_round()
    room = 4.0 * check_sum(base, mean, PARTS, found, SEED).tolerance
    parts, wrong = PARTS, mean["w"].copy()
    if lie == "one entry":
        wrong[77] += np.float32(room)
    elif lie == "everywhere":
        wrong += np.float32(room / np.sqrt(LENGTH))
    elif lie == "a member less":
        parts = {who: part for who, part in PARTS.items() if who != account(3)}
    else:
        parts = {**PARTS, account(0): 0.3}
    check = check_sum(base, {"w": wrong}, parts, found, SEED)
    assert not check.holds


def test_a_model_that_stands_still_is_not_the_sum() -> None:
    base, _, found = a_round()
    assert not check_sum(base, base, PARTS, found, SEED).holds


def test_an_update_that_stands_still_makes_no_room() -> None:
    base, _, found = a_round(np.float64)
    still = {**found, account(2): signed(2, base, base)}
    _, mean, honest = a_round(np.float64, (1, 1, 0, 1, 1))
    assert check_sum(base, mean, PARTS, honest, SEED).holds
    assert check_sum(base, mean, PARTS, honest, SEED).tolerance < 1e-3
    assert check_sum(base, mean, PARTS, still, SEED).tolerance < 1e-3


@pytest.mark.parametrize("bits", [-1100, -3, 0, 5])
def test_who_rounds_more_than_it_has_to_makes_no_room_for_a_lie(bits: int) -> None:
    base, mean, found = a_round()
    one = found[account(1)]
    coarse = np.rint(np.ldexp(one.sketch.view(np.int32).astype(np.float64), bits - one.bits))
    words = np.clip(coarse, -(2**31), 2**31 - 1).astype(np.int64).astype(np.uint32)
    told = {**found, account(1): SketchedUpdate(account(1), bits, words, bytes(64))}
    check = check_sum(base, mean, PARTS, told, SEED)
    assert check.tolerance < 1e-2 * np.linalg.norm(mean["w"] - base["w"])
    assert not check.holds


def test_what_is_missing_to_one_is_the_model_that_went_out() -> None:
    base, _, found = a_round(np.float64)
    updates = [one.numbers() for one in found.values()]
    assert len(updates) == NODES
    half = {who: part / 2 for who, part in PARTS.items()}
    _, mean, _ = a_round(np.float64)
    drawn_back = {"w": base["w"] + (mean["w"] - base["w"]) / 2}
    assert check_sum(base, drawn_back, half, found, SEED).holds
    assert not check_sum(base, mean, half, found, SEED).holds


def test_the_bound_of_passing_falls_with_width_and_tables() -> None:
    assert passing(SketchSize(1, 2048)) == pytest.approx(32 / (9 * 2048))
    assert passing(SketchSize(3, 2048)) == pytest.approx(5.23e-9, rel=1e-2)


def test_inner_products_are_off_by_less_than_is_said() -> None:
    rng = np.random.default_rng(5)
    base = {"w": np.zeros(LENGTH)}
    way = rng.standard_normal(LENGTH)
    rows = [way + rng.standard_normal(LENGTH) for _ in range(NODES)]
    numbers = [signed(n, {"w": row}, base).numbers() for n, row in enumerate(rows)]
    true = np.array(rows) @ np.array(rows).T
    lengths = np.sqrt(np.diag(true))
    off = np.abs(inner_products(numbers) - true) / np.outer(lengths, lengths)
    assert off.max() < tolerance(SIZE.width) / 2


def published() -> RoundSketches:
    _, _, found = a_round()
    listed = tuple(found[who] for who in sorted(found, key=lambda one: one.raw))
    return RoundSketches(drawn("block"), 9, SIZE, listed, listed[:2])


def test_what_is_published_reads_back() -> None:
    told = published()
    read = RoundSketches.read(told.plain())
    assert (read.block, read.number, read.size) == (told.block, told.number, told.size)
    for one, other in zip(
        (*told.sealed, *told.averaged), (*read.sealed, *read.averaged), strict=True
    ):
        assert (one.account, one.bits, one.signature) == (
            other.account,
            other.bits,
            other.signature,
        )
        np.testing.assert_array_equal(one.sketch, other.sketch)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "bcfl-sketches/2"},
        {"width": 100},
        {"width": 512},
        {"tables": 9},
        {"block": b"short"},
        {"number": "nine"},
        {"sealed": None},
        {"averaged": [("nobody", 1, np.zeros((3, 256), np.uint32), bytes(64))]},
        {"averaged": [(str(account(1)), 1, np.zeros((3, 256), np.int64), bytes(64))]},
        {"averaged": [(str(account(1)), 1, np.zeros((3, 256), np.uint32), bytes(63))]},
        {"averaged": [(str(account(1)), 2000, np.zeros((3, 256), np.uint32), bytes(64))]},
        {"averaged": 2 * [(str(account(1)), 1, np.zeros((3, 256), np.uint32), bytes(64))]},
    ],
)
def test_what_is_something_else_is_named(change: dict[str, object]) -> None:
    with pytest.raises(EncodingError):
        RoundSketches.read({**published().plain(), **change})
