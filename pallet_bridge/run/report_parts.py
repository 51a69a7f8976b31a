"""What reports of every format have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from pallet_bridge.errors import EncodingError, ReportUnreadable
from pallet_bridge.jsonio import parse
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.jsonio import Record


class _Encoded(Protocol):
    """What has canonical bytes."""

    def encode(self) -> bytes:
        """Return them."""
        ...


_Report = TypeVar("_Report", bound=_Encoded)


def read_canonical(data: bytes, read: Callable[[Record], _Report]) -> _Report:
    """Read a report that is in its canonical form.

    Parameters
    ----------
    data : bytes
        The report.
    read : callable
        Reads its JSON object; raises `EncodingError` for what is no report.

    Raises
    ------
    ReportUnreadable
        When the bytes are not the canonical form of what was read.
    """
    try:
        report = read(parse(data))
        canonical_form = report.encode()
    except EncodingError as error:
        raise ReportUnreadable(f"this is no report: {error}") from error
    if canonical_form != data:
        raise ReportUnreadable("this report is not in its canonical form")
    return report


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
