"""What is kept of a round in two halves is read again, and what is none is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.published.halved import HalvesRecord, SketchedHalf
from bcfl_plugins.secure.halves import Halved, HalvesWay
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import address_of, read_value, value_bytes
from tests.unit.bcfl_plugins.secure.nodes import account, drawn

SIZE = SketchSize(1, 32)
WAY = HalvesWay(account(9), drawn("key"), MaskScale(1.0, 26), SIZE, 700)
HALVED = Halved(WAY.digest, drawn("seed"), drawn("vector"), 3)
FIRST, SECOND = (np.arange(32, dtype=np.uint32)[None] + np.uint32(one) for one in (0, 7))
RECORD = HalvesRecord(
    WAY,
    (12, drawn("block")),
    {account(1): SketchedHalf(HALVED, (FIRST, drawn("a") * 2), (SECOND, drawn("b") * 2))},
    (account(1),),
    (drawn("total"), drawn("c") * 2),
)


def test_what_is_kept_is_read_again_and_its_encoding_is_pinned() -> None:
    data = value_bytes(RECORD.plain())
    again = HalvesRecord.read(read_value(data, lambda _: False))
    assert replace(again, halves={}) == replace(RECORD, halves={})
    one = again.halves[account(1)]
    assert one.halved == HALVED
    assert (one.first[1], one.second[1]) == (drawn("a") * 2, drawn("b") * 2)
    assert np.array_equal(one.first[0], FIRST)
    assert np.array_equal(one.second[0], SECOND)
    assert (
        address_of(data).hex() == "0a4abe59afd5bcd3c7eaffc08db29598d51fd3d8ae4336581ab414bae382bfd7"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "bcfl-halves/2"},
        {"width": 33},
        {"width": 64},
        {"key": 7},
        {"bits": "x"},
        {"sealed": (1,)},
        {"total": b""},
        {"accepted": ("nobody",)},
        {"halves": {"nobody": ()}},
        {"halves": {str(account(1)): (HALVED.array(), FIRST, b"", b"", b"")}},
        {"halves": {str(account(1)): (HALVED.array()[1:], FIRST, b"", SECOND, b"")}},
    ],
)
def test_what_is_no_record_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        HalvesRecord.read({**RECORD.plain(), **changes})


@pytest.mark.parametrize("plain", [None, 3, [], {}, {"format": None}])
def test_what_is_something_else_is_refused(plain: object) -> None:
    with pytest.raises(EncodingError):
        HalvesRecord.read(plain)
