"""What a client makes of a chain that rewrites its records."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.client.substrate.migrations import CURSOR, Migrations
from pallet_bridge.errors import BadChainValue
from pallet_bridge.errors.migrations import MigrationStuck, MigrationUnderWay

if TYPE_CHECKING:
    from collections.abc import Callable

URL, BLOCK = "ws://node", bytes(32)
ACTIVE, STUCK = b"\x00" + bytes(9), b"\x01"


def of(*cursors: bytes | None, patience: float = 60.0) -> Migrations:
    """A chain whose cursor is one after the other of these, and stays the last."""
    left = list(cursors)

    def value(key: bytes, at: bytes | None) -> bytes | None:
        del at
        assert key == CURSOR
        return left.pop(0) if len(left) > 1 else left[0]

    return Migrations(URL, value, patience)


def failing(times: int) -> Callable[[], int]:
    """Read what cannot be read so many times."""
    left = [BadChainValue("half of it is old")] * times

    def read() -> int:
        if left:
            raise left.pop()
        return 7

    return read


def test_a_read_goes_on_once_the_migration_is_over() -> None:
    assert of(ACTIVE, ACTIVE, None).outlast(failing(3), None, "reading") == 7


def test_a_migration_that_ends_between_a_read_and_a_look_is_no_error() -> None:
    assert of(None).outlast(failing(1), None, "reading") == 7


def test_what_cannot_be_read_without_a_migration_stays_an_error() -> None:
    with pytest.raises(BadChainValue):
        of(None).outlast(failing(2), None, "reading")
    with pytest.raises(BadChainValue):
        of(None).outlast(failing(1), BLOCK, "reading")


def test_nobody_waits_for_a_block_that_was_or_for_a_migration_that_failed() -> None:
    with pytest.raises(MigrationUnderWay):
        of(ACTIVE).outlast(failing(1), BLOCK, "reading")
    with pytest.raises(MigrationStuck):
        of(STUCK).outlast(failing(1), None, "reading")
    with pytest.raises(MigrationUnderWay):
        of(ACTIVE, patience=0.0).outlast(failing(1), None, "reading")


@pytest.mark.parametrize("kind", [MigrationUnderWay, MigrationStuck])
def test_the_errors_say_who_waits_and_can_be_pickled(
    kind: type[MigrationUnderWay | MigrationStuck],
) -> None:
    error = kind(URL, "transaction 0x00", 2.0)
    again = pickle.loads(pickle.dumps(error))
    assert (again.url, again.what, again.seconds) == (URL, "transaction 0x00", 2.0)
    assert str(again) == str(error)
    assert "transaction 0x00 waits" in str(error)
