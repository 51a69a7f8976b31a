"""The records of updates in two halves: what server and nodes say about them.

====================  =====================  ======================================================
record                in                     fields
====================  =====================  ======================================================
``bcfl.halves``       training message       v, url, account, key, key_signature, clip, bits,
                                             tables, width, length, answer_s, signature (the
                                             coordinator's)
``bcfl.half``         answer to it           v, seed, receipt (signed by the aggregator)
``bcfl.check``        bcfl_sketch            v, seed, first, first_signature, second,
                                             second_signature
``bcfl.checked``      answer to it           v, said, signature
====================  =====================  ======================================================

Everything read here was written by the other side, which may lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.halves import HalvesWay
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from strategies._flower import ConfigRecord
from strategies.messages.fields import (
    SIGNATURE_BYTES,
    VERSION,
    WireError,
    account,
    exactly,
    field,
    record_of,
    unsigned,
)

if TYPE_CHECKING:
    from strategies._flower import RecordDict

    NDArray = np.ndarray[Any, np.dtype[Any]]

HALVES, HALF, CHECK, CHECKED = (f"bcfl.{name}" for name in ("halves", "half", "check", "checked"))
BOTH_RIGHT, BOTH_FALSE = 0, 3
_SERVER, _NODE = "server", "node"
_LONGEST_URL = 2048
_LONGEST_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class AskedHalves:
    """How the server says that an update is to be halved.

    Parameters
    ----------
    url : str
        Where the aggregator is: no word of it is believed, the half is sealed.
    way : HalvesWay
        The rest.
    key_signature : bytes
        The aggregator's, over its key.
    answer_s : float
        How long a node tries to reach it.
    signature : bytes
        The coordinator's, over the way.
    """

    url: str
    way: HalvesWay
    key_signature: bytes
    answer_s: float
    signature: bytes


def halves_record(asked: AskedHalves) -> ConfigRecord:
    """Write how an update is to be halved."""
    way = asked.way
    return ConfigRecord(
        {
            "v": VERSION,
            "url": asked.url,
            "account": way.aggregator.raw,
            "key": way.key,
            "key_signature": asked.key_signature,
            "clip": way.scale.clip,
            "bits": way.scale.bits,
            "tables": way.sketch.tables,
            "width": way.sketch.width,
            "length": way.length,
            "answer_s": asked.answer_s,
            "signature": asked.signature,
        }
    )


def read_halves(content: RecordDict) -> AskedHalves | None:
    """Read how an update is to be halved; None: it is not.

    Raises
    ------
    WireError
        If it is malformed.
    """
    if HALVES not in content:
        return None
    record = record_of(content, HALVES, _SERVER)
    url, wait = field(record, "url", str), field(record, "answer_s", float)
    if len(url) > _LONGEST_URL or not math.isfinite(wait):
        raise WireError("the aggregator's URL is too long, or its time is none")
    sketch = SketchSize(unsigned(record, "tables", 32), unsigned(record, "width", 32))
    scale = MaskScale(field(record, "clip", float), unsigned(record, "bits", 32))
    if not sketch.is_possible or not scale.fits(1):
        raise WireError(f"there are no sketches of {sketch}, or no integers of {scale}")
    way = HalvesWay(
        account(record, "account"),
        exactly(record, "key"),
        scale,
        sketch,
        unsigned(record, "length", 32),
    )
    return AskedHalves(
        url,
        way,
        exactly(record, "key_signature", SIGNATURE_BYTES),
        min(max(wait, 0.0), _LONGEST_WAIT_S),
        exactly(record, "signature", SIGNATURE_BYTES),
    )


def half_record(seed: bytes, receipt: bytes) -> ConfigRecord:
    """Write the seed of the first half, and the receipt for the second."""
    return ConfigRecord({"v": VERSION, "seed": seed, "receipt": receipt})


def read_half(content: RecordDict) -> tuple[bytes, bytes]:
    """Read the seed of a first half, and the receipt for the second.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, HALF, _NODE)
    return exactly(record, "seed"), exactly(record, "receipt", SIGNATURE_BYTES)


@dataclass(frozen=True, slots=True)
class SketchedHalves:
    """What both servers say of one node's halves.

    Parameters
    ----------
    seed : bytes
        Of the sketches.
    first, second : (NDArray, bytes)
        The (tables, width) uint32 sketch of each half, and the signature of its server.
    """

    seed: bytes
    first: tuple[NDArray, bytes]
    second: tuple[NDArray, bytes]


def check_record(made: SketchedHalves) -> ConfigRecord:
    """Write what both servers say of a node's halves."""
    (first, one), (second, other) = made.first, made.second
    return ConfigRecord(
        {
            "v": VERSION,
            "seed": made.seed,
            "first": np.ascontiguousarray(first, "<u4").tobytes(),
            "first_signature": one,
            "second": np.ascontiguousarray(second, "<u4").tobytes(),
            "second_signature": other,
        }
    )


def read_check(content: RecordDict, size: SketchSize) -> SketchedHalves:
    """Read what both servers say of a node's halves.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, CHECK, _SERVER)

    def half(name: str) -> tuple[NDArray, bytes]:
        words = np.frombuffer(exactly(record, name, 4 * size.cells), "<u4")
        signature = exactly(record, f"{name}_signature", SIGNATURE_BYTES)
        return words.reshape(size.tables, size.width).astype(np.uint32), signature

    return SketchedHalves(exactly(record, "seed"), half("first"), half("second"))


def checked_record(said: int, signature: bytes) -> ConfigRecord:
    """Write what a node thinks of two sketches."""
    return ConfigRecord({"v": VERSION, "said": said, "signature": signature})


def read_checked(content: RecordDict) -> tuple[int, bytes]:
    """Read what a node thinks of two sketches, and its signature.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, CHECKED, _NODE)
    said = unsigned(record, "said", 8)
    if not BOTH_RIGHT <= said <= BOTH_FALSE:
        raise WireError(f"it says {said} of two sketches, which is nothing")
    return said, exactly(record, "signature", SIGNATURE_BYTES)
