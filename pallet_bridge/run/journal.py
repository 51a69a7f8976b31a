"""A run's folder: what the coordinator saw the chain do, line by line.

::

    RUN/run.json        which chain, federation and coordinator
    RUN/journal.jsonl   one line a round or slash, written when its receipt came
    RUN/reports/        round reports by digest
    RUN/openings/       what the commitments of each round were made of, by its number
    RUN/store/          what else is published, by its address: see `pallet_bridge.run.store`
    RUN/chain.jsonl     the blocks of an embedded chain, written when the run ends
    RUN/chain/          the embedded chain itself; RUN/instructed/ which of its rounds nodes know of
    RUN/runtime.wasm    the runtime that executed its blocks, as it was shipped

The journal is the coordinator's claim. The audit holds it against the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pallet_bridge.errors import EncodingError, JournalError
from pallet_bridge.jsonio import (
    OURS,
    Record,
    append_line,
    canonical,
    mend,
    parse,
    read_lines,
    write_atomically,
    writing,
)
from pallet_bridge.metadata import PALLET
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import AccountId, BlockRef, OffenceKind, Planck, Receipt
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pallet_bridge.types import Event

FORMAT = "bcfl-run/1"
HEADER = "run.json"
LINES = "journal.jsonl"
REPORTS = "reports"
OPENINGS = "openings"
OWED = "owed"
CHAIN = "chain.jsonl"
STATE = "chain"
INSTRUCTED = "instructed"
RUNTIME = "runtime.wasm"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """Where a run took place.

    `chain` is ``embedded`` or a URL; `first_round` is the federation's next when the run started.
    """

    chain: str
    genesis: bytes
    federation: int
    run_id: int
    coordinator: AccountId
    first_round: int = 0


@dataclass(frozen=True, slots=True)
class RoundLine:
    """How a round ended, as its receipt said.

    `strikes` are those of each rejected account after the round. An aborted round has no report,
    model and root, and nothing in `rewards` and `strikes`.
    """

    round: int
    outcome: Literal["settled", "aborted"]
    report: bytes | None
    model: bytes | None
    root: bytes | None
    block: BlockRef
    extrinsic_hash: bytes
    rewards: Mapping[AccountId, Planck]
    strikes: Mapping[AccountId, int]


@dataclass(frozen=True, slots=True)
class SlashLine:
    """Stake that was taken for an offence in `round`."""

    round: int
    account: AccountId
    kind: OffenceKind
    amount: Planck
    burned: Planck
    block: BlockRef
    extrinsic_hash: bytes


@dataclass(frozen=True, slots=True)
class EndLine:
    """The run's end: rounds from `next_round` on are none of its."""

    next_round: int


Line = RoundLine | SlashLine | EndLine


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run's folder as read; `end` is None while the run goes on, again too, or was cut off."""

    header: RunHeader
    rounds: tuple[RoundLine, ...]
    slashes: tuple[SlashLine, ...]
    end: EndLine | None


class Journal:
    """The journal of one run, open for adding lines.

    Build one with `create` or `open`. Each line is on disk when its method returns.
    `settled_models` are the digests of the models that the run has settled.
    """

    def __init__(self, folder: Path, header: RunHeader, lines: Iterable[Line] = ()) -> None:
        self.folder = folder
        self.header = header
        self.reports = ReportStore(folder / REPORTS)
        listed = list(lines)
        self._written = {_key(line) for line in listed}
        self.settled_models = {
            one.model for one in listed if isinstance(one, RoundLine) and one.model
        }

    @classmethod
    def create(cls, folder: Path, header: RunHeader) -> Journal:
        """Make a run's folder.

        Raises
        ------
        JournalError
            When the folder holds a run already.
        NotWritten
            When the disk is full or read-only.
        """
        if (folder / HEADER).exists():
            raise JournalError(f"{folder} holds a run already: choose another folder")
        with writing(folder / HEADER):
            folder.mkdir(parents=True, exist_ok=True)
        with writing(folder / LINES):
            (folder / LINES).touch(OURS)
        write_atomically(folder / HEADER, canonical(_header(header)) + b"\n")  # now it is a run
        return cls(folder, header)

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """Go on with a run's folder, after checking that all of it can be read.

        A last line that was written only in part is taken away, and the log says so.
        """
        if (folder / LINES).exists():
            mend(folder / LINES)
        found = read_run(folder)
        return cls(folder, found.header, [*found.rounds, *found.slashes])

    def append(self, line: Line) -> None:
        """Write one line."""
        append_line(self.folder / LINES, _value(line))
        self._written.add(_key(line))
        if isinstance(line, RoundLine) and line.model:
            self.settled_models.add(line.model)

    def append_receipt(self, receipt: Receipt) -> tuple[RoundLine | SlashLine, ...]:
        """Write a line for each round that ended and each slash in a receipt, and return them.

        What is written already, when a receipt comes again, is not written twice.
        """
        lines = lines_of(receipt, self.header.federation)
        for line in lines:
            if _key(line) not in self._written:
                self.append(line)
        return lines


def lines_of(receipt: Receipt, federation: int) -> tuple[RoundLine | SlashLine, ...]:
    """Return what a receipt's events say of a federation's rounds and slashes."""
    ours = PALLET, federation
    events = [one for one in receipt.events if (one.pallet, one.fields.get("federation")) == ours]
    lines: list[RoundLine | SlashLine] = []
    for event in events:
        if event.name in ("RoundSettled", "RoundAborted"):
            lines.append(_round_line(event, events, receipt))
        elif event.name == "Slashed":
            lines.append(_slash_line(event, receipt))
    return tuple(lines)


def read_run(folder: Path) -> RunRecord:
    """Read a run's folder. Nothing is changed: a last line that is torn is left out.

    Raises
    ------
    JournalError
        Naming the file, and the line in it, that cannot be read.
    """
    header = read_header(folder)
    lines = _read_journal(folder / LINES)
    return RunRecord(
        header=header,
        rounds=tuple(line for line in lines if isinstance(line, RoundLine)),
        slashes=tuple(line for line in lines if isinstance(line, SlashLine)),
        end=lines[-1] if lines and isinstance(lines[-1], EndLine) else None,
    )


def read_header(folder: Path) -> RunHeader:
    """Read where a run took place; `JournalError` when that cannot be read."""
    path = folder / HEADER
    try:
        return _read_header(parse(path.read_bytes()))
    except FileNotFoundError:
        raise JournalError(f"{folder} is no run folder: it has no {HEADER}") from None
    except EncodingError as error:
        raise JournalError(f"{path}: {error}") from error


def _read_journal(path: Path) -> list[Line]:
    lines: list[Line] = []
    try:
        for number, record in read_lines(path):
            try:
                lines.append(_read_line(record))
            except EncodingError as error:
                raise EncodingError(f"{path}:{number}: {error}") from error
    except FileNotFoundError:
        raise JournalError(f"{path} is missing") from None
    except EncodingError as error:
        raise JournalError(str(error)) from error
    return lines


def _key(line: Line) -> tuple[object, ...]:
    """Return what tells a line from all others of a journal."""
    match line:
        case RoundLine():
            return (line.round, line.extrinsic_hash)
        case SlashLine():
            return (line.round, line.extrinsic_hash, line.account)
        case EndLine():
            return (line.next_round,)


def _round_line(end: Event, events: list[Event], receipt: Receipt) -> RoundLine:
    settled = end.name == "RoundSettled"
    round_id = end.integer("round")
    of_round = [event for event in events if event.fields.get("round") == round_id]
    return RoundLine(
        round=round_id,
        outcome="settled" if settled else "aborted",
        report=end.hash("report") if settled else None,
        model=end.hash("model") if settled else None,
        root=end.hash("root") if settled else None,
        block=receipt.block,
        extrinsic_hash=receipt.extrinsic_hash,
        rewards={
            e.account(): Planck(e.integer("amount")) for e in of_round if e.name == "Rewarded"
        },
        strikes={e.account(): e.integer("strikes") for e in of_round if e.name == "Struck"},
    )


def _slash_line(event: Event, receipt: Receipt) -> SlashLine:
    return SlashLine(
        round=event.integer("round"),
        account=event.account(),
        kind=OffenceKind(event.text("kind")),
        amount=Planck(event.integer("amount")),
        burned=Planck(event.integer("burned")),
        block=receipt.block,
        extrinsic_hash=receipt.extrinsic_hash,
    )


def _header(header: RunHeader) -> dict[str, object]:
    return {
        "format": FORMAT,
        "chain": header.chain,
        "genesis": header.genesis.hex(),
        "federation": header.federation,
        "run_id": str(header.run_id),  # 64 bits: more than a JSON number holds elsewhere
        "coordinator": str(header.coordinator),
        "first_round": header.first_round,
    }


def _read_header(record: Record) -> RunHeader:
    if record.text("format") != FORMAT:
        raise EncodingError(f"its format is {record.text('format')!r}, not {FORMAT}")
    return RunHeader(
        chain=record.text("chain"),
        genesis=record.hex("genesis", HASH_BYTES),
        federation=record.integer("federation"),
        run_id=record.decimal("run_id"),
        coordinator=AccountId.parse(record.text("coordinator")),
        first_round=record.integer("first_round"),
    )


def _value(line: Line) -> dict[str, object]:
    match line:
        case RoundLine():
            return _round(line)
        case SlashLine():
            return _slash(line)
        case EndLine():
            return {"type": "end", "next_round": line.next_round}


def _place(line: RoundLine | SlashLine) -> dict[str, object]:
    return {
        "round": line.round,
        "block_number": line.block.number,
        "block_hash": line.block.hash.hex(),
        "extrinsic_hash": line.extrinsic_hash.hex(),
    }


def _round(line: RoundLine) -> dict[str, object]:
    digests = {"report": line.report, "model": line.model, "root": line.root}
    return {
        "type": "round",
        "outcome": line.outcome,
        **_place(line),
        **{name: None if digest is None else digest.hex() for name, digest in digests.items()},
        "rewards": {str(account): amount for account, amount in line.rewards.items()},
        "strikes": {str(account): count for account, count in line.strikes.items()},
    }


def _slash(line: SlashLine) -> dict[str, object]:
    return {
        "type": "slash",
        **_place(line),
        "account": str(line.account),
        "kind": line.kind.value,
        "amount": line.amount,
        "burned": line.burned,
    }


def _read_line(record: Record) -> Line:
    match record.text("type"):
        case "round":
            return _read_round(record)
        case "slash":
            return _read_slash(record)
        case "end":
            return EndLine(record.integer("next_round"))
        case other:
            raise EncodingError(f"a line of type {other!r} is not known")


def _read_block(record: Record) -> BlockRef:
    return BlockRef(record.integer("block_number"), record.hex("block_hash", HASH_BYTES))


def _read_slash(record: Record) -> SlashLine:
    return SlashLine(
        round=record.integer("round"),
        account=AccountId.parse(record.text("account")),
        kind=record.choice("kind", OffenceKind),
        amount=Planck(record.integer("amount")),
        burned=Planck(record.integer("burned")),
        block=_read_block(record),
        extrinsic_hash=record.hex("extrinsic_hash", HASH_BYTES),
    )


def _read_round(record: Record) -> RoundLine:
    outcome = record.text("outcome")
    if outcome not in ("settled", "aborted"):
        raise EncodingError(f"{outcome!r} is no outcome of a round")
    rewards, strikes = record.record("rewards"), record.record("strikes")
    return RoundLine(
        round=record.integer("round"),
        outcome="settled" if outcome == "settled" else "aborted",
        report=record.optional_hex("report", HASH_BYTES),
        model=record.optional_hex("model", HASH_BYTES),
        root=record.optional_hex("root", HASH_BYTES),
        block=_read_block(record),
        extrinsic_hash=record.hex("extrinsic_hash", HASH_BYTES),
        rewards={AccountId.parse(n): Planck(rewards.integer(n)) for n in rewards.names()},
        strikes={AccountId.parse(n): strikes.integer(n) for n in strikes.names()},
    )
