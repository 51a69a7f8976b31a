"""What an account signed for each round, kept on disk: one small SQLite file an account.

Two different statements of one account for one round are an equivocation and cost stake, whoever
asked for them. So a statement is written down, and is on the disk, before it is handed out. For a
round there is one, whatever model, terms or coordinator it names. A round takes about 500 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.errors import EncodingError, MemoryUnusable
from pallet_bridge.memory.files import MemoryFile
from pallet_bridge.types import AccountId, CommittedUpdate, RoundBinding

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import RoundKey

_U64_DIGITS: Final = 20
_VERSION: Final = 2
_SCHEMA: Final = """
CREATE TABLE signed (
    genesis BLOB NOT NULL, federation INTEGER NOT NULL, round INTEGER NOT NULL,
    statement BLOB NOT NULL, coordinator BLOB NOT NULL, base_model BLOB NOT NULL,
    terms_hash BLOB NOT NULL, examples TEXT NOT NULL, digest BLOB NOT NULL, salt BLOB NOT NULL,
    commitment BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (genesis, federation, round)
) WITHOUT ROWID
"""
_INSERT: Final = "INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT: Final = """
SELECT statement, coordinator, base_model, terms_hash, examples, digest, salt, commitment, signature
FROM signed WHERE genesis = ? AND federation = ? AND round = ?
"""
_HIGHEST: Final = "SELECT max(round) FROM signed WHERE genesis = ? AND federation = ?"
_SUMMARY: Final = """
SELECT genesis, federation, count(*), min(round), max(round) FROM signed
GROUP BY genesis, federation
"""
_FORGET: Final = "DELETE FROM signed WHERE genesis = ? AND federation = ?"


@dataclass(frozen=True, slots=True)
class Remembered:
    """How many rounds of one federation an account signed for, and the first and last of them."""

    genesis: bytes
    federation: int
    rounds: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What stands for one round: what the statement is bound to, and what was signed."""

    binding: RoundBinding
    made: CommittedUpdate


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
        self._file = MemoryFile(self.path, _SCHEMA, _VERSION)
        self._account = account

    def keep(self, binding: RoundBinding, made: CommittedUpdate) -> Signed:
        """Write down what is about to be handed out, unless something is there for the round.

        Returns
        -------
        Signed
            What stands for the round: `made`, or what was there before, which may be bound to
            something else. Hand out this only.

        Raises
        ------
        MemoryUnusable
            When it cannot be made sure. Then nothing may be handed out.
        """
        row = (
            *_place(binding.key),
            statement_hash(binding, self._account, made.commitment, made.num_examples),
            binding.coordinator.raw,
            binding.base_model,
            binding.terms_hash,
            str(made.num_examples),
            made.update_digest,
            made.salt,
            made.commitment,
            made.signature,
        )
        with self._file.transaction() as file:
            file.execute(_INSERT, row)
            found = file.execute(_SELECT, _place(binding.key)).fetchone()
        return self._read(binding.key, found)

    def stands(self, key: RoundKey) -> Signed | None:
        """Return what was signed for a round, None when nothing was.

        Raises
        ------
        MemoryUnusable
            When it cannot be known.
        """
        with self._file.transaction() as file:
            found = file.execute(_SELECT, _place(key)).fetchone()
        return None if found is None else self._read(key, found)

    def highest(self, key: RoundKey) -> int | None:
        """Return the highest round signed for in the federation of `key`, None when there is none.

        Raises
        ------
        MemoryUnusable
            When it cannot be known.
        """
        with self._file.transaction() as file:
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
        if not self._file.exists():
            return ()
        with self._file.transaction() as file:
            return tuple(Remembered(*row) for row in file.execute(_SUMMARY))

    def forget(self, genesis: bytes, federation: int) -> int:
        """Forget one federation and return how many rounds that were.

        Raises
        ------
        MemoryUnusable
            When the file cannot be written.
        """
        if not self._file.exists():
            return 0
        with self._file.transaction() as file:
            return file.execute(_FORGET, (genesis, federation)).rowcount

    def remove(self) -> None:
        """Forget everything: remove the file, also a damaged one.

        Raises
        ------
        MemoryUnusable
            When it cannot be removed.
        """
        self._file.remove()

    def _read(self, key: RoundKey, row: tuple[object, ...] | None) -> Signed:
        match row:
            case (
                bytes(statement),
                bytes(coordinator),
                bytes(base_model),
                bytes(terms_hash),
                str(examples),
                bytes(digest),
                bytes(salt),
                bytes(commitment),
                bytes(signature),
            ) if examples.isdecimal() and len(examples) <= _U64_DIGITS:
                made = CommittedUpdate(
                    self._account, digest, int(examples), salt, commitment, signature
                )
                signed = _bound(key, (coordinator, base_model, terms_hash), made)
                if signed is not None and _is_whole(signed, statement):
                    return signed
        raise self._file.damaged(f"round {key.round}")


def _place(key: RoundKey) -> tuple[bytes, int, int]:
    return (key.genesis, key.federation, key.round)


def _bound(
    key: RoundKey, bound: tuple[bytes, bytes, bytes], made: CommittedUpdate
) -> Signed | None:
    coordinator, base_model, terms_hash = bound
    try:
        who = AccountId(coordinator)
    except EncodingError:
        return None
    return Signed(RoundBinding(*_place(key), who, base_model, terms_hash), made)


def _is_whole(signed: Signed, statement: bytes) -> bool:
    made = signed.made
    try:
        opened = commitment_hash(made.account, made.update_digest, made.salt)
        stated = statement_hash(signed.binding, made.account, made.commitment, made.num_examples)
    except EncodingError:
        return False
    return (opened, stated) == (made.commitment, statement)
