"""What a node signed last, so that it never signs two updates for one round.

Two different signed commitments for one round are an equivocation and cost stake, whoever asked
for them. Flower's ``context.state`` remembers within one run; a folder remembers across runs and
restarts, and is safe when two runs ask at the same time.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pallet_bridge.types import AccountId, CommittedUpdate
from strategies._flower import ConfigRecord
from strategies.errors import NothingSigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import OpenedRound
    from strategies._flower import Context

FOLDER = "bcfl-memory"
"""The key of ``--node-config`` that names the folder."""

_FIELDS = ("digest", "salt", "commitment", "signature")


class SigningMemory(Protocol):
    """Remembers the last signed commitment of one account in one federation of one chain."""

    def last(self) -> tuple[int, CommittedUpdate] | None:
        """Return the last round signed for, and what was signed."""

    def add(self, round_id: int, signed: CommittedUpdate) -> None:
        """Remember what is about to be handed out for a later round than the last."""


def memory_of(context: Context, opened: OpenedRound, account: AccountId) -> SigningMemory:
    """Return the memory that the node's operator chose."""
    place = f"{opened.genesis.hex()}.{opened.federation}.{account.raw.hex()}"
    folder = context.node_config.get(FOLDER)
    if folder is None:
        return StateMemory(context, place, account)
    return FolderMemory(Path(str(folder)), place, account)


def signed_before(
    memory: SigningMemory, opened: OpenedRound, digest: bytes, num_examples: int
) -> CommittedUpdate | None:
    """Return what was signed for this round already; refuse what differs from it.

    Raises
    ------
    NothingSigned
        If another update was signed for this round, or any for a later round.
    """
    found = memory.last()
    if found is None:
        return None
    last, signed = found
    if last > opened.round:
        raise NothingSigned(
            f"round {opened.round} is over: this node signed for round {last} already"
        )
    if last < opened.round:
        return None
    if (signed.update_digest, signed.num_examples) != (digest, num_examples):
        raise NothingSigned(
            f"this node signed another update for round {opened.round}; a second one would be "
            f"an equivocation and cost its stake"
        )
    return signed


class StateMemory:
    """Remembers in Flower's ``context.state``: for this run only."""

    def __init__(self, context: Context, place: str, account: AccountId) -> None:
        self._state = context.state
        self._name = f"bcfl.signed.{place}"
        self._account = account

    def last(self) -> tuple[int, CommittedUpdate] | None:
        """Return the last round signed for, and what was signed."""
        record = self._state.config_records.get(self._name)
        return None if record is None else _read(dict(record), self._account)

    def add(self, round_id: int, signed: CommittedUpdate) -> None:
        """Remember, in place of the round before."""
        fields = {name: value.hex() for name, value in _bytes_of(signed).items()}
        self._state[self._name] = ConfigRecord(
            {"round": round_id, "num-examples": signed.num_examples, **fields}
        )


class FolderMemory:
    """Remembers in a folder of the operator's: one small file for the last round of each place."""

    def __init__(self, folder: Path, place: str, account: AccountId) -> None:
        self._folder = folder
        self._place = place
        self._account = account

    def last(self) -> tuple[int, CommittedUpdate] | None:
        """Return the last round signed for, and what was signed."""
        files = self._files()
        if not files:
            return None
        path = files[max(files)]
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NothingSigned(
                f"this node's memory of what it signed cannot be read: {error}"
            ) from None
        if not isinstance(fields, dict):
            raise NothingSigned(f"this node's memory of what it signed is damaged: {path}")
        return _read(fields, self._account)

    def add(self, round_id: int, signed: CommittedUpdate) -> None:
        """Write the file of a round; a second one for the same round cannot be made.

        Raises
        ------
        NothingSigned
            If another process signed for the round in the meantime.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        fields = {name: value.hex() for name, value in _bytes_of(signed).items()}
        text = json.dumps({"round": round_id, "num-examples": signed.num_examples, **fields})
        older = self._files()
        handle, draft = tempfile.mkstemp(dir=self._folder, suffix=".draft")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, fails when the name is taken.
            os.link(draft, self._folder / f"{self._place}.{round_id}.json")
        except FileExistsError:
            raise NothingSigned(
                f"another process of this node signed for round {round_id} just now"
            ) from None
        finally:
            Path(draft).unlink()
        for past in older.values():
            past.unlink(missing_ok=True)

    def _files(self) -> dict[int, Path]:
        found = self._folder.glob(f"{self._place}.*.json")
        return {int(path.name.split(".")[-2]): path for path in found}


def _bytes_of(signed: CommittedUpdate) -> dict[str, bytes]:
    values = (signed.update_digest, signed.salt, signed.commitment, signed.signature)
    return dict(zip(_FIELDS, values, strict=True))


def _read(fields: Mapping[str, object], account: AccountId) -> tuple[int, CommittedUpdate]:
    round_id, num_examples = fields.get("round"), fields.get("num-examples")
    texts = [fields.get(name) for name in _FIELDS]
    if not (isinstance(round_id, int) and isinstance(num_examples, int)):
        raise NothingSigned("this node's memory of what it signed is damaged at its numbers")
    try:
        digest, salt, commitment, signature = (bytes.fromhex(str(text)) for text in texts)
    except ValueError:
        raise NothingSigned("this node's memory of what it signed is damaged") from None
    signed = CommittedUpdate(account, digest, num_examples, salt, commitment, signature)
    return round_id, signed
