"""How many nodes must answer, how many may collude, and how numbers become integers.

Each other node of the roster (n nodes) holds one share of a node's own seed, and t of them give it
back. Nobody believes the server that it tells all nodes the same lists, so t follows from the worst
that it can do: it puts the c nodes that collude, and t - c honest ones, into the list that it shows
to its victim; these give the pair seeds. At most ``c + n - 1 - t`` are left who give shares, and
``t`` are needed. So nothing is learned while ``c <= 2 t - n``. ``t = floor(n / 2) + 1`` would not
do: then one or two who collude are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    NDArray = np.ndarray[Any, np.dtype[Any]]

LEAST_NODES = 3
"""With fewer, the sum and one's own update tell the other one."""

MOST_NODES = 255
"""Shares are numbered in one byte."""

_ROOM = 1 << 30
_MOST_BITS = 30
_CHUNK = 1 << 16


def threshold(nodes: int) -> int:
    """Return how many of the other nodes must give back a share: over two thirds of them."""
    return 2 * (nodes - 1) // 3 + 1


def most_colluders(nodes: int, needed: int) -> int:
    """Return how many nodes may tell the server all they know before it learns an update."""
    return max(0, min(2 * needed - nodes, needed - 1))


def bits_for(nodes: int, clip: float) -> int:
    """Return the most fractional bits with ``nodes * clip * 2^bits < 2^30``; negative: none fit."""
    bits = _MOST_BITS
    while bits >= 0 and nodes * clip * 2**bits >= _ROOM:
        bits -= 1
    return bits


@dataclass(frozen=True, slots=True)
class MaskScale:
    """How the entries of an update become integers of 32 bits.

    Parameters
    ----------
    clip : float
        An entry moves no farther than this.
    bits : int
        Fractional bits.
    """

    clip: float
    bits: int

    @property
    def largest(self) -> int:
        """The largest integer that an honest node sends."""
        return int(np.rint(self.clip * 2**self.bits))

    def fits(self, nodes: int) -> bool:
        """Say whether a sum of so many cannot wrap."""
        return 0 <= self.bits <= _MOST_BITS and 0.0 < nodes * self.clip * 2**self.bits < _ROOM

    def write(self, moved: Sequence[tuple[NDArray, NDArray]], out: NDArray) -> int:
        """Write ``rint(clip(end - start) * 2^bits)`` of all arrays into one vector mod 2^32.

        Parameters
        ----------
        moved
            Start and end of each array, of one shape.
        out
            (d,) uint32.

        Returns
        -------
        int
            How many entries were clipped.

        Raises
        ------
        ValueError
            If an entry is not finite.
        """
        place, clipped = 0, 0
        for start, end in moved:
            first, last = start.reshape(-1), end.reshape(-1)
            for at in range(0, last.size, _CHUNK):
                part = last[at : at + _CHUNK].astype(np.float64)
                part -= first[at : at + _CHUNK]
                if not np.isfinite(part).all():
                    raise ValueError("an entry of the update is not finite")
                clipped += int((np.abs(part) > self.clip).sum())
                np.clip(part, -self.clip, self.clip, out=part)
                part *= 2.0**self.bits
                whole = np.rint(part).astype(np.int64)
                out[place : place + part.size] = whole.astype(np.uint32)
                place += part.size
        return clipped

    def is_possible(self, total: NDArray, nodes: int) -> bool:
        """Say whether a sum mod 2^32 can be that of so many honest updates."""
        signed = total.view(np.int32)
        most = nodes * self.largest
        return bool(-most <= int(signed.min(initial=0)) and int(signed.max(initial=0)) <= most)

    def mean(self, total: NDArray, nodes: int, start: NDArray, place: int) -> NDArray:
        """Return one array of the new model: the start, moved by the mean; equal on each machine.

        Parameters
        ----------
        total
            (d,) uint32: the sum of the updates.
        nodes
            How many were summed.
        start
            The array that went out.
        place
            Where the array begins in the vector.
        """
        part = total[place : place + start.size].view(np.int32).astype(np.float64)
        part /= nodes * 2.0**self.bits
        part += start.reshape(-1)
        moved: NDArray = part.reshape(start.shape).astype(start.dtype)
        return moved
