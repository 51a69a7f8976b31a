from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.secure.streams import CHUNK, MaskWords, add_streams
from tests.unit.bcfl_plugins.secure.nodes import drawn


def test_words_are_those_of_aes_256() -> None:
    """The block of zeros under the key of zeros, as in NIST's AESAVS (KAT, VarTxt and VarKey)."""
    words = MaskWords(bytes(32)).take(4)
    assert words.tobytes().hex() == "dc95c078a2408989ad48a21492842087"


def test_words_go_on_where_they_stopped() -> None:
    whole = np.zeros(3 * CHUNK + 5, np.uint32)
    add_streams(whole, [drawn("one")])
    words = MaskWords(drawn("one"))
    parts = [words.take(size).copy() for size in (8, CHUNK, 4, CHUNK - 12, CHUNK)]
    assert np.array_equal(np.concatenate(parts), whole[: sum(map(len, parts))])


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_what_is_added_and_taken_off_is_nothing(length: int) -> None:
    vector = np.arange(length, dtype=np.uint32)
    before = vector.copy()
    seeds = [drawn(name) for name in "abc"]
    add_streams(vector, seeds)
    assert length == 0 or not np.array_equal(vector, before)
    add_streams(vector, [], seeds)
    assert np.array_equal(vector, before)


def test_masked_words_are_even_whatever_is_masked() -> None:
    """Chi-square over bytes, for an update of zeros and for one that is far from it."""
    for update in (np.zeros(1 << 18, np.uint32), np.full(1 << 18, 0x7F00FF00, np.uint32)):
        add_streams(update, [drawn("mask")])
        counts = np.bincount(update.view(np.uint8), minlength=256)
        expected = update.nbytes / 256
        chi = float(((counts - expected) ** 2 / expected).sum())
        assert 170 < chi < 350  # 255 degrees of freedom: five standard deviations on either side
