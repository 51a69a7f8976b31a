"""Reports of format 3: what runs of before the second protocol left is still read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ReportUnreadable
from pallet_bridge.run.old_reports import OldEntry, OldReport
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import AccountId, CommittedUpdate, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def entry(index: int) -> OldEntry:
    account = AccountId(bytes([index]) * 32)
    signed = CommittedUpdate(account, b"\1" * 32, 10, b"\2" * 32, b"\3" * 32, b"\4" * 64)
    share = None if index == 1 else 250_000_000
    return OldEntry(2**64 - index, signed, Outcome.ACCEPTED, -1_500_000, 0, 3, "ünïcode", share)


REPORT = OldReport(
    genesis=b"\5" * 32,
    federation=1,
    round=2,
    terms_version=4,
    base_model=b"\6" * 32,
    model=b"\7" * 32,
    entries=(entry(1), entry(2)),
    absent=(Absent(3, None, 1, "silent"), Absent(4, AccountId(bytes(32)), 5, "unsigned")),
    defense="cluster",
    parameters={"sensitivity": "0.5"},
    states={"outliers": "{}"},
    timings_us={"judge": 1200},
)


def test_a_report_reads_back_as_it_was() -> None:
    assert OldReport.decode(REPORT.encode()) == REPORT


def test_its_bytes_are_those_that_were_published_then() -> None:
    digest = blake2_256(REPORT.encode())
    assert digest.hex() == "47dde6d84804f05a74e044ab15740fad016aabd4195d9fad3aa0ea646672c2b2"


def test_its_verdicts_show_the_bare_digest_as_the_chain_had_it() -> None:
    assert [one.revealed for one in REPORT.verdicts()] == [b"\1" * 32] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "bcfl-report/2"},
        {"format": "bcfl-report/4"},
        {"terms_hash": "00" * 32},
        {"entries": json.loads(REPORT.encode())["entries"][::-1]},
        {"round": None},
    ],
)
def test_what_is_not_a_canonical_report_of_that_format_is_refused(changes: dict[str, Any]) -> None:
    value = json.loads(REPORT.encode()) | changes
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(ReportUnreadable):
        OldReport.decode(data)


def test_a_store_reads_it_only_where_any_format_will_do(tmp_path: Path) -> None:
    store, data = ReportStore(tmp_path), REPORT.encode()
    digest = blake2_256(data)
    store.path(digest).write_bytes(data)
    assert store.get_any(digest) == REPORT
    with pytest.raises(ReportUnreadable, match="not bcfl-report/5"):
        store.get(digest)
