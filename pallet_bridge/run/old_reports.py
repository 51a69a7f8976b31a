"""Round reports of format 3, as the first protocol of a round published them: read, never written.

An entry of it holds digest and salt of an update, so the report opens every commitment. The audit
of a run from before the second protocol reads them; nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.errors import EncodingError
from pallet_bridge.jsonio import Record, canonical
from pallet_bridge.run.report_parts import Absent, absent_value, read_absent, read_canonical
from pallet_bridge.types import AccountId, CommittedUpdate, MemberVerdict, Outcome, RoundKey
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "bcfl-report/3"
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class OldEntry:
    """One verdict with all that it takes to check it: the commitment and what opens it.

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
        """Return the part that went on chain, with the bare digest that protocol 1 published."""
        return MemberVerdict(
            account=self.account,
            revealed=self.commitment.update_digest,
            outcome=self.outcome,
            score=self.score,
            reason=self.reason,
            weight=self.weight,
        )


@dataclass(frozen=True, slots=True)
class OldReport:
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
    entries: tuple[OldEntry, ...]
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
                "format": FORMAT,
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
                    absent_value(e) for e in sorted(self.absent, key=lambda entry: entry.node_id)
                ],
                "defense": self.defense,
                "parameters": dict(self.parameters),
                "states": dict(self.states),
                "timings_us": dict(self.timings_us),
            }
        )

    def verdicts(self) -> tuple[MemberVerdict, ...]:
        """Return what goes on chain."""
        return tuple(entry.verdict() for entry in self.entries)

    @classmethod
    def decode(cls, data: bytes) -> OldReport:
        """Read a report.

        Raises
        ------
        ReportUnreadable
            When the bytes are not the canonical form of a report of this version.
        """
        return read_canonical(data, read_old)


def _entry(entry: OldEntry) -> dict[str, object]:
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


def read_old(record: Record) -> OldReport:
    """Read the JSON object of a report; raises `EncodingError` for what is none."""
    if record.text("format") != FORMAT:
        raise EncodingError(f"its format is {record.text('format')!r}, not {FORMAT}")
    parameters, timings = record.record("parameters"), record.record("timings_us")
    states = record.record("states")
    return OldReport(
        genesis=record.hex("genesis", HASH_BYTES),
        federation=record.integer("federation"),
        round=record.integer("round"),
        terms_version=record.integer("terms_version"),
        base_model=record.hex("base_model", HASH_BYTES),
        model=record.hex("model", HASH_BYTES),
        entries=tuple(_read_entry(entry) for entry in record.records("entries")),
        absent=tuple(read_absent(entry) for entry in record.records("absent")),
        defense=record.text("defense"),
        parameters={name: parameters.text(name) for name in parameters.names()},
        states={name: states.text(name) for name in states.names()},
        timings_us={name: timings.integer(name) for name in timings.names()},
    )


def _read_entry(record: Record) -> OldEntry:
    return OldEntry(
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
