"""Hypothesis strategies for rounds of updates. All shrink to few updates of small whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from bcfl_plugins import attacks
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.testing.cases import Case
from bcfl_plugins.testing.tags import minority

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bcfl_plugins.defenses.base import Floats

__all__ = ["ATTACKS", "FINITE", "NON_FINITE", "OVERFLOW", "byzantine_rows", "rounds", "updates"]

LARGEST = {"float16": 6.5e4, "float32": 3.4e38, "float64": 1.7e308}
"""About the greatest finite number of each dtype."""

FINITE = ("far", "ladder", "split", "echo", "mirror", "free", "library")
NON_FINITE = ("nan", "inf", "one_nan", "mixed")
OVERFLOW = ("huge", "huge_pair", "root")
ATTACKS = (*FINITE, *NON_FINITE, *OVERFLOW, "bits")
"""Ways to make byzantine rows: `FINITE` stay below 1e20, `OVERFLOW` are finite but too large to
square, ``"library"`` is every attack of `bcfl_plugins.attacks`, ``"bits"`` are raw bit patterns."""

_TEXTURES = ("plain", "tight", "generic", "coarse")
_MAGNITUDES = (1e6, 10.0, 1e3, 1e12, 1e20)
_CROWDS = {"ladder", "split"}
_IDLE = {"none", "non_finite", "overflow"}
_HEADROOM = {"float16": 1e-1, "float32": 1.0, "float64": 1.0}


def library() -> tuple[str, ...]:
    """Return the names of the attacks that need to know nothing of the defense."""
    return tuple(name for name in attacks.names() if name not in _IDLE and _is_blind(name))


def _is_blind(name: str) -> bool:
    try:
        attacks.create(name)
    except ConfigError:
        return False
    return True


_LIBRARY = library()


@st.composite
def updates(
    draw: st.DrawFn,
    n: int | None = None,
    d: int | None = None,
    *,
    textures: Sequence[str] = _TEXTURES,
    max_n: int = 9,
    min_d: int = 1,
    max_d: int = 4,
) -> Floats:
    """Draw honest updates: an (n, d) float64 array.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    n, d : int or None
        Numbers of updates and of coordinates; drawn when ``None``.
    textures : sequence of str
        ``"plain"``: small whole numbers, with ties. ``"tight"``: close together, far from zero.
        ``"generic"``: normal numbers, no two distances alike. ``"coarse"``: of -1, 0
        and 1, with many ties.
    max_n, min_d, max_d : int
        Bounds of what is drawn.
    """
    n = draw(st.integers(1, max_n)) if n is None else n
    d = draw(st.integers(min_d, max_d)) if d is None else d
    texture = draw(st.sampled_from(list(textures)))
    most = 1 if texture == "coarse" else 9
    values = draw(st.lists(st.integers(-most, most), min_size=n * d, max_size=n * d))
    rows = np.array(values, dtype=np.float64).reshape(n, d)
    if texture == "generic":
        rng = np.random.Generator(np.random.PCG64(draw(st.integers(0, 9999))))
        spread = draw(st.sampled_from((1.0, 0.01, 30.0)))
        return np.round(1 + spread * (rows / 9 + rng.normal(size=(n, d))), 3)
    if texture == "tight":
        rows = draw(st.sampled_from((100.0, -20.0))) + rows / 8
    return rows


@st.composite
def byzantine_rows(
    draw: st.DrawFn,
    honest: Floats,
    count: int,
    *,
    kinds: Sequence[str] = ATTACKS,
    dtype: str = "float64",
) -> tuple[str, Floats]:
    """Draw what byzantine nodes send when they know all honest updates.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    honest : (h, d) Floats
        The honest updates.
    count : int
        How many byzantine updates.
    kinds : sequence of str
        Some of `ATTACKS`; the first is the one that failures shrink to.
    dtype : str
        Greatest numbers are those of this dtype.

    Returns
    -------
    tuple of str and Floats
        The attack's name and the (count, d) rows.
    """
    kind = draw(st.sampled_from(list(kinds)))
    d = honest.shape[1]
    if count == 0:
        return "", np.zeros((0, d))
    if kind == "library":
        return _from_library(draw, honest, count)
    if kind == "bits":
        words = st.integers(0, 2**32 - 1)
        bits = draw(st.lists(words, min_size=count * d, max_size=count * d))
        with np.errstate(invalid="ignore"):
            rows = np.array(bits, np.uint32).view(np.float32).astype(np.float64)
        return kind, rows.reshape(count, d)
    if kind in NON_FINITE:
        return kind, _non_finite(draw, kind, honest, count)
    if kind in OVERFLOW:
        return kind, _overflowing(draw, kind, count, d, dtype)
    return kind, _finite(draw, kind, honest, count, dtype)


def _finite(draw: st.DrawFn, kind: str, honest: Floats, count: int, dtype: str) -> Floats:
    mean = honest.mean(axis=0)
    d = honest.shape[1]
    if kind == "echo":
        return np.tile(honest[draw(st.integers(0, len(honest) - 1))], (count, 1))
    if kind == "mirror":
        return np.tile(-draw(st.sampled_from((1.0, 0.5, 10.0))) * mean, (count, 1))
    if kind == "free":
        values = draw(st.lists(st.integers(-99, 99), min_size=count * d, max_size=count * d))
        return np.array(values, dtype=np.float64).reshape(count, d)
    fitting = [m for m in _MAGNITUDES if m < LARGEST[dtype] * _HEADROOM[dtype]]
    magnitude = draw(st.sampled_from(fitting))
    sign = draw(st.sampled_from((1.0, -1.0)))
    way = np.zeros(d)
    axis = draw(st.integers(0, d))
    way[:] = 1.0 if axis == d else way
    if axis < d:
        way[axis] = 1.0
    rows = np.tile(mean + sign * magnitude * way, (count, 1))
    if kind == "split":
        rows[count // 2 :] = mean - sign * magnitude * way
    if kind == "ladder":
        steps = 0.1 ** np.arange(count)
        rows = mean + sign * magnitude * steps[:, None] * way
    return rows


def _non_finite(draw: st.DrawFn, kind: str, honest: Floats, count: int) -> Floats:
    rows = np.tile(honest[0], (count, 1))
    if kind == "one_nan":
        rows[:, draw(st.integers(0, honest.shape[1] - 1))] = np.nan
    elif kind == "mixed":
        rows[:] = np.inf
        rows[::2] = -np.inf
        rows[0, 0] = np.nan
    else:
        rows[:] = np.nan if kind == "nan" else draw(st.sampled_from((np.inf, -np.inf)))
    return rows


def _overflowing(draw: st.DrawFn, kind: str, count: int, d: int, dtype: str) -> Floats:
    most = LARGEST[dtype]
    sign = draw(st.sampled_from((1.0, -1.0)))
    size = 2 * most**0.5 if kind == "root" else most
    rows = np.full((count, d), sign * size)
    if kind == "huge_pair":
        rows[::2] *= -1
    return rows


def _from_library(draw: st.DrawFn, honest: Floats, count: int) -> tuple[str, Floats]:
    name = draw(st.sampled_from(_LIBRARY))
    rng = np.random.Generator(np.random.PCG64(draw(st.integers(0, 99))))
    rows = attacks.create(name).craft(honest, count, rng=rng)
    return name, np.asarray(rows, dtype=np.float64)


_ORDERS = 20


def orders(n: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw an order of n updates: as they are, reversed, moved by one, or shuffled.

    Shuffles are numbered, not drawn one by one, so that a failure can shrink n below them.
    """
    return st.integers(0, _ORDERS).map(lambda number: _order(number, n))


def _order(number: int, n: int) -> tuple[int, ...]:
    simple = (range(n), range(n - 1, -1, -1), [*range(1, n), *range(min(n, 1))])
    if number < len(simple):
        return tuple(simple[number])
    rng = np.random.Generator(np.random.PCG64(number))
    return tuple(rng.permutation(n).tolist())


@st.composite
def rounds(
    draw: st.DrawFn,
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    kinds: Sequence[str] = ATTACKS,
    textures: Sequence[str] = _TEXTURES,
    dtypes: Sequence[str] = ("float64", "float32"),
    min_d: int = 1,
    max_d: int = 4,
    count: Callable[[int], int] | None = None,
) -> Case:
    """Draw one whole round.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    pairs : sequence of (int, int) or None
        The (n, f) to draw from; by default all with n from 1 to 9 and f below one half.
    kinds, textures : sequence of str
        Of `byzantine_rows` and `updates`.
    dtypes : sequence of str
        Dtypes of the updates.
    min_d, max_d : int
        Least and greatest number of coordinates.
    count : callable or None
        ``(f) -> int``: how many of the f are byzantine in truth; by default all, or fewer.

    Returns
    -------
    Case
        Byzantine updates stand at drawn places among the honest ones.
    """
    listed = pairs or [(n, f) for n in range(1, 10) for f in range(minority(n) + 1)]
    if set(kinds) <= _CROWDS:
        listed = [pair for pair in listed if pair[1] > 1] or listed
    n, f = draw(st.sampled_from(list(listed)))
    few = draw(st.integers(0, 3)) if count is None else 0
    bad = (max(f - 1, 0) if few == 3 else f) if count is None else count(f)  # noqa: PLR2004
    dtype = draw(st.sampled_from(list(dtypes)))
    honest = draw(updates(n - bad, textures=textures, min_d=min_d, max_d=max_d))
    attack, rows = draw(byzantine_rows(honest, bad, kinds=kinds, dtype=dtype))
    at = draw(orders(n))[n - bad :] if bad else ()
    return Case(honest, rows, f=f, at=tuple(sorted(at)), attack=attack, dtype=dtype)


def with_twist(
    cases: st.SearchStrategy[Case], twist: st.SearchStrategy[Any]
) -> st.SearchStrategy[Case]:
    """Add a drawn tuple of numbers to drawn cases."""
    return st.builds(_twisted, cases, twist)


def _twisted(case: Case, twist: tuple[float, ...]) -> Case:
    return Case(
        case.honest, case.byzantine, case.f, case.at, case.attack, case.dtype, twist, case.recipe
    )
