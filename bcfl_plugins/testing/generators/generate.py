"""Hypothesis strategies for rounds of updates. All shrink to few updates of small whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins import attacks
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.testing.generators.cases import Case, minority
from bcfl_plugins.testing.generators.tape import Tape, tapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis import strategies as st

    from bcfl_plugins.defenses.base import Floats

__all__ = ["ATTACKS", "FINITE", "NON_FINITE", "OVERFLOW", "byzantine_rows", "rounds", "updates"]

LARGEST = {"float16": 6.5e4, "float32": 3.4e38, "float64": 1.7e308}
"""About the greatest finite number of each dtype."""

FINITE = ("far", "ladder", "split", "echo", "mirror", "free", "library")
NON_FINITE = ("nan", "inf", "one_nan", "mixed")
OVERFLOW = ("huge", "huge_pair", "root", "ledge")
ATTACKS = (*FINITE, *NON_FINITE, *OVERFLOW, "bits")
"""Ways to make byzantine rows: `FINITE` can be squared in their dtype, of `OVERFLOW` at least one
is finite and cannot, ``"library"`` is every attack of `bcfl_plugins.attacks`, ``"bits"`` are raw
bit patterns."""

_TEXTURES = ("plain", "tight", "generic", "coarse")
_MAGNITUDES = (1e6, 10.0, 1e3, 1e12, 1e20)
_CROWDS = {"ladder", "split", "ledge"}
_IDLE = {"none", "non_finite", "overflow"}


def library() -> tuple[str, ...]:
    """Return the names of the attacks that need to know nothing of the defense."""
    return tuple(name for name in attacks.attack_names() if name not in _IDLE and _is_blind(name))


def _is_blind(name: str) -> bool:
    try:
        attacks.create_attack(name)
    except ConfigError:
        return False
    return True


_LIBRARY = library()


_PAIR, _FEW, _DTYPE, _ORDER = range(4)
_N, _D, _TEXTURE, _SPREAD, _NOISE = range(4, 9)
_KIND, _WHICH, _SIZE, _SIGN = range(10, 14)
TWIST = 14
"""Places on the tape of a round; `TWIST` and those after it are read by the checks."""

_ROWS, _COLUMNS = 9, 4
"""The table that small rounds are read from, whatever their size."""


def updates(
    n: int | None = None,
    d: int | None = None,
    *,
    textures: Sequence[str] = _TEXTURES,
    max_n: int = _ROWS,
    min_d: int = 1,
    max_d: int = _COLUMNS,
) -> st.SearchStrategy[Floats]:
    """Draw honest updates: an (n, d) float64 array.

    Parameters
    ----------
    n, d : int or None
        Numbers of updates and of coordinates; drawn when ``None``.
    textures : sequence of str
        ``"plain"``: small whole numbers, with ties. ``"tight"``: close together, far from zero.
        ``"generic"``: normal numbers, no two distances alike. ``"coarse"``: of -1, 0
        and 1, with many ties. ``"mirrored"``, when asked for: one half is minus the other, so that
        two updates tie for whoever treats all alike.
    max_n, min_d, max_d : int
        Bounds of what is drawn.
    """
    numbers = range(1, max_n + 1) if n is None else (n,)
    widths = range(min_d, max_d + 1) if d is None else (d,)

    def read(tape: Tape) -> Floats:
        return _honest(tape, tape.pick(_N, numbers), tape.pick(_D, widths), textures)

    return _tapes(1, max(numbers), max(widths)).map(read)


def _tapes(tables: int, n: int, d: int) -> st.SearchStrategy[Tape]:
    return tapes(tables * max(n, _ROWS), max(d, _COLUMNS))


def _honest(tape: Tape, n: int, d: int, textures: Sequence[str]) -> Floats:
    texture = tape.pick(_TEXTURE, textures)
    rows = tape.whole(n, d, 1 if texture == "coarse" else 9)
    if texture == "mirrored":
        half = n // 2
        rows[half : 2 * half] = -rows[:half]
    if texture == "generic":
        rng = np.random.Generator(np.random.PCG64(tape.number(_NOISE)))
        spread = tape.pick(_SPREAD, (1.0, 0.01, 30.0))
        return np.round(1 + spread * (rows / 9 + rng.normal(size=(n, d))), 3)
    if texture == "tight":
        rows = tape.pick(_SPREAD, (100.0, -20.0)) + rows / 8
    return rows


def byzantine_rows(
    honest: Floats,
    count: int,
    *,
    kinds: Sequence[str] = ATTACKS,
    dtype: str = "float64",
) -> st.SearchStrategy[tuple[str, Floats]]:
    """Draw what byzantine nodes send when they know all honest updates.

    Parameters
    ----------
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
    SearchStrategy of (str, Floats)
        The attack's name and the (count, d) rows.
    """
    return _tapes(_tables(kinds), count, honest.shape[1]).map(
        lambda tape: _byzantine(tape, honest, _Crew(count, kinds, dtype))
    )


def _tables(kinds: Sequence[str]) -> int:
    """Return how many tables the kinds read from."""
    return 4 if "bits" in kinds else 1


@dataclass(frozen=True, slots=True)
class _Crew:
    """How many byzantine updates of which kinds and dtype; their table starts `below` a row."""

    count: int
    kinds: Sequence[str]
    dtype: str
    below: int = 0


def _byzantine(tape: Tape, honest: Floats, crew: _Crew) -> tuple[str, Floats]:
    kind = tape.pick(_KIND, crew.kinds)
    if crew.count == 0:
        return "", np.zeros((0, honest.shape[1]))
    if kind == "library":
        return _from_library(tape, honest, crew.count)
    return kind, _made(tape, kind, honest, crew)


def _made(tape: Tape, kind: str, honest: Floats, crew: _Crew) -> Floats:
    count, d = crew.count, honest.shape[1]
    if kind == "bits":
        return _bits(tape.words(count, d, below=crew.below))
    if kind == "free":
        return tape.whole(count, d, 99, below=crew.below)
    if kind in NON_FINITE:
        return _non_finite(tape, kind, honest, count)
    if kind in OVERFLOW:
        return _overflowing(tape, kind, honest, crew)
    return _finite(tape, kind, honest, crew)


def _bits(words: np.ndarray[Any, Any]) -> Floats:
    """Read words as float32; one in four is made NaN, with the payload that it has."""
    drawn = np.where(words % 4 == 3, words | 0x7F800000, words).astype(np.uint32)  # noqa: PLR2004
    with np.errstate(invalid="ignore"):
        return drawn.view(np.float32).astype(np.float64)


def _finite(tape: Tape, kind: str, honest: Floats, crew: _Crew) -> Floats:
    mean = honest.mean(axis=0)
    count, d = crew.count, honest.shape[1]
    if kind == "echo":
        return np.tile(honest[tape.pick(_WHICH, range(len(honest)))], (count, 1))
    if kind == "mirror":
        return np.tile(-tape.pick(_WHICH, (1.0, 0.5, 10.0)) * mean, (count, 1))
    fitting = [m for m in _MAGNITUDES if m * m < LARGEST[crew.dtype]]
    magnitude = tape.pick(_SIZE, fitting)
    sign = tape.pick(_SIGN, (1.0, -1.0))
    axis = tape.pick(_WHICH, range(d + 1))
    way = np.ones(d) if axis == d else np.eye(d)[axis]
    rows = np.tile(mean + sign * magnitude * way, (count, 1))
    if kind == "split":
        rows[count // 2 :] = mean - sign * magnitude * way
    if kind == "ladder":
        steps = 0.1 ** np.arange(count)
        rows = mean + sign * magnitude * steps[:, None] * way
    return rows


def _non_finite(tape: Tape, kind: str, honest: Floats, count: int) -> Floats:
    rows = np.tile(honest[0], (count, 1))
    if kind == "one_nan":
        rows[:, tape.pick(_WHICH, range(honest.shape[1]))] = np.nan
    elif kind == "mixed":
        rows[:] = np.inf
        rows[::2] = -np.inf
        rows[0, 0] = np.nan
    else:
        rows[:] = np.nan if kind == "nan" else tape.pick(_SIGN, (np.inf, -np.inf))
    return rows


def _overflowing(tape: Tape, kind: str, honest: Floats, crew: _Crew) -> Floats:
    most = LARGEST[crew.dtype]
    root = most**0.5
    sign = tape.pick(_SIGN, (1.0, -1.0))
    size = most if kind in {"huge", "huge_pair"} else 2 * root
    rows = np.full((crew.count, honest.shape[1]), sign * size)
    if kind == "huge_pair":
        rows[::2] *= -1
    if kind == "ledge":  # the others are just small enough: who drops the first still has them
        rows[1:] = sign * root / (4 * honest.shape[1])
    return rows


def _from_library(tape: Tape, honest: Floats, count: int) -> tuple[str, Floats]:
    name = tape.pick(_WHICH, _LIBRARY)
    rng = np.random.Generator(np.random.PCG64(tape.pick(_SIZE, range(100))))
    rows = attacks.create_attack(name).craft(honest, count, rng=rng)
    return name, np.asarray(rows, dtype=np.float64)


ORDERS = range(21)
"""Numbers of `order`."""


@cache
def order(number: int, n: int) -> tuple[int, ...]:
    """Return an order of n updates: as they are, reversed, moved by one, or shuffled.

    Shuffles are numbered, not drawn one by one, so that a failure can shrink n below them.
    """
    simple = (range(n), range(n - 1, -1, -1), [*range(1, n), *range(min(n, 1))])
    if number < len(simple):
        return tuple(simple[number])
    rng = np.random.Generator(np.random.PCG64(number))
    return tuple(rng.permutation(n).tolist())


def rounds(
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    kinds: Sequence[str] = ATTACKS,
    textures: Sequence[str] = _TEXTURES,
    dtypes: Sequence[str] = ("float64", "float32"),
    min_d: int = 1,
    max_d: int = _COLUMNS,
    count: Callable[[int], int] | None = None,
    twist: Callable[[Case, Tape], tuple[float, ...]] | None = None,
) -> st.SearchStrategy[Case]:
    """Draw one whole round.

    Parameters
    ----------
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
    twist : callable or None
        ``(case, tape) -> numbers``: reads what else a check draws, at `TWIST` and after it.

    Returns
    -------
    SearchStrategy of Case
        Byzantine updates stand at drawn places among the honest ones.
    """
    listed = pairs or [(n, f) for n in range(1, 10) for f in range(minority(n) + 1)]
    if set(kinds) <= _CROWDS:
        listed = [pair for pair in listed if pair[1] > 1] or listed
    most = max(_ROWS, *(n for n, _ in listed))

    def read(tape: Tape) -> Case:
        n, f = tape.pick(_PAIR, listed)
        few = tape.pick(_FEW, range(4)) == 3  # noqa: PLR2004
        bad = max(f - few, 0) if count is None else count(f)
        dtype = tape.pick(_DTYPE, dtypes)
        honest = _honest(tape, n - bad, tape.pick(_D, range(min_d, max_d + 1)), textures)
        attack, rows = _byzantine(tape, honest, _Crew(bad, kinds, dtype, below=most))
        at = order(tape.pick(_ORDER, ORDERS), n)[n - bad :] if bad else ()
        case = Case(honest, rows, f=f, at=tuple(sorted(at)), attack=attack, dtype=dtype)
        return case if twist is None else replace(case, twist=twist(case, tape))

    return _tapes(1 + _tables(kinds), most, max_d).map(read)
