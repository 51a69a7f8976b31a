"""What a user remembers of chains: on which one an account acts, and what was proved to be final.

Both are about whom to believe. A node that shows another chain than the last time, or an older
state, is found out by what was written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.errors.proofs import ChainsUnusable
from pallet_bridge.memory.files import MemoryFile

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.errors import MemoryUnusable
    from pallet_bridge.types import AccountId

_VERSION: Final = 1
_FINAL: Final = """
CREATE TABLE final (
    genesis BLOB PRIMARY KEY, number INTEGER NOT NULL, known BLOB NOT NULL
) WITHOUT ROWID
"""
_KEEP: Final = """
INSERT INTO final VALUES (?, ?, ?) ON CONFLICT (genesis) DO UPDATE
SET number = excluded.number, known = excluded.known WHERE excluded.number > final.number
"""
_KNOWN: Final = "SELECT known FROM final WHERE genesis = ?"
_ACTED: Final = "CREATE TABLE acted (at INTEGER PRIMARY KEY, genesis BLOB NOT NULL UNIQUE)"
_INSERT: Final = "INSERT OR IGNORE INTO acted (genesis) VALUES (?)"
_SELECT: Final = "SELECT genesis FROM acted ORDER BY at"


class FinalMemory:
    """The newest block of each chain that was proved to be final, and who makes the next ones so.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first kept.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "final.sqlite3"
        self._file = MemoryFile(self.path, _FINAL, _VERSION, ChainsUnusable)

    def known(self, genesis: bytes) -> bytes | None:
        """Return what was kept of a chain, None when nothing was.

        Raises
        ------
        ChainsUnusable
            When the file cannot be read.
        """
        if not self._file.exists():
            return None
        with self._file.transaction() as file:
            row = file.execute(_KNOWN, (genesis,)).fetchone()
        match row:
            case None:
                return None
            case (bytes(known),):
                return known
        raise self._file.damaged(f"the chain 0x{genesis.hex()}")

    def damaged(self, what: str) -> MemoryUnusable:
        """Return the error that says that something in the file is damaged."""
        return self._file.damaged(what)

    def keep(self, genesis: bytes, number: int, known: bytes) -> None:
        """Keep what was proved of a chain, unless something newer was kept meanwhile.

        Raises
        ------
        ChainsUnusable
            When the file cannot be written.
        """
        with self._file.transaction() as file:
            file.execute(_KEEP, (genesis, number, known))


class ActedMemory:
    """The chains on which one account acts: the first one that it met, and those that were named.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first kept.
    account
        Whose they are.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.path = folder / f"{account.raw.hex()}.chains.sqlite3"
        self.account = account
        self._file = MemoryFile(self.path, _ACTED, _VERSION, ChainsUnusable)

    def chains(self) -> tuple[bytes, ...]:
        """Return the genesis hashes, the oldest first.

        Raises
        ------
        ChainsUnusable
            When the file cannot be read.
        """
        if not self._file.exists():
            return ()
        with self._file.transaction() as file:
            rows = file.execute(_SELECT).fetchall()
        return tuple(self._genesis(row) for row in rows)

    def add(self, genesis: bytes) -> None:
        """Keep that the account acts on a chain.

        Raises
        ------
        ChainsUnusable
            When the file cannot be written.
        """
        with self._file.transaction() as file:
            file.execute(_INSERT, (genesis,))

    def _genesis(self, row: tuple[object, ...]) -> bytes:
        match row:
            case (bytes(genesis),):
                return genesis
        raise self._file.damaged("its chains")
