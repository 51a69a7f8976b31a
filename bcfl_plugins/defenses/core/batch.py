"""What a rule decides on: screened rows, how many of them may be byzantine, and combinations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from bcfl_plugins.defenses.base import Aggregate
from bcfl_plugins.defenses.core import finish
from bcfl_plugins.defenses.core.arrays.buffers import finite_buffers
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.arrays.scales import even
from bcfl_plugins.defenses.core.clipped import clipped
from bcfl_plugins.defenses.core.gram import combine, measure
from bcfl_plugins.defenses.core.screen import finite_rows, screen
from bcfl_plugins.defenses.core.select import coordinatewise
from bcfl_plugins.defenses.core.sketch import Signs
from bcfl_plugins.defenses.core.statistics import BlindRows, Statistics
from bcfl_plugins.errors import BadUpdates, NeedsUpdates, TooFewUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bcfl_plugins.defenses.base import (
        AnyArray,
        Defense,
        Extras,
        Flags,
        Floats,
        Ints,
        Updates,
    )
    from bcfl_plugins.defenses.core.arrays.kernel import Kernel
    from bcfl_plugins.defenses.core.arrays.rows import Rows

Needs: TypeAlias = Literal["gram", "norms", "rows", "columns"]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The m points that a rule decides on; each is a combination of the n rows.

    Parameters
    ----------
    rule : Defense
        Whose call this is; it names errors.
    rows : Rows
        n rows in canonical order, without those that were thrown out.
    f : int
        How many of the points may be byzantine.
    extras : Extras
        As they were passed.
    weights : Floats
        (n,) as in `Extras`, ones without it.
    gram : Floats
        (m, m) inner products of the points; (0, 0) for a rule that does not need them.
    squares : Floats
        (m,) squared norms of the points; (0,) for a rule that does not need them.
    sketches : Floats
        (m, s) of the points, see `core.sketch`; (m, 0) for a rule that does not ask for them.
    mix : Floats or None
        (m, n) the points as combinations of rows; ``None``: the points are the rows.
    owner : ints or None
        (n,) the point that stands for each row; ``None``: its own.
    screened : bool
        Whether the rows were screened. Coordinate-wise rules do it on the way.
    reach : float or None
        Rows are summed up to so many median distances from the median of each coordinate;
        ``None``: as they are.
    """

    rule: Defense
    rows: Rows
    f: int
    extras: Extras
    weights: Floats
    gram: Floats
    squares: Floats
    sketches: Floats
    mix: Floats | None = None
    owner: Ints | None = None
    screened: bool = True
    reach: float | None = None

    @property
    def m(self) -> int:
        """Number of points."""
        return self.rows.n if self.mix is None else len(self.mix)

    def mixed(self, mix: Floats, *, owner: Any = None, f: int | None = None) -> Batch:  # noqa: ANN401
        """Return the batch of the points ``mix @ points``.

        Parameters
        ----------
        mix : Floats
            (k, m) finite, not negative.
        owner : ints or None
            (m,) which of the k points stands for each old one; ``None`` where k is m: its own.
        f : int or None
            How many of the new points may be byzantine; ``None``: as many as of the old.
        """
        old = np.arange(self.rows.n) if self.owner is None else self.owner
        gram = mix @ self.gram @ mix.T if self.gram.size else self.gram
        return replace(
            self,
            f=self.f if f is None else f,
            gram=gram,
            squares=np.diag(gram),
            sketches=mix @ self.sketches,
            mix=mix if self.mix is None else mix @ self.mix,
            owner=old if owner is None else np.asarray(owner)[old],
        )

    def shares(self, weights: Floats) -> Floats:
        """Return (n,) shares of the rows from (m,) shares of the points."""
        return weights if self.mix is None else weights @ self.mix

    def weighted(
        self,
        weights: Floats,
        scores: Floats,
        reason: Reason | Sequence[Reason] = Reason.OUTLIER_CLUSTER,
        *,
        kept: Flags | None = None,
        note: str = "",
        state: object = None,
        plus: AnyArray | None = None,
        remember: bool = False,
    ) -> Aggregate:
        """Return the answer of a rule that gives each point a share.

        Parameters
        ----------
        weights : Floats
            (m,) not negative.
        scores : Floats
            (m,) finite.
        reason : Reason or sequence of Reason
            Why a row is not kept, for all or for each of the n rows.
        kept : Flags or None
            (m,) points whose rows are kept; ``None``: those whose share is over zero.
        note, state
            As in `Decision` and `Aggregate`.
        plus : AnyArray or None
            (d,) is added to the result.
        remember : bool
            The state is the (d,) result, before the reference is added.
        """
        shares = self.shares(weights)
        decision = finish.decide(
            self.rows,
            kept=(shares if kept is None else self.shares(kept.astype(np.float64))) > 0.0,
            weights=shares if self.reach is None else np.zeros(0),  # they do not make up the result
            scores=self.per_row(scores),
            reason=reason,
            note=note,
        )
        if isinstance(self.rows, BlindRows):
            if remember:
                raise NeedsUpdates(self.rule.name)
            return Aggregate(None, decision, state)
        if self.reach is None:
            flat = combine(self.rows, shares)
        else:
            flat = clipped(self.rows, shares, self.reach)
        if plus is not None:
            flat = flat + finish.placed(self.rows, plus)
        return finish.aggregate(
            self.rows, flat, decision, finish.copied(self.rows, flat) if remember else state
        )

    def per_row(self, scores: Floats) -> Floats:
        """Return (n,) scores of the rows from (m,) scores of the points that stand for them."""
        return scores if self.owner is None else scores[self.owner]

    def coordinatewise(
        self,
        kernel: Callable[[int, int], Kernel],
        *,
        chosen: Ints | None = None,
        scores: Floats | None = None,
        note: str = "",
    ) -> Aggregate:
        """Return the answer of a rule that works coordinate by coordinate.

        Parameters
        ----------
        kernel : callable
            ``(m, f) -> Kernel``: what to take of the m values of a coordinate.
        chosen : Ints or None
            Places of the points that take part; ``None``: all.
        scores : Floats or None
            (m,) of the points; ``None``: zeros.
        note : str
            As in `Decision`.
        """
        if self.reach is not None:
            raise BadUpdates("method", f"{self.rule.name} clips coordinates that it never sums")
        batch, mix, rows = self, self.mix, self.rows
        kept = np.ones(rows.n, dtype=np.bool_)
        if chosen is not None:
            mix = (np.eye(self.m) if mix is None else mix)[chosen]
            kept = np.asarray((mix > 0.0).any(axis=0))
            rows, mix = rows.take(kept), mix[:, kept]
            if self.mix is None:
                mix = None
        elif mix is not None:
            kept = np.asarray((mix > 0.0).any(axis=0))
        m = self.m if chosen is None else len(chosen)
        flat, norms = coordinatewise(rows, kernel(m, self.f), mix)
        if not self.screened:
            good, wide = _doubts(rows, norms)
            if wide or not good.all():
                source = rows.widened() if wide else rows
                f = admit(self.rule, self.weights, good)
                batch = replace(self, rows=source.take(good), weights=self.weights[good], f=f)
                kept = np.ones(batch.rows.n, dtype=np.bool_)
                flat, _ = coordinatewise(batch.rows, kernel(batch.m, batch.f))
        measured = np.zeros(batch.m) if scores is None else scores
        decision = finish.decide(
            batch.rows,
            kept=kept,
            weights=np.zeros(0),
            scores=batch.per_row(measured),
            reason=Reason.OUTLIER_CLUSTER,
            note=note,
        )
        return finish.aggregate(batch.rows, flat, decision)


def measured(
    rule: Defense,
    updates: Updates,
    extras: Extras,
    *,
    needs: Needs = "gram",
    sketch_seed: int | None = None,
    evenly: bool = False,
) -> tuple[Rows, Statistics]:
    """Read updates: return all rows, and the statistics that the rule may decide on.

    Parameters
    ----------
    rule : Defense
        Whose call this is.
    updates, extras
        As in `Defense.aggregate`.
    needs : str
        ``"gram"``: inner products, which also show the rows that are not finite. ``"norms"``: only
        squared norms, likewise. ``"rows"``: neither, but rows that were screened in a pass of their
        own. ``"columns"``: nothing; `Batch.coordinatewise` screens on the way.
    sketch_seed : int or None
        Seed of sketches, made along with inner products or norms; ``None``: none.
    evenly : bool
        Whether inner products, norms and sketches are of rows without too large arrays, see
        `scales.even`; what is combined are the rows as they are.

    Raises
    ------
    BadUpdates
        As in `Defense.aggregate`.
    """
    everybody = parse(updates, extras)
    weights = _weights(rule, extras, everybody)
    whole = finite_buffers(everybody)
    rows = everybody
    good, sketches = np.ones(rows.n, dtype=np.bool_), np.zeros((rows.n, 0))
    gram, squares = np.zeros((0, 0)), np.zeros(0)
    screened = needs != "columns"
    if not whole.all():
        rows = everybody.take(whole)
        good, sketches = good[whole], sketches[whole]
        if needs == "columns":
            needs = "rows"  # who is left out has to be known before the columns are read
    if rows.n:
        signs = None if sketch_seed is None else Signs.draw(rows.d, sketch_seed)
        taken = even(rows) if evenly else rows
        if needs == "gram":
            gram, good, sketches = measure(taken, signs)
            squares = np.diag(gram)
        elif needs == "norms":
            squares, good, sketches = measure(taken, signs, norms_only=True)
        elif needs == "rows":
            good = screen(rows)
            sketches = sketches[good]
    usable = whole.copy()
    usable[whole] = good
    return everybody, Statistics(
        origin=everybody.origin,
        usable=usable,
        size=everybody.d,
        dtype=everybody.dtype.str,
        referenced=everybody.referenced,
        weights=weights,
        gram=gram,
        squares=squares,
        sketches=sketches,
        screened=screened,
    )


def batch_of(
    rule: Defense, statistics: Statistics, extras: Extras, rows: Rows | None = None
) -> Batch:
    """Return the batch that a rule decides on.

    Parameters
    ----------
    rule : Defense
        Its `f` and `max_byzantine` are used.
    statistics : Statistics
        From `measured`.
    extras : Extras
        As in `Defense.aggregate`.
    rows : Rows or None
        All rows; ``None``: a rule that reaches for them gets `NeedsUpdates`.

    Raises
    ------
    TooFewUpdates, BadUpdates
        As in `Defense.aggregate`.
    """
    good = statistics.usable
    f = admit(rule, statistics.weights, good)
    if rows is None:
        rows = BlindRows.of(rule.name, statistics)
    elif not good.all():
        rows = rows.take(good)
    return Batch(
        rule,
        rows,
        f,
        extras,
        statistics.weights[good],
        statistics.gram,
        statistics.squares,
        statistics.sketches,
        screened=statistics.screened,
    )


def admit(rule: Defense, weights: Floats, good: Flags) -> int:
    """Return how many of the good rows may be byzantine: the others count against f.

    Raises
    ------
    TooFewUpdates
        If more rows are bad than f allows, or the rule does not tolerate what is left of f.
    """
    n, bad = len(good), int(len(good) - good.sum())
    most = rule.max_byzantine(n)
    f = most if rule.f is None else rule.f
    if rule.f is not None and f < 0:
        raise BadUpdates("f", f"must not be negative, not {f}")
    if f > most or most < 0 or bad > f:
        raise TooFewUpdates(rule.name, n, max(f, bad), most)
    left = rule.max_byzantine(n - bad)
    rest = f - bad if rule.f is not None else min(f - bad, left)
    if rest > left or left < 0:
        raise TooFewUpdates(rule.name, n - bad, max(rest, 0), left)
    if not (weights[good] > 0.0).any():
        raise BadUpdates("weights", "all usable updates have weight zero")
    return rest


def _doubts(rows: Rows, norms: Floats) -> tuple[Flags, bool]:
    """Return which rows are usable, and whether one of them leaves the range of float32."""
    good = np.ones(rows.n, dtype=np.bool_)
    doubtful = ~np.isfinite(norms)
    if not doubtful.any():
        return good, False
    usable, _ = finite_rows(rows.take(doubtful))
    good[doubtful] = usable
    return good, bool(usable.any()) and rows.dtype != np.float64


def _weights(rule: Defense, extras: Extras, rows: Rows) -> Floats:
    if extras.weights is None:
        return np.ones(rows.n)
    if not rule.tags.weighted:
        raise BadUpdates("weights", f"{rule.name} takes none; drop them or use another rule")
    weights = np.array(extras.weights, dtype=np.float64)
    if weights.shape != (rows.n,):
        raise BadUpdates("weights", f"there must be {rows.n}, one for each update")
    if not np.isfinite(weights).all() or (weights < 0.0).any() or not (weights > 0.0).any():
        raise BadUpdates("weights", "they must be finite, not negative, and not all zero")
    return weights[rows.origin]
