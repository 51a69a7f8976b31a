from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError, ReportMissing, ReportTampered, ReportUnreadable
from pallet_bridge.run.reports import Absent, ReportEntry, ReportStore, RoundReport
from pallet_bridge.types import AccountId, CommittedUpdate, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def entry(index: int) -> ReportEntry:
    account = AccountId(bytes([index]) * 32)
    signed = CommittedUpdate(account, b"\1" * 32, 10, b"\2" * 32, b"\3" * 32, b"\4" * 64)
    share = None if index == 1 else 250_000_000
    return ReportEntry(2**64 - index, signed, Outcome.ACCEPTED, -1_500_000, 0, 3, "ünïcode", share)


REPORT = RoundReport(
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
    assert RoundReport.decode(REPORT.encode()) == REPORT


def test_the_bytes_do_not_depend_on_the_order_of_arrival() -> None:
    shuffled = replace(REPORT, entries=REPORT.entries[::-1], absent=REPORT.absent[::-1])
    assert shuffled.encode() == REPORT.encode()
    assert shuffled.digest == REPORT.digest


def test_the_digest_is_of_the_canonical_bytes() -> None:
    assert REPORT.digest == blake2_256(REPORT.encode())
    assert json.loads(REPORT.encode())["format"] == "bcfl-report/3"
    assert REPORT.digest.hex() == "47dde6d84804f05a74e044ab15740fad016aabd4195d9fad3aa0ea646672c2b2"
    assert replace(REPORT, defense="other").digest != REPORT.digest


def test_wide_integers_are_text_so_that_any_language_reads_them() -> None:
    value = json.loads(REPORT.encode())
    assert value["entries"][0]["node_id"] == str(2**64 - 1)


def test_a_float_does_not_get_into_a_report() -> None:
    timings: Any = {"judge": 0.5}
    with pytest.raises(EncodingError, match="float"):
        replace(REPORT, timings_us=timings).encode()


def edit(**changes: Any) -> bytes:
    value = json.loads(REPORT.encode()) | changes
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"",
        REPORT.encode() + b"\n",
        REPORT.encode().replace(b'"round":2', b'"round": 2'),
        edit(format="bcfl-report/2"),
        edit(extra=1),
        edit(round="2"),
        edit(genesis="00"),
        edit(entries=[{}]),
        edit(entries=json.loads(REPORT.encode())["entries"][::-1]),
        edit(absent=None),
    ],
)
def test_what_is_not_a_canonical_report_is_refused(data: bytes) -> None:
    with pytest.raises(ReportUnreadable):
        RoundReport.decode(data)


def test_a_stored_report_is_found_by_its_digest(tmp_path: Path) -> None:
    store = ReportStore(tmp_path / "reports")
    digest = store.put(REPORT)
    assert store.put(REPORT) == digest == REPORT.digest
    assert store.get(digest) == REPORT
    assert store.path(digest).name == f"{digest.hex()}.json"
    assert store.digests() == (digest,)


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportMissing) as raised:
        ReportStore(tmp_path).get(bytes(32))
    assert raised.value.path == tmp_path / f"{'00' * 32}.json"


def test_a_changed_report_names_file_and_both_digests(tmp_path: Path) -> None:
    store = ReportStore(tmp_path)
    digest = store.put(REPORT)
    path = store.path(digest)
    changed = path.read_bytes().replace(b'"score":-1500000', b'"score":+1500000')
    path.write_bytes(changed)
    with pytest.raises(ReportTampered) as raised:
        store.get(digest)
    error = raised.value
    assert (error.path, error.expected, error.found) == (path, digest, blake2_256(changed))


def test_a_file_with_the_right_digest_that_is_no_report_is_refused(tmp_path: Path) -> None:
    store = ReportStore(tmp_path)
    store.path(blake2_256(b"[]")).write_bytes(b"[]")
    with pytest.raises(ReportUnreadable):
        store.get(blake2_256(b"[]"))
