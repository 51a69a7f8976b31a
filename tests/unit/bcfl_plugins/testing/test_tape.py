"""What is read from drawn bytes, and that nothing else decides what is drawn."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, seed, settings

from bcfl_plugins.testing import rounds
from bcfl_plugins.testing.tape import HEAD, Tape

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from bcfl_plugins.testing import Case


def table(*cells: int) -> Tape:
    return Tape(bytes(HEAD) + bytes(cells), columns=2)


def test_zero_bytes_are_the_first_options_and_zeros() -> None:
    tape = table(0, 0, 0, 0)
    assert tape.pick(3, "abc") == "a"
    assert tape.number(0) == 0
    assert np.array_equal(tape.whole(2, 2, 9), np.zeros((2, 2)))


def test_small_bytes_are_small_numbers_and_all_numbers_occur() -> None:
    assert table(1, 2, 3, 4).whole(2, 2, 9).tolist() == [[1, -1], [2, -2]]
    every = Tape(bytes(HEAD) + bytes(range(256)), columns=1).whole(256, 1, 99)
    assert sorted(set(every.ravel())) == list(range(-99, 100))


def test_a_table_keeps_its_numbers_when_it_shrinks() -> None:
    wide = table(5, 6, 7, 8)
    assert wide.whole(1, 1, 9) == wide.whole(2, 2, 9)[:1, :1]
    assert np.array_equal(wide.whole(1, 2, 9, below=1), wide.whole(2, 2, 9)[1:])


def test_words_are_four_rows_each() -> None:
    tape = table(1, 5, 2, 6, 3, 7, 4, 8)
    assert tape.words(1, 2).tolist() == [[0x04030201, 0x08070605]]


def drawn() -> list[str]:
    """Return the rounds of one seed."""
    found: list[str] = []

    @seed(3)
    @settings(max_examples=300, database=None, deadline=None)
    @given(rounds())
    def note(case: Case) -> None:
        found.append(repr(case))

    note()
    return found


def test_the_rounds_of_a_seed_do_not_depend_on_what_is_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = drawn()
    source = tmp_path / "of_the_user.py"
    source.write_text(f"NUMBERS = {list(range(150, 9999, 11))}\nKEY = {bytes(range(1, 65))!r}\n")
    module = ModuleType("of_the_user")
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, "of_the_user", module)
    assert drawn() == before
