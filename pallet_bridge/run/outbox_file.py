"""The outbox on disk: one JSON line for each step of each call, added before the step is taken.

::

    {"type": "outbox", "format": ..., "genesis": ...}     first line
    {"type": "call",   "id": 0, "signer": ..., "pallet": ..., "function": ..., "args": {...}}
    {"type": "signed", "id": 0, "account": ..., "nonce": ..., "extrinsic": ..., "since": ...,
     "era": {"period": ..., "birth": ..., "hash": ...}}
    {"type": "done",   "id": 0, "block": ...}   or   {"type": "failed", "id": 0, "error": ...}

A call may be signed again: its last line of type ``signed`` counts. Files of format 1 have calls
without an era; they are read, and go on in this format.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pallet_bridge.calls.values import Call
from pallet_bridge.client.protocol import Era, SignedCall
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ConfigError, EncodingError, JournalError
from pallet_bridge.jsonio import append_line, mend, read_lines, writing
from pallet_bridge.types import AccountId, BlockRef
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.calls.values import Value
    from pallet_bridge.errors import BcflError
    from pallet_bridge.jsonio import Record
    from pallet_bridge.types import Receipt

FORMAT = "bcfl-outbox/2"
OUTBOX = "outbox.jsonl"
_READABLE = frozenset({FORMAT, "bcfl-outbox/1"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One queued call; `signed` and the block number `since` are there once it was signed."""

    id: int
    signer: str
    call: Call
    signed: SignedCall | None = None
    since: int = 0

    def __str__(self) -> str:
        args = ", ".join(f"{k}={v}" for k, v in self.call.args.items() if isinstance(v, int))
        return f"{self.call.function}({args})"


class Ticket:
    """What `Outbox.put` returns: one call, and later what became of it.

    `result` is that of the newest block which had the call; it stays while a block is replaced.
    `was_told` says whether it failed already in the block before.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.result: Receipt | BcflError | None = None
        self.was_told = False


@dataclass(frozen=True, slots=True, eq=False)
class Included:
    """A call that a block has which is not final, and whether it succeeded there."""

    ticket: Ticket
    block: BlockRef
    outcome: Receipt | BcflError


class OutboxFile:
    """The lines of one outbox.

    Parameters
    ----------
    path
        Made when it is not there.
    genesis
        The chain that the calls are for.

    Raises
    ------
    ConfigError
        When the file is for another chain.
    JournalError
        When a line cannot be read; the message names it. A last line that was written only in
        part is left out: its step was not taken.
    NotWritten
        When the disk is full or read-only.
    """

    def __init__(self, path: Path, genesis: bytes) -> None:
        self.path = path
        self._lock = threading.Lock()  # calls are added in one thread and sent in another
        self._next_id = 0
        self._pending: dict[int, Entry] = {}
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            mend(path)
        if path.exists() and path.stat().st_size:
            self._load(genesis)
        else:
            append_line(path, {"type": "outbox", "format": FORMAT, "genesis": genesis.hex()})

    def pending(self) -> list[Entry]:
        """Return what is neither done nor failed, in order."""
        with self._lock:
            return list(self._pending.values())

    def add(self, call: Call, signer: str) -> Entry:
        """Write a new call down."""
        with self._lock:
            entry = Entry(self._next_id, signer, call)
            append_line(
                self.path,
                {
                    "type": "call",
                    "id": entry.id,
                    "signer": signer,
                    "pallet": call.pallet,
                    "function": call.function,
                    "args": dict(call.args),
                },
            )
            self._next_id += 1
            self._pending[entry.id] = entry
        return entry

    def signed(self, entry: Entry, signed: SignedCall, since: int) -> Entry:
        """Write down what is about to be sent."""
        append_line(
            self.path,
            {
                "type": "signed",
                "id": entry.id,
                "account": str(signed.account),
                "nonce": signed.nonce,
                "extrinsic": signed.extrinsic.hex(),
                "since": since,
                "era": None if signed.era is None else _era_fields(signed.era),
            },
        )
        entry = replace(entry, signed=signed, since=since)
        with self._lock:
            self._pending[entry.id] = entry
        return entry

    def done(self, entry: Entry, receipt: Receipt) -> None:
        """Write down that a call succeeded."""
        block = receipt.block.hash.hex()
        self._end(entry, {"type": "done", "id": entry.id, "block": block})

    def failed(self, entry: Entry, error: str) -> None:
        """Write down that a call failed for good."""
        self._end(entry, {"type": "failed", "id": entry.id, "error": error})

    def _end(self, entry: Entry, line: dict[str, object]) -> None:
        append_line(self.path, line)
        with self._lock:
            self._pending.pop(entry.id, None)

    def _load(self, genesis: bytes) -> None:
        try:
            for number, record in read_lines(self.path):
                if number == 1:
                    self._check_header(record, genesis)
                else:
                    self._take(record)
        except EncodingError as error:
            raise JournalError(f"the outbox {self.path} is damaged: {error}") from error

    def _check_header(self, record: Record, genesis: bytes) -> None:
        if record.text("format") not in _READABLE:
            raise EncodingError(f"its format is {record.text('format')!r}, not {FORMAT}")
        if record.hex("genesis", HASH_BYTES) != genesis:
            raise ConfigError(f"the outbox {self.path} holds calls for another chain: use another")

    def _take(self, record: Record) -> None:
        number, kind = record.integer("id"), record.text("type")
        if kind == "call":
            args: dict[str, Value] = record.values("args")
            call = Call(record.text("pallet"), record.text("function"), args)
            self._pending[number] = Entry(number, record.text("signer"), call)
            self._next_id = number + 1
        elif kind in ("done", "failed"):
            self._pending.pop(number, None)
        elif kind == "signed" and number in self._pending:
            extrinsic = record.hex("extrinsic")
            self._pending[number] = replace(
                self._pending[number],
                signed=SignedCall(
                    account=AccountId.parse(record.text("account")),
                    nonce=record.integer("nonce"),
                    extrinsic=extrinsic,
                    hash=blake2_256(extrinsic),
                    era=_era(record.record("era")) if record.has("era") else None,
                    call=self._pending[number].call,
                ),
                since=record.integer("since"),
            )
        else:
            raise EncodingError(f"a line of type {kind!r} for call {number} makes no sense")


def _era_fields(era: Era) -> dict[str, object]:
    return {"period": era.period, "birth": era.birth.number, "hash": era.birth.hash.hex()}


def _era(record: Record) -> Era:
    birth = BlockRef(record.integer("birth"), record.hex("hash", HASH_BYTES))
    return Era(record.integer("period"), birth)
