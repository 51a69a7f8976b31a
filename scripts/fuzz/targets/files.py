"""Files that others wrote, or that a crash left: each is read, or refused by name."""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pallet_bridge.embedded.chain.export import read, runtime_of
from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.encoding import blake2_256, update_digest
from pallet_bridge.errors import BcflError, EncodingError, ReportUnreadable
from pallet_bridge.keys import Signer
from pallet_bridge.memory.signed import SignedMemory
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.old_reports import OldReport
from pallet_bridge.run.openings import OpenedUpdate, RoundOpenings
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import ReportEntry, RoundReport, Unrevealed, decode_any
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import Outcome
from scripts.fuzz.inputs import changed_bytes
from scripts.fuzz.target import Target, must
from scripts.fuzz.targets.replies import REFERENCE, SIGNER, round_opened

RUN = Path(__file__).parents[3] / "tests" / "data" / "run_v1"
GENESIS = bytes(32)
NO_RUNTIME = b""


@lru_cache
def reports() -> tuple[bytes, ...]:
    """Return the reports of an old run, and one in today's form."""
    old = [path.read_bytes() for path in sorted((RUN / "reports").iterdir())]
    return (*old, _new_report())


def _new_report() -> bytes:
    entry = ReportEntry(
        account=SIGNER.account,
        node_id=2**64 - 1,
        num_examples=10,
        commitment=b"\x03" * 32,
        signature=b"\x04" * 64,
        revealed=b"\x03" * 32,
        outcome=Outcome.ACCEPTED,
        score=-1_500_000,
        reason=0,
        weight=3,
        detail="far",
        share=250_000_000,
    )
    binding = round_opened().binding
    return RoundReport(
        genesis=GENESIS,
        federation=1,
        round=2,
        coordinator=binding.coordinator,
        terms_version=4,
        terms_hash=binding.terms_hash,
        base_model=b"\x06" * 32,
        model=b"\x07" * 32,
        entries=(entry,),
        unrevealed=(Unrevealed(binding.coordinator, b"\x0a" * 32, 77),),
        absent=(Absent(3, None, 1, "silent"),),
        defense="cluster_guard",
        parameters={"decay": "0.95"},
        states={"outliers": "ab"},
        timings_us={"judge": 7},
    ).encode()


def check_report(data: bytes) -> None:
    """Read a report: what is read is written again as the same bytes."""
    for decode in (RoundReport.decode, OldReport.decode, decode_any):
        try:
            found = decode(data)
        except ReportUnreadable:
            continue
        must(found.encode() == data, "it is written as other bytes")


@lru_cache
def openings() -> tuple[bytes, ...]:
    """Return openings of two updates."""
    one = OpenedUpdate(SIGNER.account, b"\x01" * 32, b"\x02" * 32)
    two = OpenedUpdate(Signer.from_uri("//Eve").account, b"\x03" * 32, b"\x04" * 32)
    return (RoundOpenings(GENESIS, 0, 1, (one, two)).encode(),)


def check_openings(data: bytes) -> None:
    """Read openings."""
    try:
        found = RoundOpenings.decode(data)
    except EncodingError:
        return
    must(found.encode() == data, "it is written as other bytes")


@lru_cache
def journals() -> tuple[bytes, ...]:
    """Return the journal of an old run."""
    return ((RUN / "journal.jsonl").read_bytes(),)


@lru_cache
def headers() -> tuple[bytes, ...]:
    """Return the header of an old run."""
    return ((RUN / "run.json").read_bytes(),)


def check_journal(data: bytes) -> None:
    """Read a run's folder whose journal holds these bytes; nothing in it changes."""
    _read_run(headers()[0], data)


def check_header(data: bytes) -> None:
    """Read a run's folder whose header holds these bytes."""
    _read_run(data, journals()[0])


def _read_run(header: bytes, journal: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "run.json").write_bytes(header)
        (place / "journal.jsonl").write_bytes(journal)
        with suppress(BcflError):
            read_run(place)
        must((place / "journal.jsonl").read_bytes() == journal, "reading changed the journal")


@lru_cache
def outboxes() -> tuple[bytes, ...]:
    """Return the outbox of an old run, and a short one."""
    whole = (RUN / "outbox.jsonl").read_bytes()
    return (whole, b"\n".join(whole.splitlines()[:4]) + b"\n")


def check_outbox(data: bytes) -> None:
    """Open an outbox: what is read once is read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.jsonl"
        path.write_bytes(data)
        genesis = _genesis(data)
        try:
            first = OutboxFile(path, genesis).pending()
        except BcflError:
            return
        must(OutboxFile(path, genesis).pending() == first, "read again it is another")


def _genesis(data: bytes) -> bytes:
    found = re.search(rb'"genesis":"([0-9a-f]{64})"', data)
    return GENESIS if found is None else bytes.fromhex(found[1].decode())


@lru_cache
def exports() -> tuple[bytes, ...]:
    """Return the first lines of an exported chain, as one of a runtime without a byte."""
    lines = (RUN / "chain.jsonl").read_bytes().splitlines(keepends=True)[:3]
    head = json.loads(lines[0]) | {"blob": blake2_256(NO_RUNTIME).hex()}
    return (json.dumps(head).encode() + b"\n" + b"".join(lines[1:]),)


def check_export(data: bytes) -> None:
    """Read an exported chain, with the runtime that it names and with another one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.jsonl"
        path.write_bytes(data)
        for reading in (
            lambda: runtime_of(path),
            lambda: read(path, b"another"),
            lambda: read(path, NO_RUNTIME),
        ):
            try:
                reading()
            except EmbeddedError:
                continue


@lru_cache
def memories() -> tuple[bytes, ...]:
    """Return the file of an account that signed once."""
    with tempfile.TemporaryDirectory() as folder:
        memory = SignedMemory(Path(folder), SIGNER.account)
        binding = round_opened().binding
        made = sign_commitment(binding, SIGNER, update_digest(REFERENCE), 10, b"\x05" * 32)
        memory.keep(binding, made)
        return (memory.path.read_bytes(),)


def check_memory(data: bytes) -> None:
    """Open such a file: who cannot read it does not sign."""
    binding = round_opened().binding
    with tempfile.TemporaryDirectory() as folder:
        memory = SignedMemory(Path(folder), SIGNER.account)
        memory.path.parent.mkdir(parents=True, exist_ok=True)
        memory.path.write_bytes(data)
        made = sign_commitment(binding, SIGNER, b"\x06" * 32, 11, b"\x07" * 32)
        for use in (
            memory.summary,
            lambda: memory.highest(binding.key),
            lambda: memory.stands(binding.key),
            lambda: memory.keep(binding, made),
        ):
            try:
                use()
            except BcflError:
                continue


@lru_cache
def key_files() -> tuple[bytes, ...]:
    """Return key files of each kind; the keys are public ones."""
    return (
        b"//Alice//hard/soft\n",
        b"bottom drive obey lake curtain smoke basket hold race lonely fit walk//1",
        b"0x" + b"1f" * 32 + b"//a",
    )


def check_key_file(data: bytes) -> None:
    """Read a key file: no error repeats what is in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        path.touch(mode=0o600)
        path.write_bytes(data)
        try:
            signer = Signer.from_file(path)
        except BcflError as error:
            shown = str(error)
            must("1f1f1f1f" not in shown and "curtain" not in shown, "the error has the secret")
            return
        must(signer.account.raw, "no account")


_WORDS = (b'"', b"{", b"}", b",", b"null", b"-1", b"1e9", b"NaN", b"true", b"\n", b"9" * 5000)
TARGETS = (
    Target("report", check_report, changed_bytes(reports, _WORDS)),
    Target("openings", check_openings, changed_bytes(openings, _WORDS)),
    Target("journal", check_journal, changed_bytes(journals, _WORDS)),
    Target("header", check_header, changed_bytes(headers, _WORDS)),
    Target("outbox", check_outbox, changed_bytes(outboxes, _WORDS)),
    Target("export", check_export, changed_bytes(exports, (*_WORDS, b"[" * 3000))),
    Target("memory", check_memory, changed_bytes(memories), 40),
    Target("key_file", check_key_file, changed_bytes(key_files, (b"/", b"//", b"9" * 5000))),
)
