"""Round reports: who sent what, what was said of it and why, kept off chain.

The chain holds a report's digest. A report is canonical JSON without floats, so that two machines
write the same bytes; the store names each file by the digest of its bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError, ReportMissing, ReportTampered, ReportUnreadable
from pallet_bridge.jsonio import Record, canonical, parse, write_atomically
from pallet_bridge.types import AccountId, CommittedUpdate, MemberVerdict, Outcome, RoundKey
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 3
_SIGNATURE_BYTES = 64
_DIGEST = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}")


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """One verdict with all that it takes to check it.

    `score` is fixed point in parts of 10^6, `weight` the share of the round's reward relative to
    the other accepted ones; `share` is how much of the average this update is, in parts of 10^9,
    ``None`` where the strategy weighed it; `detail` is text for people.
    """

    node_id: int
    commitment: CommittedUpdate
    outcome: Outcome
    score: int
    reason: int
    weight: int
    detail: str
    share: int | None = None

    @property
    def account(self) -> AccountId:
        """Whose update it was."""
        return self.commitment.account

    def verdict(self) -> MemberVerdict:
        """Return the part that goes on chain."""
        return MemberVerdict(
            account=self.account,
            digest=self.commitment.update_digest,
            outcome=self.outcome,
            score=self.score,
            reason=self.reason,
            weight=self.weight,
        )


@dataclass(frozen=True, slots=True)
class Absent:
    """A node that has no verdict: left out before, silent, or unreadable."""

    node_id: int
    account: AccountId | None
    reason: int
    detail: str


@dataclass(frozen=True, slots=True)
class RoundReport:
    """Everything about one settled round.

    `terms_version` is that of the terms the round ran under. `parameters` are the defense's
    settings as text, `states` what plugins remember after this round as canonical JSON, so that
    anyone can replay them; `timings_us` are durations in microseconds.
    """

    genesis: bytes
    federation: int
    round: int
    terms_version: int
    base_model: bytes
    model: bytes
    entries: tuple[ReportEntry, ...]
    absent: tuple[Absent, ...]
    defense: str
    parameters: Mapping[str, str]
    states: Mapping[str, str]
    timings_us: Mapping[str, int]

    @property
    def key(self) -> RoundKey:
        """Which round it is the report of."""
        return RoundKey(self.genesis, self.federation, self.round)

    def encode(self) -> bytes:
        """Return the report's canonical bytes: entries by account, absent by node."""
        return canonical(
            {
                "format": f"bcfl-report/{VERSION}",
                "genesis": self.genesis.hex(),
                "federation": self.federation,
                "round": self.round,
                "terms_version": self.terms_version,
                "base_model": self.base_model.hex(),
                "model": self.model.hex(),
                "entries": [
                    _entry(e) for e in sorted(self.entries, key=lambda entry: entry.account)
                ],
                "absent": [
                    _absent(e) for e in sorted(self.absent, key=lambda entry: entry.node_id)
                ],
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
            When the bytes are not the canonical form of a report of this version.
        """
        try:
            report = _report(parse(data))
            canonical_form = report.encode()
        except EncodingError as error:
            raise ReportUnreadable(f"this is no report: {error}") from error
        if canonical_form != data:
            raise ReportUnreadable("this report is not in its canonical form")
        return report


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
            When the content has the digest but is no report.
        """
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ReportMissing(path, digest) from None
        found = blake2_256(data)
        if found != digest:
            raise ReportTampered(path, digest, found)
        return RoundReport.decode(data)

    def digests(self) -> tuple[bytes, ...]:
        """Return the digests that files are named by, in ascending order; others are left out."""
        names = (path.stem for path in self.folder.glob("*.json"))
        return tuple(sorted(bytes.fromhex(name) for name in names if _DIGEST.fullmatch(name)))


def _entry(entry: ReportEntry) -> dict[str, object]:
    signed = entry.commitment
    return {
        "account": str(signed.account),
        "node_id": str(entry.node_id),  # 64 bits: more than a JSON number holds elsewhere
        "update_digest": signed.update_digest.hex(),
        "num_examples": signed.num_examples,
        "salt": signed.salt.hex(),
        "commitment": signed.commitment.hex(),
        "signature": signed.signature.hex(),
        "outcome": entry.outcome.value,
        "score": entry.score,
        "reason": int(entry.reason),
        "weight": entry.weight,
        "share": entry.share,
        "detail": entry.detail,
    }


def _absent(entry: Absent) -> dict[str, object]:
    return {
        "node_id": str(entry.node_id),
        "account": None if entry.account is None else str(entry.account),
        "reason": int(entry.reason),
        "detail": entry.detail,
    }


def _report(record: Record) -> RoundReport:
    if record.text("format") != f"bcfl-report/{VERSION}":
        raise EncodingError(f"its format is {record.text('format')!r}, not bcfl-report/{VERSION}")
    parameters, timings = record.record("parameters"), record.record("timings_us")
    states = record.record("states")
    return RoundReport(
        genesis=record.hex("genesis", HASH_BYTES),
        federation=record.integer("federation"),
        round=record.integer("round"),
        terms_version=record.integer("terms_version"),
        base_model=record.hex("base_model", HASH_BYTES),
        model=record.hex("model", HASH_BYTES),
        entries=tuple(_read_entry(entry) for entry in record.records("entries")),
        absent=tuple(_read_absent(entry) for entry in record.records("absent")),
        defense=record.text("defense"),
        parameters={name: parameters.text(name) for name in parameters.names()},
        states={name: states.text(name) for name in states.names()},
        timings_us={name: timings.integer(name) for name in timings.names()},
    )


def _read_entry(record: Record) -> ReportEntry:
    return ReportEntry(
        node_id=record.decimal("node_id"),
        commitment=CommittedUpdate(
            account=AccountId.parse(record.text("account")),
            update_digest=record.hex("update_digest", HASH_BYTES),
            num_examples=record.integer("num_examples"),
            salt=record.hex("salt", HASH_BYTES),
            commitment=record.hex("commitment", HASH_BYTES),
            signature=record.hex("signature", _SIGNATURE_BYTES),
        ),
        outcome=record.choice("outcome", Outcome),
        score=record.integer("score"),
        reason=record.integer("reason"),
        weight=record.integer("weight"),
        share=record.integer("share") if record.has("share") else None,
        detail=record.text("detail"),
    )


def _read_absent(record: Record) -> Absent:
    account = AccountId.parse(record.text("account")) if record.has("account") else None
    return Absent(
        record.decimal("node_id"), account, record.integer("reason"), record.text("detail")
    )
