"""What is kept of a round whose updates were in two halves, read again without trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.published.reading import UNREADABLE, raw
from bcfl_plugins.secure.halves import Halved, HalvesWay
from bcfl_plugins.secure.keys import KEY_BYTES
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Mapping

    NDArray = np.ndarray[Any, np.dtype[Any]]

FORMAT = "bcfl-halves/1"
RULE, VERSION = "halves", 1
"""By which the plugin that masks says in a report that there is such a record."""


@dataclass(frozen=True, slots=True)
class SketchedHalf:
    """One update, as both servers sketched its halves.

    Parameters
    ----------
    halved : Halved
        What its node committed to.
    first, second : (array, bytes)
        (tables, width) uint32 the sketch of a half, with the signature of the server that made it:
        the coordinator, and the aggregator.
    """

    halved: Halved
    first: tuple[NDArray, bytes]
    second: tuple[NDArray, bytes]


@dataclass(frozen=True, slots=True)
class HalvesRecord:
    """One round whose updates were in two halves.

    Parameters
    ----------
    way : HalvesWay
        How they were halved, and for which aggregator.
    sealed : (int, bytes)
        Number and hash of the block in which the round was sealed.
    halves : Mapping[AccountId, SketchedHalf]
        Whose halves both servers had.
    accepted : tuple of AccountId
        Whose updates were to be summed.
    total : (bytes, bytes)
        `total_digest` of the aggregator's sum, and its signature; both empty: there was none.
    """

    way: HalvesWay
    sealed: tuple[int, bytes]
    halves: Mapping[AccountId, SketchedHalf]
    accepted: tuple[AccountId, ...]
    total: tuple[bytes, bytes]

    def plain(self) -> dict[str, object]:
        """Return what is stored."""
        way = self.way
        return {
            "format": FORMAT,
            "aggregator": str(way.aggregator),
            "key": way.key,
            "clip": way.scale.clip,
            "bits": way.scale.bits,
            "tables": way.sketch.tables,
            "width": way.sketch.width,
            "length": way.length,
            "sealed": self.sealed,
            "halves": {
                str(who): (one.halved.array(), *one.first, *one.second)
                for who, one in self.halves.items()
            },
            "accepted": tuple(sorted(str(one) for one in self.accepted)),
            "total": self.total,
        }

    @classmethod
    def read(cls, plain: object) -> HalvesRecord:
        """Read what `plain` returned.

        Raises
        ------
        EncodingError
            If it is something else.
        """
        try:
            return cls._read(plain)
        except UNREADABLE as error:
            raise EncodingError(f"this is no record of halves: {error}") from error

    @classmethod
    def _read(cls, plain: Any) -> HalvesRecord:  # noqa: ANN401 - whatever was stored
        if plain["format"] != FORMAT:
            raise EncodingError(f"its format is {plain['format']!r}, not {FORMAT}")
        size = SketchSize(int(plain["tables"]), int(plain["width"]))
        if not size.is_possible:
            raise EncodingError(f"there are no sketches of {size.tables} tables of {size.width}")
        scale = MaskScale(float(plain["clip"]), int(plain["bits"]))
        aggregator, key = AccountId.parse(str(plain["aggregator"])), raw(plain["key"])
        if len(key) != KEY_BYTES:
            raise EncodingError(f"a key has {KEY_BYTES} bytes, and {len(key)} are there")
        (number, block), (digest, signature) = plain["sealed"], plain["total"]
        return cls(
            HalvesWay(aggregator, key, scale, size, int(plain["length"])),
            (int(number), raw(block)),
            {
                AccountId.parse(str(who)): SketchedHalf(
                    Halved.read(halved),
                    (_words(first, size), raw(one)),
                    (_words(second, size), raw(other)),
                )
                for who, (halved, first, one, second, other) in plain["halves"].items()
            },
            tuple(AccountId.parse(str(who)) for who in plain["accepted"]),
            (raw(digest), raw(signature)),
        )


def _words(sketch: NDArray, size: SketchSize) -> NDArray:
    if sketch.dtype != np.uint32 or sketch.shape != (size.tables, size.width):
        raise EncodingError(f"a sketch is not of {size.tables} tables of {size.width} words")
    return sketch
