from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError, ReportMissing, ReportTampered, ReportUnreadable
from pallet_bridge.run.judgements import Evidence, Judgement, Level, Step
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import (
    NOTHING,
    ReportEntry,
    ReportStore,
    RoundReport,
    Unrevealed,
)
from pallet_bridge.types import AccountId, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def account(index: int) -> AccountId:
    return AccountId(bytes([index]) * 32)


def entry(index: int) -> ReportEntry:
    return ReportEntry(
        account=account(index),
        node_id=2**64 - index,
        num_examples=10,
        commitment=b"\3" * 32,
        signature=b"\4" * 64,
        revealed=b"\3" * 32,
        outcome=Outcome.ACCEPTED,
        score=-1_500_000,
        reason=0,
        weight=3,
        detail="ünïcode",
        share=None if index == 1 else 250_000_000,
    )


MISFIT = replace(
    entry(3), signature=None, revealed=b"\2" * 32, outcome=Outcome.REJECTED, reason=4, weight=0
)
REPORT = RoundReport(
    genesis=b"\5" * 32,
    federation=1,
    round=2,
    coordinator=account(9),
    terms_version=4,
    terms_hash=b"\x08" * 32,
    base_model=b"\6" * 32,
    model=b"\7" * 32,
    entries=(entry(1), MISFIT),
    unrevealed=(Unrevealed(account(2), b"\x0a" * 32, 77), Unrevealed(account(4), bytes(32), 1)),
    absent=(Absent(3, None, 1, "silent"), Absent(4, AccountId(bytes(32)), 5, "unsigned")),
    defense="cluster",
    parameters={"sensitivity": "0.5"},
    states={"outliers": "{}"},
    timings_us={"judge": 1200},
)


def test_a_report_reads_back_as_it_was() -> None:
    assert RoundReport.decode(REPORT.encode()) == REPORT


def test_the_bytes_do_not_depend_on_the_order_of_arrival() -> None:
    shuffled = replace(
        REPORT,
        entries=REPORT.entries[::-1],
        unrevealed=REPORT.unrevealed[::-1],
        absent=REPORT.absent[::-1],
    )
    assert shuffled.encode() == REPORT.encode()
    assert shuffled.digest == REPORT.digest


def test_the_digest_is_of_the_canonical_bytes() -> None:
    assert REPORT.digest == blake2_256(REPORT.encode())
    assert json.loads(REPORT.encode())["format"] == "bcfl-report/4"
    assert REPORT.digest.hex() == "6b82d8a9cea3d7197e66f33a300ba06112c9e1b9aae89eecf8a66bf1213f36d6"
    assert replace(REPORT, defense="other").digest != REPORT.digest


JUDGED = replace(
    REPORT,
    evidence=Evidence(
        Level.UPDATES,
        (
            Judgement("outliers", "krum", 2, {"f": "1"}, b"b" * 32, b"a" * 32, b"i" * 32),
            Judgement("own", gap="the plugin does not say what it decides on"),
        ),
        "weighted_mean/1",
        b"u" * 32,
    ),
)


def test_one_that_says_how_its_round_was_decided_is_of_a_format_of_its_own() -> None:
    assert json.loads(JUDGED.encode())["format"] == "bcfl-report/5"
    assert JUDGED.digest.hex() == "27fdd724180e08e8ffb4bb61654d7ab4cf2b533f22cddb84facc7cc54b2eba4c"
    assert RoundReport.decode(JUDGED.encode()) == JUDGED


STEP = Step("adam/1", {"eta": "0.1", "server_round": "3"}, b"n" * 32, b"m" * 32)
STEPPED = replace(JUDGED, evidence=replace(JUDGED.evidence, step=STEP))  # type: ignore[type-var]


def test_one_with_a_step_of_the_server_is_of_a_format_of_its_own() -> None:
    assert json.loads(STEPPED.encode())["format"] == "bcfl-report/6"
    assert (
        STEPPED.digest.hex() == "1ed6e44de804eba674a76d27ce8bc2054b38112e1c9d88dd61bf8372b000599e"
    )
    assert RoundReport.decode(STEPPED.encode()) == STEPPED


SIGNED = replace(
    JUDGED,
    evidence=replace(
        JUDGED.evidence,  # type: ignore[type-var]
        level=Level.SKETCH,
        average="sketched_sum/1",
        updates=None,
        sketches=b"s" * 32,
    ),
)


def test_one_with_signed_sketches_is_of_a_format_of_its_own() -> None:
    assert json.loads(SIGNED.encode())["format"] == "bcfl-report/7"
    assert SIGNED.digest.hex() == (
        "c94012829596f067d701bac2467f15522dd7f08a65c52b19d971377f49b37deb"
    )
    assert RoundReport.decode(SIGNED.encode()) == SIGNED


def test_signed_sketches_and_a_step_are_not_written_into_one_report() -> None:
    assert SIGNED.evidence is not None
    both = replace(SIGNED, evidence=replace(SIGNED.evidence, step=STEP))
    with pytest.raises(EncodingError, match="both a server step and signed sketches"):
        both.encode()


@pytest.mark.parametrize("told", ["bcfl-report/6", "bcfl-report/5", "bcfl-report/4"])
def test_signed_sketches_in_a_report_of_another_format_are_no_report(told: str) -> None:
    value = json.loads(SIGNED.encode()) | {"format": told}
    with pytest.raises(ReportUnreadable):
        RoundReport.decode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("told", ["bcfl-report/5", "bcfl-report/4"])
def test_a_step_in_a_report_of_another_format_is_no_report(told: str) -> None:
    value = json.loads(STEPPED.encode()) | {"format": told}
    with pytest.raises(ReportUnreadable):
        RoundReport.decode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        {},
        {"level": "everything", "average": "", "updates": None, "judgements": []},
        {"level": "updates", "average": "", "updates": "00", "judgements": []},
        {"level": "updates", "average": "", "updates": None, "judgements": [{}]},
    ],
)
def test_what_says_it_otherwise_is_no_report(evidence: object) -> None:
    value = json.loads(JUDGED.encode()) | {"evidence": evidence}
    with pytest.raises(ReportUnreadable):
        RoundReport.decode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def test_it_holds_neither_a_digest_of_an_update_nor_a_salt() -> None:
    (first, _) = json.loads(REPORT.encode())["entries"]
    assert sorted(first) == [
        "account",
        "commitment",
        "detail",
        "node_id",
        "num_examples",
        "outcome",
        "reason",
        "revealed",
        "score",
        "share",
        "signature",
        "weight",
    ]


def test_every_commitment_has_a_verdict_in_order_of_account() -> None:
    said = [(v.account, v.outcome, v.revealed) for v in REPORT.verdicts()]
    assert said == [
        (account(1), Outcome.ACCEPTED, b"\3" * 32),
        (account(2), Outcome.EXCLUDED, NOTHING),
        (account(3), Outcome.REJECTED, b"\2" * 32),
        (account(4), Outcome.EXCLUDED, NOTHING),
    ]


def test_it_binds_its_statements_to_coordinator_model_and_terms() -> None:
    binding = REPORT.binding
    assert (binding.coordinator, binding.base_model, binding.terms_hash) == (
        account(9),
        b"\6" * 32,
        b"\x08" * 32,
    )
    assert binding.key == REPORT.key


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
        edit(format="bcfl-report/3"),
        edit(format="bcfl-report/5"),
        edit(coordinator="nobody"),
        edit(terms_hash="00"),
        edit(unrevealed=json.loads(REPORT.encode())["unrevealed"][::-1]),
        edit(unrevealed=[{"account": str(account(2))}]),
        edit(entries=[json.loads(REPORT.encode())["entries"][0] | {"salt": "00" * 32}]),
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
    assert store.get(digest) == store.get_any(digest) == REPORT
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
    for read in (store.get, store.get_any):
        with pytest.raises(ReportUnreadable):
            read(blake2_256(b"[]"))
