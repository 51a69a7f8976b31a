from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors import MemoryUnusable
from pallet_bridge.memory.answers import AnswerMemory
from pallet_bridge.types import AccountId, RoundKey

if TYPE_CHECKING:
    from pathlib import Path

WHO, PLACE = AccountId(bytes([7]) * 32), RoundKey(bytes(32), 3, 5)
ONE, OTHER = bytes([1]) * 32, bytes([2]) * 32


def test_the_first_question_stands_in_each_round_and_for_each_kind(tmp_path: Path) -> None:
    memory = AnswerMemory(tmp_path, WHO)
    assert memory.stands(PLACE, "unmask") is None
    assert not memory.path.exists(), "looking leaves no file"
    assert memory.keep(PLACE, "unmask", ONE) == ONE
    assert memory.keep(PLACE, "unmask", OTHER) == ONE
    assert memory.keep(PLACE, "sketch", OTHER) == OTHER
    for place in (replace(PLACE, round=6), replace(PLACE, federation=4)):
        assert memory.keep(place, "unmask", OTHER) == OTHER
    again = AnswerMemory(tmp_path, WHO)
    assert again.stands(PLACE, "unmask") == ONE
    assert AnswerMemory(tmp_path, AccountId(bytes(32))).stands(PLACE, "unmask") is None


def test_a_memory_that_cannot_be_read_lets_nothing_be_answered(tmp_path: Path) -> None:
    memory = AnswerMemory(tmp_path, WHO)
    memory.keep(PLACE, "unmask", ONE)
    memory.path.write_bytes(b"not a database")
    with pytest.raises(MemoryUnusable):
        memory.stands(PLACE, "unmask")
    with pytest.raises(MemoryUnusable):
        memory.keep(PLACE, "unmask", ONE)


def test_what_is_damaged_is_not_believed(tmp_path: Path) -> None:
    memory = AnswerMemory(tmp_path, WHO)
    memory.keep(PLACE, "unmask", ONE)
    with sqlite3.connect(memory.path) as file:
        file.execute("UPDATE answered SET asked = 'text'")
    with pytest.raises(MemoryUnusable, match="round 5"):
        memory.stands(PLACE, "unmask")


def test_a_folder_that_cannot_be_written_lets_nothing_be_answered(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(MemoryUnusable):
        AnswerMemory(blocked, WHO).keep(PLACE, "unmask", ONE)
