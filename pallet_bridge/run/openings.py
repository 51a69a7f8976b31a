"""A round's openings: what each commitment was made of, kept apart from the public report.

Who has a salt can confirm a guess at the update behind a commitment. So the file stays with the
server and with those it is handed to, such as the committee and auditors; a federation may publish
it. What the audit can not open for want of this file, it takes as signed, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from pallet_bridge.errors import EncodingError, OpeningsUnreadable
from pallet_bridge.jsonio import ANYONES, OURS, Record, canonical, parse, write_atomically
from pallet_bridge.types import AccountId
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import RoundKey

FORMAT = "bcfl-openings/1"


class Openings(Enum):
    """Who may read the openings of a run's rounds."""

    SEALED = "sealed"
    """The server's own account on its machine."""
    PUBLISHED = "published"
    """Everybody who can reach the file."""

    @property
    def mode(self) -> int:
        """The mode of the files."""
        return OURS if self is Openings.SEALED else ANYONES


@dataclass(frozen=True, slots=True)
class OpenedUpdate:
    """What one account revealed: the digest of the update that came, and the salt with it."""

    account: AccountId
    update_digest: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class RoundOpenings:
    """The openings of one round, one an account."""

    genesis: bytes
    federation: int
    round: int
    openings: tuple[OpenedUpdate, ...]

    def encode(self) -> bytes:
        """Return the canonical bytes: openings in ascending order of account.

        Raises
        ------
        EncodingError
            When an account is there twice.
        """
        ordered = sorted(self.openings, key=lambda one: one.account)
        for before, one in pairwise(ordered):
            if before.account == one.account:
                raise EncodingError(f"{one.account} is there twice")
        return canonical(
            {
                "format": FORMAT,
                "genesis": self.genesis.hex(),
                "federation": self.federation,
                "round": self.round,
                "openings": [
                    {
                        "account": str(one.account),
                        "update_digest": one.update_digest.hex(),
                        "salt": one.salt.hex(),
                    }
                    for one in ordered
                ],
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> RoundOpenings:
        """Read openings.

        Raises
        ------
        EncodingError
            When the bytes are not the canonical form of a round's openings.
        """
        found = _read(parse(data))
        if found.encode() != data:
            raise EncodingError("this is not the canonical form of openings")
        return found


class OpeningStore:
    """A run's openings, in a file a round.

    Parameters
    ----------
    folder
        Made when the first round is put in.
    kept
        Who may read what is put in.
    """

    def __init__(self, folder: Path, kept: Openings = Openings.SEALED) -> None:
        self.folder = folder
        self._mode = kept.mode

    def path(self, round_id: int) -> Path:
        """Return where a round's openings are, or would be."""
        return self.folder / f"{round_id}.json"

    def put(self, openings: RoundOpenings) -> None:
        """Write a round's openings in place of those that are there.

        Raises
        ------
        NotWritten
            When the disk is full or read-only.
        """
        write_atomically(self.path(openings.round), openings.encode(), mode=self._mode)

    def get(self, key: RoundKey) -> dict[AccountId, OpenedUpdate]:
        """Return a round's openings by account; none when the file is not at hand.

        Raises
        ------
        OpeningsUnreadable
            When the file can not be read, or holds something else than this round's openings.
        """
        path = self.path(key.round)
        try:
            found = RoundOpenings.decode(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, EncodingError) as error:
            raise OpeningsUnreadable(path, str(error)) from error
        if (found.genesis, found.federation, found.round) != (
            key.genesis,
            key.federation,
            key.round,
        ):
            raise OpeningsUnreadable(path, "it holds the openings of another round")
        return {one.account: one for one in found.openings}


def _read(record: Record) -> RoundOpenings:
    if record.text("format") != FORMAT:
        raise EncodingError(f"its format is {record.text('format')!r}, not {FORMAT}")
    return RoundOpenings(
        genesis=record.hex("genesis", HASH_BYTES),
        federation=record.integer("federation"),
        round=record.integer("round"),
        openings=tuple(
            OpenedUpdate(
                AccountId.parse(one.text("account")),
                one.hex("update_digest", HASH_BYTES),
                one.hex("salt", HASH_BYTES),
            )
            for one in record.records("openings")
        ),
    )
