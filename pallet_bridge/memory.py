"""What an account signed for each round, kept on disk: one small SQLite file an account.

Two different statements of one account for one round are an equivocation and cost stake, whoever
asked for them. So a statement is written down, and is on the disk, before it is handed out. The
file may be used by several processes and threads at once. Nothing is ever removed by itself: a
round takes about 300 bytes.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_state_path

from pallet_bridge.encoding import commitment_hash
from pallet_bridge.errors import EncodingError, MemoryUnusable
from pallet_bridge.types import CommittedUpdate, RoundKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.types import AccountId

_APPLICATION: Final = int.from_bytes(b"bcfl", "big")
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE signed (
    genesis BLOB NOT NULL, federation INTEGER NOT NULL, round INTEGER NOT NULL,
    examples TEXT NOT NULL, digest BLOB NOT NULL, salt BLOB NOT NULL,
    commitment BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (genesis, federation, round)
) WITHOUT ROWID
"""
_INSERT: Final = "INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT: Final = """
SELECT examples, digest, salt, commitment, signature FROM signed
WHERE genesis = ? AND federation = ? AND round = ?
"""
_HIGHEST: Final = "SELECT max(round) FROM signed WHERE genesis = ? AND federation = ?"
_SUMMARY: Final = """
SELECT genesis, federation, count(*), min(round), max(round) FROM signed
GROUP BY genesis, federation
"""
_FORGET: Final = "DELETE FROM signed WHERE genesis = ? AND federation = ?"
_LOCK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Remembered:
    """How many rounds of one federation an account signed for, and the first and last of them."""

    genesis: bytes
    federation: int
    rounds: int
    first: int
    last: int


def default_folder() -> Path:
    """Return where memories are when nobody names a folder: the user's state directory."""
    return user_state_path("bcfl-plugins", appauthor=False) / "nodes"


class SignedMemory:
    """The memory of one account. It opens its file for each use, and keeps nothing open.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first signed.
    account
        Whose signatures these are.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.path = folder / f"{account.raw.hex()}.sqlite3"
        self._account = account

    def keep(self, key: RoundKey, made: CommittedUpdate) -> CommittedUpdate:
        """Write down what is about to be handed out, unless something is there for the round.

        Returns
        -------
        CommittedUpdate
            What stands for the round: `made`, or what was there before. Hand out this only.

        Raises
        ------
        MemoryUnusable
            When it cannot be made sure. Then nothing may be handed out.
        """
        row = (
            *_place(key),
            str(made.num_examples),
            made.update_digest,
            made.salt,
            made.commitment,
            made.signature,
        )
        with self._open() as file:
            file.execute(_INSERT, row)
            found = file.execute(_SELECT, _place(key)).fetchone()
        return self._read(key, found)

    def highest(self, key: RoundKey) -> int | None:
        """Return the highest round signed for in the federation of `key`, None when there is none.

        Raises
        ------
        MemoryUnusable
            When it cannot be known.
        """
        with self._open() as file:
            (found,) = file.execute(_HIGHEST, _place(key)[:2]).fetchone()
        if found is not None and not isinstance(found, int):
            raise MemoryUnusable(str(self.path), f"its highest round is {found!r}")
        return found

    def summary(self) -> tuple[Remembered, ...]:
        """Return what is remembered, by federation; empty when there is no file.

        Raises
        ------
        MemoryUnusable
            When the file cannot be read.
        """
        if not self.path.exists():
            return ()
        with self._open() as file:
            return tuple(Remembered(*row) for row in file.execute(_SUMMARY))

    def forget(self, genesis: bytes, federation: int) -> int:
        """Forget one federation and return how many rounds that were.

        Raises
        ------
        MemoryUnusable
            When the file cannot be written.
        """
        if not self.path.exists():
            return 0
        with self._open() as file:
            return file.execute(_FORGET, (genesis, federation)).rowcount

    def remove(self) -> None:
        """Forget everything: remove the file, also a damaged one.

        Raises
        ------
        MemoryUnusable
            When it cannot be removed.
        """
        try:
            for end in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        except OSError as error:
            raise MemoryUnusable(str(self.path), f"it cannot be removed: {error}") from None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which is on the disk when this returns."""
        try:
            if not self.path.exists():
                self._create()
            address = f"{self.path.absolute().as_uri()}?mode=rw"
            opened = sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
            with closing(opened) as file:
                file.execute("PRAGMA synchronous = FULL")
                self._check(file)
                file.execute("BEGIN IMMEDIATE")
                yield file
                file.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise MemoryUnusable(str(self.path), str(error)) from None

    def _check(self, file: sqlite3.Connection) -> None:
        (application,) = file.execute("PRAGMA application_id").fetchone()
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if (application, version) != (_APPLICATION, _VERSION):
            raise MemoryUnusable(str(self.path), "it is empty, or no memory of this version")

    def _create(self) -> None:
        """Make the file whole, and only then give it its name: an empty one is never taken."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder, suffix=".draft")
        os.close(handle)
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as file:
                file.execute("PRAGMA journal_mode = WAL")
                file.execute("PRAGMA synchronous = FULL")
                file.execute(f"PRAGMA application_id = {_APPLICATION}")
                file.execute(f"PRAGMA user_version = {_VERSION}")
                file.execute(_SCHEMA)
            try:
                os.link(draft, self.path)
            except FileExistsError:  # another process was faster
                return
            _sync(folder)
        finally:
            Path(draft).unlink()

    def _read(self, key: RoundKey, row: tuple[object, ...] | None) -> CommittedUpdate:
        match row:
            case (str(examples), bytes(digest), bytes(salt), bytes(hash_), bytes(signature)):
                made = _made(self._account, (examples, digest, salt, hash_, signature))
                if made is not None and _is_whole(made):
                    return made
        raise MemoryUnusable(str(self.path), f"what it has for round {key.round} is damaged")


def _place(key: RoundKey) -> tuple[bytes, int, int]:
    return (key.genesis, key.federation, key.round)


def _made(
    account: AccountId, fields: tuple[str, bytes, bytes, bytes, bytes]
) -> CommittedUpdate | None:
    examples, digest, salt, hash_, signature = fields
    if not examples.isdecimal():
        return None
    return CommittedUpdate(account, digest, int(examples), salt, hash_, signature)


def _is_whole(made: CommittedUpdate) -> bool:
    try:
        opened = commitment_hash(made.account, made.update_digest, made.salt)
    except EncodingError:
        return False
    return opened == made.commitment


def _sync(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
