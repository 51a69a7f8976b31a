from __future__ import annotations

import pytest

from pallet_bridge.embedded.state.encode import compact


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"),
        (1, "04"),
        (63, "fc"),
        (64, "0101"),
        (16383, "fdff"),
        (16384, "02000100"),
        (2**30 - 1, "feffffff"),
        (2**30, "0300000040"),
        (2**32 - 1, "03ffffffff"),
        (2**64 - 1, "13ffffffffffffffff"),
    ],
)
def test_compact_numbers_have_the_bytes_of_the_scale_specification(
    number: int, encoded: str
) -> None:
    assert compact(number).hex() == encoded
