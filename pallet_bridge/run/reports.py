"""Round reports: who signed what, what was said of it and why, kept off chain.

The chain holds a report's digest. A report is canonical JSON without floats, so that two machines
write the same bytes; the store names each file by the digest of its bytes.

A report is public, so nothing in it lets a reader confirm a guess at an update: it holds
commitments and signatures. Digests and salts, which open the commitments, are in the round's
openings (`pallet_bridge.run.openings`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError, ReportMissing, ReportTampered
from pallet_bridge.jsonio import Record, canonical, write_atomically
from pallet_bridge.run.judgements import Evidence, evidence_value, read_evidence
from pallet_bridge.run.old_reports import FORMAT as OLD_FORMAT
from pallet_bridge.run.old_reports import OldReport, read_old
from pallet_bridge.run.report_parts import Absent, absent_value, read_absent, read_canonical
from pallet_bridge.types import AccountId, MemberVerdict, Outcome, RoundBinding, RoundKey
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = "bcfl-report/5"
WITH_STEP = "bcfl-report/6"
"""The same with a server step."""
WITH_SKETCHES = "bcfl-report/7"
"""The same with signed sketches, and no server step."""
WITHOUT_EVIDENCE = "bcfl-report/4"
"""The same without a word on how the round was decided."""
NOTHING = bytes(HASH_BYTES)
"""What is said to be revealed of an update that nobody has shown."""

_SIGNATURE_BYTES = 64
_DIGEST = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}")


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """One verdict with all that it takes to check it.

    Parameters
    ----------
    account : AccountId
        Whose update it was.
    node_id : int
        Flower's id of the node.
    num_examples : int
        The number of examples that the account signed.
    commitment : bytes
        Its commitment on chain, 32 bytes.
    signature : bytes or None
        The account's, over its statement. ``None``: the account committed by a call of its own,
        and sent the server a statement about something else.
    revealed : bytes
        What was revealed, as a commitment: the entry's own when the update fits it.
    outcome : Outcome
        What became of the update.
    score : int
        Fixed point, in parts of 10^6.
    reason, weight : int
        A code; the share of the round's reward, relative to the other accepted ones.
    detail : str
        Text for people.
    share : int or None
        How much of the average this update is, in parts of 10^9; ``None``: the strategy weighed it.
    """

    account: AccountId
    node_id: int
    num_examples: int
    commitment: bytes
    signature: bytes | None
    revealed: bytes
    outcome: Outcome
    score: int
    reason: int
    weight: int
    detail: str
    share: int | None = None

    @property
    def fits(self) -> bool:
        """Whether what was revealed is what the account committed to, as the report says."""
        return self.revealed == self.commitment

    def verdict(self) -> MemberVerdict:
        """Return the part that goes on chain."""
        return MemberVerdict(
            account=self.account,
            revealed=self.revealed,
            outcome=self.outcome,
            score=self.score,
            reason=self.reason,
            weight=self.weight,
        )


@dataclass(frozen=True, slots=True)
class Unrevealed:
    """An account that committed on chain, and of whose update the server has nothing.

    `commitment` and `num_examples` are those on chain. The verdict on it is that it is left out.
    """

    account: AccountId
    commitment: bytes
    num_examples: int

    def verdict(self) -> MemberVerdict:
        """Return the part that goes on chain."""
        return MemberVerdict(
            account=self.account,
            revealed=NOTHING,
            outcome=Outcome.EXCLUDED,
            score=0,
            reason=0,
            weight=0,
        )


@dataclass(frozen=True, slots=True)
class RoundReport:
    """Everything about one settled round that is public.

    `terms_version` and `terms_hash` are those of the terms the round ran under, `coordinator` is
    who opened it: with the base model, all that its members signed for. `parameters` are the
    defense's settings as text, `states` what plugins remember after this round as canonical JSON,
    so that anyone can replay them; `timings_us` are durations in microseconds. `evidence` says what
    is published for deciding the round again; ``None`` in reports from before there was any.
    """

    genesis: bytes
    federation: int
    round: int
    coordinator: AccountId
    terms_version: int
    terms_hash: bytes
    base_model: bytes
    model: bytes
    entries: tuple[ReportEntry, ...]
    unrevealed: tuple[Unrevealed, ...]
    absent: tuple[Absent, ...]
    defense: str
    parameters: Mapping[str, str]
    states: Mapping[str, str]
    timings_us: Mapping[str, int]
    evidence: Evidence | None = None

    @property
    def key(self) -> RoundKey:
        """Which round it is the report of."""
        return RoundKey(self.genesis, self.federation, self.round)

    @property
    def binding(self) -> RoundBinding:
        """What the members signed for, as the report tells it."""
        return RoundBinding(
            genesis=self.genesis,
            federation=self.federation,
            round=self.round,
            coordinator=self.coordinator,
            base_model=self.base_model,
            terms_hash=self.terms_hash,
        )

    def verdicts(self) -> tuple[MemberVerdict, ...]:
        """Return what goes on chain: a verdict on each commitment, in order of account."""
        every = [entry.verdict() for entry in self.entries]
        every += [one.verdict() for one in self.unrevealed]
        return tuple(sorted(every, key=lambda verdict: verdict.account))

    def encode(self) -> bytes:
        """Return the report's canonical bytes: verdicts by account, absent by node."""
        entries = sorted(self.entries, key=lambda entry: entry.account)
        unrevealed = sorted(self.unrevealed, key=lambda entry: entry.account)
        absent = sorted(self.absent, key=lambda entry: entry.node_id)
        told = self.evidence
        more = {} if told is None else {"evidence": evidence_value(told)}
        return canonical(
            {
                "format": _format(told),
                **more,
                "genesis": self.genesis.hex(),
                "federation": self.federation,
                "round": self.round,
                "coordinator": str(self.coordinator),
                "terms_version": self.terms_version,
                "terms_hash": self.terms_hash.hex(),
                "base_model": self.base_model.hex(),
                "model": self.model.hex(),
                "entries": [_entry(entry) for entry in entries],
                "unrevealed": [_unrevealed(entry) for entry in unrevealed],
                "absent": [absent_value(entry) for entry in absent],
                "defense": self.defense,
                "parameters": dict(self.parameters),
                "states": dict(self.states),
                "timings_us": dict(self.timings_us),
            }
        )

    @property
    def digest(self) -> bytes:
        """The BLAKE2b-256 of the canonical bytes: what `settle` puts on chain."""
        return blake2_256(self.encode())

    @classmethod
    def decode(cls, data: bytes) -> RoundReport:
        """Read a report.

        Raises
        ------
        ReportUnreadable
            When the bytes are not the canonical form of a report of this format.
        """
        return read_canonical(data, _report)


def decode_any(data: bytes) -> RoundReport | OldReport:
    """Read a report of any format that was ever published.

    Raises
    ------
    ReportUnreadable
        When the bytes are not the canonical form of one.
    """
    return read_canonical(data, _report_of_any_format)


def _report_of_any_format(record: Record) -> RoundReport | OldReport:
    return read_old(record) if record.text("format") == OLD_FORMAT else _report(record)


class ReportStore:
    """Reports in a local folder, each in a file named by its digest.

    Parameters
    ----------
    folder
        Made when the first report is put in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: bytes) -> Path:
        """Return where the report with this digest is, or would be."""
        return self.folder / f"{digest.hex()}.json"

    def put(self, report: RoundReport) -> bytes:
        """Write a report and return its digest. Writing it again changes nothing."""
        data = report.encode()
        digest = blake2_256(data)
        write_atomically(self.path(digest), data)
        return digest

    def get(self, digest: bytes) -> RoundReport:
        """Read a report and check it against its digest.

        Raises
        ------
        ReportMissing
            When there is no such file.
        ReportTampered
            When the file's content has another digest.
        ReportUnreadable
            When the content has the digest but is no report of today's format.
        """
        return RoundReport.decode(self._read(digest))

    def get_any(self, digest: bytes) -> RoundReport | OldReport:
        """Read a report of any format; raises what `get` raises."""
        return decode_any(self._read(digest))

    def _read(self, digest: bytes) -> bytes:
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ReportMissing(path, digest) from None
        found = blake2_256(data)
        if found != digest:
            raise ReportTampered(path, digest, found)
        return data

    def digests(self) -> tuple[bytes, ...]:
        """Return the digests that files are named by, in ascending order; others are left out."""
        names = (path.stem for path in self.folder.glob("*.json"))
        return tuple(sorted(bytes.fromhex(name) for name in names if _DIGEST.fullmatch(name)))


def _entry(entry: ReportEntry) -> dict[str, object]:
    return {
        "account": str(entry.account),
        "node_id": str(entry.node_id),  # 64 bits: more than a JSON number holds elsewhere
        "num_examples": entry.num_examples,
        "commitment": entry.commitment.hex(),
        "signature": None if entry.signature is None else entry.signature.hex(),
        "revealed": entry.revealed.hex(),
        "outcome": entry.outcome.value,
        "score": entry.score,
        "reason": int(entry.reason),
        "weight": entry.weight,
        "share": entry.share,
        "detail": entry.detail,
    }


def _unrevealed(entry: Unrevealed) -> dict[str, object]:
    return {
        "account": str(entry.account),
        "commitment": entry.commitment.hex(),
        "num_examples": entry.num_examples,
    }


def _format(told: Evidence | None) -> str:
    if told is None:
        return WITHOUT_EVIDENCE
    if told.sketches is not None:
        if told.step is not None:
            raise EncodingError("no report has both a server step and signed sketches")
        return WITH_SKETCHES
    return FORMAT if told.step is None else WITH_STEP


def _report(record: Record) -> RoundReport:
    told = record.text("format")
    if told not in {FORMAT, WITH_STEP, WITH_SKETCHES, WITHOUT_EVIDENCE}:
        raise EncodingError(f"its format is {told!r}, not {FORMAT}")
    evidence = None
    if told != WITHOUT_EVIDENCE:
        has = {"with_step": told == WITH_STEP, "with_sketches": told == WITH_SKETCHES}
        evidence = read_evidence(record.record("evidence"), **has)
    parameters, timings = record.record("parameters"), record.record("timings_us")
    states = record.record("states")
    return RoundReport(
        genesis=record.hex("genesis", HASH_BYTES),
        federation=record.integer("federation"),
        round=record.integer("round"),
        coordinator=AccountId.parse(record.text("coordinator")),
        terms_version=record.integer("terms_version"),
        terms_hash=record.hex("terms_hash", HASH_BYTES),
        base_model=record.hex("base_model", HASH_BYTES),
        model=record.hex("model", HASH_BYTES),
        entries=tuple(_read_entry(entry) for entry in record.records("entries")),
        unrevealed=tuple(_read_unrevealed(entry) for entry in record.records("unrevealed")),
        absent=tuple(read_absent(entry) for entry in record.records("absent")),
        defense=record.text("defense"),
        parameters={name: parameters.text(name) for name in parameters.names()},
        states={name: states.text(name) for name in states.names()},
        timings_us={name: timings.integer(name) for name in timings.names()},
        evidence=evidence,
    )


def _read_entry(record: Record) -> ReportEntry:
    return ReportEntry(
        account=AccountId.parse(record.text("account")),
        node_id=record.decimal("node_id"),
        num_examples=record.integer("num_examples"),
        commitment=record.hex("commitment", HASH_BYTES),
        signature=record.optional_hex("signature", _SIGNATURE_BYTES),
        revealed=record.hex("revealed", HASH_BYTES),
        outcome=record.choice("outcome", Outcome),
        score=record.integer("score"),
        reason=record.integer("reason"),
        weight=record.integer("weight"),
        share=record.integer("share") if record.has("share") else None,
        detail=record.text("detail"),
    )


def _read_unrevealed(record: Record) -> Unrevealed:
    return Unrevealed(
        account=AccountId.parse(record.text("account")),
        commitment=record.hex("commitment", HASH_BYTES),
        num_examples=record.integer("num_examples"),
    )
