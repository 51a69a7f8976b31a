"""What is read from drawn bytes, and that nothing else decides what is drawn."""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bcfl_plugins.testing import (
    HookMachine,
    byzantine_rows,
    federations,
    malformed_replies,
    round_reports,
    rounds,
    updates,
)
from bcfl_plugins.testing.generators.tape import HEAD, Tape, TapeReader
from tests.slow import slow_but

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy


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


def test_a_reader_reads_on_and_zeros_are_the_least() -> None:
    reader = TapeReader(bytes(40))
    assert reader.pick("abc") == "a"
    assert reader.number(4) == 0
    assert reader.word(8) == ""
    reader = TapeReader(bytes([1, 9, 9, 2, 0, 0, 3, 0, 1, 2]))
    assert (reader.number(2), reader.number(2), reader.word(3)) == (9 * 256 + 9, 2**16 - 1, "abc")


class Histories(HookMachine):
    """Notes the rounds that it draws, and runs none of them."""

    notes: ClassVar[list[str]] = []

    def _run_round(self, behaviours: dict[int, str], seed: int, averages: bool) -> None:
        self.notes.append(repr((behaviours, seed, averages)))


def histories(few: settings) -> list[str]:
    Histories.notes.clear()
    run_state_machine_as_test(seed(3)(Histories), settings=few)
    return Histories.notes.copy()


def drawn(series: SearchStrategy[Any], few: settings) -> list[str]:
    found: list[str] = []

    @seed(3)
    @few
    @given(series)
    def note(value: object) -> None:
        found.append(repr(value))

    note()
    return found


QUIET = settings(
    max_examples=100,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
SERIES = {
    "rounds": partial(drawn, rounds(), QUIET),
    "updates": partial(drawn, updates(), QUIET),
    "byzantine_rows": partial(drawn, byzantine_rows(np.ones((3, 2)), 2), QUIET),
    "federations": partial(drawn, federations(), QUIET),
    "malformed_replies": partial(drawn, malformed_replies(), QUIET),
    "round_reports": partial(drawn, round_reports(), QUIET),
    "HookMachine": partial(histories, settings(QUIET, max_examples=20)),
}


@pytest.mark.parametrize("name", slow_but({"rounds", "updates", "malformed_replies"}, SERIES))
@pytest.mark.slow
def test_what_a_seed_draws_does_not_depend_on_what_is_imported(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = SERIES[name]()
    module = ModuleType(f"of_the_user_{name}")
    source = tmp_path / f"{module.__name__}.py"
    own = list(SERIES).index(name)  # constants stay known: each test needs others
    numbers = [
        *range(-99, 100),
        *range(150 + own, 65_000, 97),
        *(2**n - own for n in range(17, 64)),
    ]
    texts = [f"{own} {letter}" for letter in "aä0 \n"]
    keys = [bytes([own, *range(size)]) for size in (0, 7, 31, 39, 49, 50, 63)]
    source.write_text(f"NUMBERS = {numbers}\nTEXTS = {texts}\nKEYS = {keys}\nHALF = 0.4999\n")
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert SERIES[name]() == before
