"""The lines of a run's journal: what receipts say of rounds and slashes, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pallet_bridge.errors import EncodingError
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import AccountId, BlockRef, OffenceKind, Planck
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.jsonio import Record
    from pallet_bridge.types import Event, Receipt


UNKNOWN = bytes(HASH_BYTES)
"""Stands for the hash of a call of somebody else's."""


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


@dataclass(frozen=True, slots=True)
class VoidLine:
    """Takes back the lines before it of one call: its block was replaced by another branch."""

    extrinsic_hash: bytes


Line = RoundLine | SlashLine | EndLine | VoidLine


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


def value_of(line: Line) -> dict[str, object]:
    """Return a line as it is written down."""
    match line:
        case RoundLine():
            return _round(line)
        case SlashLine():
            return _slash(line)
        case EndLine():
            return {"type": "end", "next_round": line.next_round}
        case VoidLine():
            return {"type": "void", "extrinsic_hash": line.extrinsic_hash.hex()}


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


def read_line(record: Record) -> Line:
    """Read what `value_of` wrote; `EncodingError` when it is none of these lines."""
    match record.text("type"):
        case "round":
            return _read_round(record)
        case "slash":
            return _read_slash(record)
        case "end":
            return EndLine(record.integer("next_round"))
        case "void":
            return VoidLine(record.hex("extrinsic_hash", HASH_BYTES))
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
