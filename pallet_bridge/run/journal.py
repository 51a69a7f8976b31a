"""A run's folder: what the coordinator saw the chain do, line by line.

::

    RUN/run.json        which chain, federation and coordinator
    RUN/journal.jsonl   one line a round or slash, written when its receipt came, and one that
                        takes back what a block said that another branch took the place of
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
from itertools import chain
from typing import TYPE_CHECKING

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
from pallet_bridge.run.journal_lines import (
    UNKNOWN,
    EndLine,
    RoundLine,
    SlashLine,
    VoidLine,
    lines_of,
    read_line,
    value_of,
)
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import AccountId
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pallet_bridge.run.journal_lines import Line
    from pallet_bridge.types import Receipt

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
class RunRecord:
    """A run's folder as read; `end` is None while the run goes on, again too, or was cut off."""

    header: RunHeader
    rounds: tuple[RoundLine, ...]
    slashes: tuple[SlashLine, ...]
    end: EndLine | None


class Journal:
    """The journal of one run, open for adding lines.

    Build one with `create` or `open`. Each line is on disk when its method returns.
    """

    def __init__(
        self, folder: Path, header: RunHeader, lines: Iterable[RoundLine | SlashLine] = ()
    ) -> None:
        self.folder = folder
        self.header = header
        self.reports = ReportStore(folder / REPORTS)
        self._by_call: dict[bytes, list[RoundLine | SlashLine]] = {}
        for line in lines:
            self._take(line)

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

    def settled_models(self) -> set[bytes]:
        """Return the digests of the models that the run has settled, once that is final."""
        open_ = owed_rounds(self.folder)
        lines = chain.from_iterable(self._by_call.values())
        rounds = [line for line in lines if isinstance(line, RoundLine)]
        return {line.model for line in rounds if line.model and line.round not in open_}

    def append(self, line: Line) -> None:
        """Write one line."""
        append_line(self.folder / LINES, value_of(line))
        match line:
            case RoundLine() | SlashLine():
                self._take(line)
            case VoidLine():
                self._by_call.pop(line.extrinsic_hash, None)

    def append_receipt(self, receipt: Receipt) -> tuple[RoundLine | SlashLine, ...]:
        """Write a line for each round that ended and each slash in a receipt, and return them.

        What is written already, when a receipt comes again, is not written twice. A receipt of
        another block takes the place of the one before.
        """
        lines = lines_of(receipt, self.header.federation)
        of_call = receipt.extrinsic_hash
        written = self._by_call.get(of_call, [])
        if of_call != UNKNOWN and any(line.block != receipt.block for line in written):
            self.void(of_call)
            written = []
        for line in lines:
            if line not in written:
                self.append(line)
        return lines

    def void(self, extrinsic_hash: bytes) -> None:
        """Take back what a call did, if anything is written of it: its block was replaced."""
        if extrinsic_hash in self._by_call:
            self.append(VoidLine(extrinsic_hash))

    def _take(self, line: RoundLine | SlashLine) -> None:
        self._by_call.setdefault(line.extrinsic_hash, []).append(line)


def owed_rounds(folder: Path) -> list[int]:
    """Return the rounds of which a run still owes the chain something, in ascending order."""
    stems = [path.stem for path in (folder / OWED).glob("*.json")]
    return sorted(int(stem) for stem in stems if stem.isdecimal())


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
                lines.append(read_line(record))
            except EncodingError as error:
                raise EncodingError(f"{path}:{number}: {error}") from error
            if isinstance(void := lines[-1], VoidLine):
                lines = [line for line in lines if not _is_of(line, void.extrinsic_hash)]
    except FileNotFoundError:
        raise JournalError(f"{path} is missing") from None
    except EncodingError as error:
        raise JournalError(str(error)) from error
    return lines


def _is_of(line: Line, extrinsic_hash: bytes) -> bool:
    return not isinstance(line, EndLine) and line.extrinsic_hash == extrinsic_hash


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
