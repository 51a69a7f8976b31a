"""Who has no verdict in a round, as reports of every format tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pallet_bridge.jsonio import Record


@dataclass(frozen=True, slots=True)
class Absent:
    """A node that has no verdict: left out before, silent, or unreadable."""

    node_id: int
    account: AccountId | None
    reason: int
    detail: str


def absent_value(entry: Absent) -> dict[str, object]:
    """Return an entry as JSON has it."""
    return {
        "node_id": str(entry.node_id),
        "account": None if entry.account is None else str(entry.account),
        "reason": int(entry.reason),
        "detail": entry.detail,
    }


def read_absent(record: Record) -> Absent:
    """Read an entry.

    Raises
    ------
    EncodingError
        When a field is missing or not as expected.
    """
    account = AccountId.parse(record.text("account")) if record.has("account") else None
    return Absent(
        record.decimal("node_id"), account, record.integer("reason"), record.text("detail")
    )
