"""What an account answered about its masks in each round, on disk: one answer to each question.

Two answers to two questions of one round could unmask an update. What is answered is written down
before it is sent, and outlives runs, restarts and processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pallet_bridge.memory.files import MemoryFile

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import AccountId, RoundKey

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE answered (
    genesis BLOB NOT NULL, federation INTEGER NOT NULL, round INTEGER NOT NULL,
    question TEXT NOT NULL, asked BLOB NOT NULL,
    PRIMARY KEY (genesis, federation, round, question)
) WITHOUT ROWID
"""
_INSERT: Final = "INSERT OR IGNORE INTO answered VALUES (?, ?, ?, ?, ?)"
_SELECT: Final = """
SELECT asked FROM answered WHERE genesis = ? AND federation = ? AND round = ? AND question = ?
"""


class Answered(Protocol):
    """Remembers what one account answered."""

    def stands(self, place: RoundKey, question: str) -> bytes | None:
        """Return what was asked of a question that was answered in a round."""

    def keep(self, place: RoundKey, question: str, asked: bytes) -> bytes:
        """Remember what is about to be answered; return what stands for the round's question."""


class AnswerMemory:
    """The file of one account. It opens it for each use, and keeps nothing open.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first answered.
    account
        Whose answers these are.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.path = folder / f"{account.raw.hex()}.masks.sqlite3"
        self._file = MemoryFile(self.path, _SCHEMA, _VERSION)

    def stands(self, place: RoundKey, question: str) -> bytes | None:
        """Return what was asked of a question that was answered in a round.

        Raises
        ------
        MemoryUnusable
            When it cannot be known.
        """
        if not self._file.exists():
            return None
        with self._file.transaction() as file:
            found = file.execute(_SELECT, (*_key(place), question)).fetchone()
        match found:
            case None:
                return None
            case (bytes(asked),):
                return asked
        raise self._file.damaged(f"round {place.round}")

    def keep(self, place: RoundKey, question: str, asked: bytes) -> bytes:
        """Remember what is about to be answered; return what stands for the round's question.

        Raises
        ------
        MemoryUnusable
            When it cannot be made sure. Then nothing may be answered.
        """
        with self._file.transaction() as file:
            file.execute(_INSERT, (*_key(place), question, asked))
            found = file.execute(_SELECT, (*_key(place), question)).fetchone()
        match found:
            case (bytes(stands),):
                return stands
        raise self._file.damaged(f"round {place.round}")


def _key(place: RoundKey) -> tuple[bytes, int, int]:
    return place.genesis, place.federation, place.round
