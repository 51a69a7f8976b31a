from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors import MemoryUnusable
from pallet_bridge.keys import Signer
from pallet_bridge.memory.pins import Held, Pin, PinMemory, Pinned

if TYPE_CHECKING:
    from pathlib import Path

NODE = Signer.from_uri("//Node//of//pins").account
BOSS, EVE = (Signer.from_uri(f"//{name}//of//pins").account for name in ("Boss", "Eve"))
FIRST = Pin(b"\x11" * 32, 7, BOSS)
OTHERS = [
    Pin(b"\x12" * 32, 7, BOSS),
    Pin(b"\x11" * 32, 2**32 - 1, BOSS),
    Pin(b"\x11" * 32, 7, EVE),
]


@pytest.fixture
def memory(tmp_path: Path) -> PinMemory:
    return PinMemory(tmp_path / "nodes", NODE)


@pytest.mark.parametrize("other", OTHERS)
def test_what_came_first_is_held_in_every_process(memory: PinMemory, other: Pin) -> None:
    assert memory.hold(FIRST, Pinned()) == Held((FIRST,), is_new=True)
    again = PinMemory(memory.path.parent, NODE)
    assert again.hold(other, Pinned()) == Held((FIRST,), is_new=False)
    assert again.hold(FIRST, Pinned()) == Held((FIRST,), is_new=False)
    assert again.pins() == (FIRST,)


def test_what_the_operator_names_comes_before_what_came_first(memory: PinMemory) -> None:
    memory.hold(FIRST, Pinned())
    moved = OTHERS[0]
    said = Pinned(genesis=moved.genesis)
    assert memory.hold(moved, said) == Held((moved,), is_new=True)
    assert memory.hold(OTHERS[2], said) == Held((moved,), is_new=False)
    assert memory.pins() == (FIRST, moved)


def test_accounts_are_apart_and_a_reset_is_whole(memory: PinMemory) -> None:
    assert memory.pins() == ()
    memory.hold(FIRST, Pinned())
    assert PinMemory(memory.path.parent, EVE).pins() == ()
    memory.remove()
    assert memory.hold(OTHERS[1], Pinned()).pins == (OTHERS[1],)


def test_only_the_owner_reads_them(memory: PinMemory) -> None:
    memory.hold(FIRST, Pinned())
    assert not memory.path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_of_threads_that_ask_at_once_one_comes_first(memory: PinMemory) -> None:
    barrier = Barrier(6)

    def race(number: int) -> Held:
        barrier.wait()
        mine = PinMemory(memory.path.parent, NODE)
        return mine.hold(Pin(bytes([number]) * 32, 0, BOSS), Pinned())

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(race, range(6)))
    assert len({held.pins for held in found}) == 1
    assert sum(held.is_new for held in found) == 1


@pytest.mark.parametrize(("column", "value"), [("coordinator", b"short"), ("genesis", "text")])
def test_a_damaged_pin_signs_nothing(memory: PinMemory, column: str, value: object) -> None:
    memory.hold(FIRST, Pinned())
    with closing(sqlite3.connect(memory.path, isolation_level=None)) as file:
        file.execute(f"UPDATE pinned SET {column} = ?", (value,))
    for use in (lambda: memory.hold(FIRST, Pinned()), memory.pins):
        with pytest.raises(MemoryUnusable, match="its pins is damaged"):
            use()
