"""The public strategies: what they draw, and how small it shrinks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from bcfl_plugins import attacks
from bcfl_plugins.testing import Case, byzantine_rows, rounds, updates
from bcfl_plugins.testing.generators.generate import ATTACKS, NON_FINITE, OVERFLOW, library
from tests.slow import slow_but

QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
FOUND = settings(QUIET, max_examples=2000)
HONEST = np.array([[1.0, 2.0], [2.0, 2.0], [0.0, 5.0]])


@given(updates())
@QUIET
def test_updates_are_finite_matrices(rows: np.ndarray) -> None:
    assert rows.ndim == 2
    assert rows.dtype == np.float64
    assert 1 <= len(rows) <= 9
    assert np.isfinite(rows).all()


@given(rounds())
@QUIET
def test_rounds_mix_and_tell(case: Case) -> None:
    assert case.rows().shape == (case.n, case.d)
    assert case.rows().dtype == case.dtype
    assert len(case.byzantine) <= case.told <= (case.n - 1) // 2
    assert np.array_equal(case.heard(), case.honest.astype(case.dtype).astype(np.float64))


@pytest.mark.parametrize("dtype", slow_but({"float32"}, ["float16", "float32", "float64"]))
@pytest.mark.parametrize("kind", ATTACKS)
@pytest.mark.slow
def test_each_kind_of_byzantine_rows(kind: str, dtype: str) -> None:
    @given(byzantine_rows(HONEST, 2, kinds=[kind], dtype=dtype))
    @QUIET
    def rows_are_as_named(drawn: tuple[str, np.ndarray]) -> None:
        name, exact = drawn
        with np.errstate(over="ignore"):
            rows = exact.astype(dtype)
            squares = (rows**2).sum(axis=1)
        assert rows.shape == (2, 2)
        assert name in (library() if kind == "library" else (kind,))
        if kind in NON_FINITE:
            assert not np.isfinite(rows).all(axis=1).any()
        elif kind in OVERFLOW:
            assert np.isfinite(rows).all()
            assert np.isfinite(squares).tolist() == [False, kind == "ledge"]
        elif kind != "bits":
            assert np.isfinite(squares).all()

    rows_are_as_named()


def test_every_attack_of_the_library_is_drawn() -> None:
    blind = set(library())
    seen = set()

    @given(byzantine_rows(HONEST, 1, kinds=["library"]))
    @settings(QUIET, max_examples=400)
    def note(drawn: tuple[str, np.ndarray]) -> None:
        assert np.isfinite(drawn[1]).all()
        seen.add(drawn[0])

    note()
    assert seen == blind
    assert blind >= {"alie", "ipm", "min_max", "mimic", "sign_flip", "sybil"}
    assert blind < set(attacks.attack_names())


@given(updates(textures=["mirrored"]))
@QUIET
def test_mirrored_updates_are_alike_in_pairs(rows: np.ndarray) -> None:
    half = len(rows) // 2
    assert np.array_equal(rows[half : 2 * half], -rows[:half])


def test_a_failing_round_shrinks_to_few_small_numbers() -> None:
    case = find(
        rounds(kinds=["far"]), lambda c: c.told >= 1 and np.ptp(c.honest) > 0, settings=FOUND
    )
    assert case.d == 1
    assert case.n <= 5
    assert sorted(np.abs(case.honest.ravel()))[-2:] == [0, 1]
    assert case.dtype == "float64"


@given(st.data())
@QUIET
def test_pairs_are_kept_to(data: st.DataObject) -> None:
    case = data.draw(rounds([(7, 1), (9, 2)]))
    assert (case.n, case.told) in {(7, 1), (9, 2)}
