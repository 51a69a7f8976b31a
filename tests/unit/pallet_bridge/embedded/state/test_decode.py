from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader, compact_at
from pallet_bridge.embedded.state.encode import blob, compact, option_blob, vector


@given(st.integers(0, 2**200))
def test_every_compact_number_reads_back(number: int) -> None:
    encoded = compact(number)
    assert compact_at(b"\xff" + encoded + b"\xff", 1) == (number, 1 + len(encoded))


@pytest.mark.parametrize("data", ["", "01", "0100", "02000000", "03000000", "0300000000", "07"])
def test_compact_numbers_that_are_cut_off_or_too_long_are_refused(data: str) -> None:
    with pytest.raises(DecodeError):
        compact_at(bytes.fromhex(data), 0)


def test_a_reader_takes_what_the_encoders_write() -> None:
    data = blob(b"abc") + option_blob(None) + option_blob(b"x") + vector([b"\x01", b"\x02"])
    reader = ScaleReader(data + b"rest")
    assert reader.blob() == b"abc"
    assert reader.option_blob() is None
    assert reader.option_blob() == b"x"
    assert [reader.uint(1) for _ in range(reader.compact())] == [1, 2]
    assert reader.rest() == b"rest"
    reader.finish()


def test_a_reader_refuses_to_read_past_the_end_or_to_leave_bytes() -> None:
    with pytest.raises(DecodeError, match="5 bytes wanted, 3 left"):
        ScaleReader(b"abc").take(5)
    with pytest.raises(DecodeError, match="3 bytes too many"):
        ScaleReader(b"abc").finish()
    with pytest.raises(DecodeError, match="0 or 1, not 2"):
        ScaleReader(b"\x02").flag()
