"""Which instructions a coordinator signed for each round, kept on disk before they are signed.

Two instructions for one round that name different models or terms are misconduct, and cost the
coordinator's bond. A process that is killed between a signature and the block that opens the round
must not sign another one for the same number: so the numbers outlive it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pallet_bridge.errors import InstructionsUnusable
from pallet_bridge.memory.files import MemoryFile

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import AccountId, RoundBinding

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE instructed (
    genesis BLOB NOT NULL, federation INTEGER NOT NULL, round INTEGER NOT NULL,
    base_model BLOB NOT NULL, terms_hash BLOB NOT NULL,
    PRIMARY KEY (genesis, federation, round)
) WITHOUT ROWID
"""
_INSERT: Final = "INSERT OR IGNORE INTO instructed VALUES (?, ?, ?, ?, ?)"
_SELECT: Final = """
SELECT base_model, terms_hash FROM instructed WHERE genesis = ? AND federation = ? AND round = ?
"""
_HIGHEST: Final = "SELECT max(round) FROM instructed WHERE genesis = ? AND federation = ?"


class Instructions(Protocol):
    """Remembers what one coordinator instructs for each round."""

    def keep(self, binding: RoundBinding) -> tuple[bytes, bytes]:
        """Remember what is about to be signed; return the model and terms hash that stand."""

    def highest(self, genesis: bytes, federation: int) -> int | None:
        """Return the highest round of a federation that something was signed for."""


class InstructionMemory:
    """The file of one coordinator. It opens it for each use, and keeps nothing open.

    Parameters
    ----------
    folder
        Made, for its owner only, when something is first signed.
    account
        The coordinator.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.path = folder / f"{account.raw.hex()}.sqlite3"
        self._file = MemoryFile(self.path, _SCHEMA, _VERSION, InstructionsUnusable)

    def keep(self, binding: RoundBinding) -> tuple[bytes, bytes]:
        """Remember what is about to be signed; return the model and terms hash that stand.

        Raises
        ------
        InstructionsUnusable
            When it cannot be made sure. Then nothing may be signed.
        """
        place = (binding.genesis, binding.federation, binding.round)
        with self._file.transaction() as file:
            file.execute(_INSERT, (*place, binding.base_model, binding.terms_hash))
            found = file.execute(_SELECT, place).fetchone()
        match found:
            case (bytes(base_model), bytes(terms_hash)):
                return base_model, terms_hash
        raise self._file.damaged(f"round {binding.round}")

    def highest(self, genesis: bytes, federation: int) -> int | None:
        """Return the highest round of a federation that something was signed for.

        Raises
        ------
        InstructionsUnusable
            When it cannot be known.
        """
        if not self._file.exists():
            return None
        with self._file.transaction() as file:
            (found,) = file.execute(_HIGHEST, (genesis, federation)).fetchone()
        if found is not None and not isinstance(found, int):
            raise self._file.damaged("its highest round")
        return found


class RunInstructions:
    """The same in memory: nothing of it outlives the process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, int, int], tuple[bytes, bytes]] = {}

    def keep(self, binding: RoundBinding) -> tuple[bytes, bytes]:
        """Remember what is about to be signed; return the model and terms hash that stand."""
        place = (binding.genesis, binding.federation, binding.round)
        return self._kept.setdefault(place, (binding.base_model, binding.terms_hash))

    def highest(self, genesis: bytes, federation: int) -> int | None:
        """Return the highest round of a federation that something was signed for."""
        rounds = [place[2] for place in self._kept if place[:2] == (genesis, federation)]
        return max(rounds, default=None)
