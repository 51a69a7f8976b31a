"""What was stored by anybody is read as what it is, or refused: no type is made into another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.published.grouped import GroupRecord
from bcfl_plugins.published.halved import HalvesRecord
from bcfl_plugins.published.inputs import KeptInputs
from bcfl_plugins.published.listing import read_listing
from bcfl_plugins.published.reading import raw
from bcfl_plugins.published.sketches import RoundSketches
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import read_value
from scripts.fuzz.targets import handed_on, servers
from scripts.fuzz.targets.published import values

if TYPE_CHECKING:
    from collections.abc import Callable

STORED: dict[str, tuple[Callable[[Any], object], bytes]] = {
    "sketches": (RoundSketches.read, handed_on.records()[0]),
    "groups": (GroupRecord.read, handed_on.records()[1]),
    "halves": (HalvesRecord.read, servers.halved()[0]),
    "inputs": (KeptInputs.read, values()[0]),
    "listing": (read_listing, values()[2]),
}


@pytest.mark.parametrize("name", STORED)
def test_each_field_may_be_anything(name: str) -> None:
    read, data = STORED[name]
    good = read_value(data, lambda _: True)
    read(good)
    odd = (float("inf"), float("nan"), 10**40, None, (), "x", b"x", np.zeros(3), {"a": 1})
    for field in good:
        for value in odd:
            try:
                read({**good, field: value})
            except EncodingError:
                continue


def test_of_a_number_no_zeros_are_made() -> None:
    """`bytes(10**11)` would ask for 100 GB."""
    read, data = STORED["halves"]
    good = read_value(data, lambda _: True)
    for field in ("key", "sealed", "total"):
        for number in (32, 10**11):
            odd = number if field == "key" else (number, number)
            with pytest.raises(EncodingError, match="stands where bytes should"):
                read({**good, field: odd})
    with pytest.raises(TypeError, match="int stands where bytes should"):
        raw(32)
    assert raw(b"\x07") == b"\x07"
