"""Compare the statistics that rules read with the sketches that nodes signed of their updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.base import BUFFERS
from bcfl_plugins.defenses.core.arrays.buffers import is_buffer
from bcfl_plugins.defenses.core.sketch import ENTRIES
from bcfl_plugins.published.sketches import inner_products, tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.statistics import Statistics
    from bcfl_plugins.published.inputs import KeptInputs
    from bcfl_plugins.replay.sketched import SignedRound
    from bcfl_plugins.types import NodeRef

STATISTICS_WITHIN = "statistics that signed sketches bear out to within their tolerance"
_LONGEST = 1e15


@dataclass(frozen=True, slots=True)
class Bearing:
    """What signed sketches say of the inputs of one judge.

    Parameters
    ----------
    kept : KeptInputs
        What was published.
    signed : SignedRound
        The signed sketches of the round.
    evening : frozenset of str
        As in `RebuiltJudge`.
    """

    kept: KeptInputs
    signed: SignedRound
    evening: frozenset[str]

    def problems(self) -> Iterator[tuple[NodeRef | None, str]]:
        """Give what does not fit the signed sketches."""
        rows = self._rows()
        for node, row in zip(self.kept.nodes, rows, strict=True):
            if row is None:
                yield node, "it was judged, and no sketch that it signed is published"
        if any(row is None for row in rows):
            return
        found = np.array([row for row in rows if row is not None])  # (n, tables, width)
        yield from self._twins(found)
        if self.kept.norms is not None:
            squares = np.square(np.asarray(self.kept.norms, np.float64))
            yield from self._off(np.arange(len(found)), squares, found, "length", None)
        for name, one in self.kept.statistics.items():
            yield from self._thrown_out(one, found)
            yield from self._of_rule(name, one, found)

    def is_comparable(self, medians: Sequence[str]) -> bool:
        """Say whether the judge leaves the same arrays out that no node sketches.

        Parameters
        ----------
        medians
            As in its `Verdict`.
        """
        return {*medians} == {name for name in self.kept.names if is_buffer(name, BUFFERS)}

    def is_whole(self) -> bool:
        """Say whether all statistics are those of whole updates, so that they could be compared.

        A rule that measures large arrays smaller (`scales.even`) reads other numbers where there
        are such arrays: then its inner products are smaller than the sketches say.
        """
        rows = self._rows()
        found = np.array([row for row in rows if row is not None])
        return all(
            one.referenced and not self._is_smaller(name, one, found)
            for name, one in self.kept.statistics.items()
        )

    def _rows(self) -> list[Floats | None]:
        found = (self.signed.of(node.account) for node in self.kept.nodes)
        return [None if one is None else one.numbers() for one in found]

    def _twins(self, found: Floats) -> Iterator[tuple[NodeRef | None, str]]:
        for place, first in enumerate(self.kept.equal):
            if not 0 <= first <= place or not np.array_equal(found[place], found[first]):
                yield self.kept.nodes[place], "it is said to be equal to another, and is not"

    def _thrown_out(self, one: Statistics, found: Floats) -> Iterator[tuple[NodeRef | None, str]]:
        for place in one.origin[~one.usable].tolist():
            if np.sqrt(np.square(found[place]).sum()) < _LONGEST:
                yield self.kept.nodes[place], "it is said to be too long, and is not"

    def _of_rule(
        self, name: str, one: Statistics, found: Floats
    ) -> Iterator[tuple[NodeRef | None, str]]:
        if not one.referenced or self._is_smaller(name, one, found):
            return
        places = one.origin[one.usable]
        if one.gram.size:
            yield from self._off(places, one.gram, found, f"inner product ({name})", None)
        elif one.squares.size:
            yield from self._off(places, one.squares, found, f"length ({name})", None)
        if one.sketches.size:
            entries = None if one.size <= ENTRIES else ENTRIES
            inner = one.sketches @ one.sketches.T
            yield from self._off(places, inner, found, f"sketch ({name})", entries)

    def _is_smaller(self, name: str, one: Statistics, found: Floats) -> bool:
        """Say whether a rule that may measure arrays smaller has done so."""
        if name not in self.evening or not one.squares.size:
            return False
        wanted = np.median(np.square(found[one.origin[one.usable]]).sum(axis=2), axis=1)
        return bool((one.squares < (1.0 - tolerance(found.shape[2])) * wanted).any())

    def _off(
        self,
        places: Sequence[int] | np.ndarray[tuple[int, ...], np.dtype[np.int_]],
        published: Floats,
        found: Floats,
        what: str,
        entries: int | None,
    ) -> Iterator[tuple[NodeRef | None, str]]:
        """Give the first node whose numbers are off, of those that a statistic is of."""
        rows = found[np.asarray(places, np.int64)]
        inner = inner_products(rows)
        lengths = np.sqrt(np.diag(inner))
        room = tolerance(found.shape[2], entries) * np.outer(lengths, lengths)
        if published.ndim == 1:
            inner, room = np.diag(inner), np.diag(room)
        if published.shape != inner.shape:
            yield None, f"each {what} is not of the updates that can be used"
            return
        wrong = ~(np.abs(published - inner) <= room)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0].tolist())
            told, seen, most = (float(one[place]) for one in (published, inner, room))
            problem = (
                f"its {what}, squared, was judged as {told:.4g}, and by signed sketches it is "
                f"{seen:.4g}, give or take {most:.2g}"
            )
            yield self.kept.nodes[int(np.asarray(places)[place[0]])], problem
