"""For whom an account signs: the chain, federation and coordinator of the first time, on disk.

Who serves one federation has no reason to sign for another that somebody else names. An operator
says in the node's configuration for whom it signs; what is not said there is what came first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.errors import EncodingError
from pallet_bridge.memory.files import MemoryFile
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE pinned (
    at INTEGER PRIMARY KEY, genesis BLOB NOT NULL, federation INTEGER NOT NULL,
    coordinator BLOB NOT NULL, UNIQUE (genesis, federation, coordinator)
)
"""
_INSERT: Final = "INSERT INTO pinned (genesis, federation, coordinator) VALUES (?, ?, ?)"
_SELECT: Final = "SELECT genesis, federation, coordinator FROM pinned ORDER BY at"


@dataclass(frozen=True, slots=True)
class Pin:
    """One federation on one chain, with the account that coordinates it."""

    genesis: bytes
    federation: int
    coordinator: AccountId


@dataclass(frozen=True, slots=True)
class Pinned:
    """What an operator said about for whom a node signs; ``None`` is left open.

    Parameters
    ----------
    genesis : bytes or None
        Hash of the chain's block 0.
    federation : int or None
        The federation's id.
    coordinator : AccountId or None
        Who coordinates it.
    successors : tuple of AccountId
        Who may coordinate it as well.
    """

    genesis: bytes | None = None
    federation: int | None = None
    coordinator: AccountId | None = None
    successors: tuple[AccountId, ...] = ()

    def serves(self, coordinator: AccountId) -> bool:
        """Say whether a coordinator is one of those that the operator named, if any."""
        return self.coordinator in (None, coordinator) or coordinator in self.successors

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left open."""
        return None not in (self.genesis, self.federation, self.coordinator)

    def allows(self, pin: Pin) -> bool:
        """Say whether a place is one of those that the operator named."""
        return (
            self.genesis in (None, pin.genesis)
            and self.federation in (None, pin.federation)
            and self.serves(pin.coordinator)
        )


@dataclass(frozen=True, slots=True)
class Held:
    """What an account is pinned to: one place, or several that its operator named over time.

    Parameters
    ----------
    pins : tuple of Pin
        At least one, the oldest first.
    is_new : bool
        Whether this was the first time, and what was asked for is now pinned.
    """

    pins: tuple[Pin, ...]
    is_new: bool


class PinMemory:
    """The pins of one account, beside the memory of what it signed.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first pinned.
    account
        Whose pins these are.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.path = folder / f"{account.raw.hex()}.pins.sqlite3"
        self.account = account
        self._file = MemoryFile(self.path, _SCHEMA, _VERSION)

    def hold(self, asked: Pin, said: Pinned) -> Held:
        """Return what is pinned within what the operator said; the first time that is `asked`.

        Raises
        ------
        MemoryUnusable
            When it cannot be made sure. Then nothing may be signed.
        """
        with self._file.transaction() as file:
            known = tuple(pin for pin in self._read(file.execute(_SELECT)) if said.allows(pin))
            if known:
                return Held(known, is_new=False)
            file.execute(_INSERT, (asked.genesis, asked.federation, asked.coordinator.raw))
        return Held((asked,), is_new=True)

    def pins(self) -> tuple[Pin, ...]:
        """Return all pins, the oldest first; empty when there is no file.

        Raises
        ------
        MemoryUnusable
            When the file cannot be read.
        """
        if not self._file.exists():
            return ()
        with self._file.transaction() as file:
            return self._read(file.execute(_SELECT))

    def remove(self) -> None:
        """Forget all pins: remove the file, also a damaged one.

        Raises
        ------
        MemoryUnusable
            When it cannot be removed.
        """
        self._file.remove()

    def _read(self, rows: Iterable[tuple[object, ...]]) -> tuple[Pin, ...]:
        try:
            return tuple(_pin(row) for row in rows)
        except (EncodingError, TypeError):
            raise self._file.damaged("its pins") from None


def _pin(row: tuple[object, ...]) -> Pin:
    match row:
        case (bytes(genesis), int(federation), bytes(coordinator)):
            return Pin(genesis, federation, AccountId(coordinator))
    raise TypeError
