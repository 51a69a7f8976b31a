from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from bcfl_plugins.rounds.governed import are_in_force
from pallet_bridge.types import Federation, PendingTerms


def federation(version: int, pending: PendingTerms | None = None) -> Federation:
    unread: dict[str, Any] = dict.fromkeys((one.name for one in fields(Federation)), 0)
    return Federation(**{**unread, "terms_version": version, "pending_terms": pending})


@pytest.mark.parametrize(
    ("starts_at", "block", "version", "expected"),
    [
        (None, 500, 3, True),
        (None, 500, 2, False),
        (700, 500, 3, True),
        (700, 689, 3, True),
        (700, 690, 3, False),  # the call may be in a block under either
        (700, 690, 4, False),
        (700, 700, 3, False),
        (700, 700, 4, True),
        (700, 2**32, 4, True),
    ],
)
def test_terms_are_in_force_only_where_no_others_come_soon(
    starts_at: int | None, block: int, version: int, expected: bool
) -> None:
    pending = None if starts_at is None else PendingTerms(4, starts_at, is_worse=True)
    assert are_in_force(federation(3, pending), block, version) is expected
