"""What is remembered of an update: a seeded linear sketch that keeps inner products.

A history of full models would cost n models of memory for as long as the federation lives. A count
sketch (Charikar, Chen, Farach-Colton, ICALP 2002) of m entries costs 64 KiB a node, whatever the
model. Coordinate k goes to entry (k + turn) mod m with a random sign; sign and turn are drawn anew
for each m coordinates. Sketches add up like the vectors, and the inner product of two sketches is
that of the vectors with an error whose standard deviation is about ``norm * norm / sqrt(m)``
(1.1 % for m = 8192). Up to m coordinates are kept as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bcfl_plugins.defenses.base import Floats

ENTRIES = 8192
"""m: the entries of a sketch."""


def sketch(blocks: Iterable[Floats], rows: int, size: int, seed: int) -> Floats:
    """Sketch n vectors that come in blocks.

    Parameters
    ----------
    blocks : iterable of Floats
        (n, b) pieces of the (n, d) matrix, in the order of its columns.
    rows, size : int
        n and d.
    seed : int
        Fixes signs and turns: only sketches of one seed and one d can be compared.

    Returns
    -------
    Floats
        (n, min(d, m)).
    """
    entries = min(size, ENTRIES)
    made = np.zeros((rows, entries))
    start = 0
    for block in blocks:
        done = 0
        while done < block.shape[1]:
            chunk, offset = divmod(start + done, ENTRIES)
            width = min(block.shape[1] - done, ENTRIES - offset)
            piece = block[:, done : done + width]
            if size <= ENTRIES:
                made[:, offset : offset + width] += piece
            else:
                _fold(made, piece, chunk, offset, seed)
            done += width
        start += block.shape[1]
    return made


def _fold(made: Floats, piece: Floats, chunk: int, offset: int, seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64([seed, chunk]))
    turn = int(rng.integers(ENTRIES))
    bits = np.unpackbits(np.frombuffer(rng.bytes(ENTRIES // 8), dtype=np.uint8))
    signs = (2 * bits.view(np.int8) - 1)[offset : offset + piece.shape[1]]
    signed = piece * signs.astype(piece.dtype)
    first = (offset + turn) % ENTRIES
    straight = min(piece.shape[1], ENTRIES - first)
    made[:, first : first + straight] += signed[:, :straight]
    made[:, : piece.shape[1] - straight] += signed[:, straight:]
