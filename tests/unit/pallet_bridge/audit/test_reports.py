"""A coordinator that lies in the report whose digest it puts on chain: no file is changed later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.run import audit_on
from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.run.journal import read_run
from tests.unit.pallet_bridge.conftest import BAD, COORDINATOR, NODES, Lie, with_entry, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.run.reports import RoundReport

Liar = Callable[[Lie], tuple[Finding, ...]]


@pytest.fixture
def findings_on(chain: EmbeddedClient, tmp_path: Path) -> Liar:
    """Audits a coordinator that lies in the report whose digest it puts on chain."""

    def audited(lie: Lie) -> tuple[Finding, ...]:
        folder = write_run(chain, tmp_path / "lie", rounds=1, lie=lie).folder
        return audit_on(chain, folder, read_run(folder), closed=True).findings

    return audited


@pytest.mark.slow
def test_a_bad_signature_is_named(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        signature = report.entries[0].signature
        return with_entry(report, 1, replace(report.entries[1], signature=signature))

    (finding,) = findings_on(lie)
    assert (finding.kind, finding.round) == ("signature", 0)
    assert str(NODES[1].account) in finding.statement


def test_another_update_under_a_commitment_is_named(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        return with_entry(report, 2, replace(report.entries[2], revealed=b"\7" * 32))

    accepted, opened, rooted = findings_on(lie)
    kinds = accepted.kind, opened.kind, opened.round, rooted.kind
    assert kinds == ("commitment", "opening", 0, "root")
    assert "revealed something else" in accepted.statement
    assert str(NODES[2].account) in opened.statement


def test_another_coordinator_or_other_terms_than_the_chains_are_named(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        return replace(report, coordinator=BAD, terms_hash=b"\2" * 32)

    findings = findings_on(lie)
    assert [finding.kind for finding in findings] == ["report", "report"]
    assert "the report's coordinator" in findings[0].statement
    assert "the report's terms hash" in findings[1].statement


def test_an_entry_of_somebody_who_never_committed_is_named(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        commitment = commitment_hash(COORDINATOR.account, b"\1" * 32, bytes(32))
        said = statement_hash(report.binding, COORDINATOR.account, commitment, 9)
        forged = replace(
            report.entries[1],
            account=COORDINATOR.account,
            num_examples=9,
            commitment=commitment,
            revealed=commitment,
            signature=COORDINATOR.sign(said),
        )
        return replace(report, entries=(*report.entries, forged))

    (finding,) = findings_on(lie)
    assert (finding.kind, finding.account) == ("commitment", COORDINATOR.account)


def test_an_entry_that_is_left_out_is_named(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        return replace(report, entries=report.entries[1:])

    findings = findings_on(lie)
    assert ("completeness", BAD) in {(finding.kind, finding.account) for finding in findings}
    assert "root" in {finding.kind for finding in findings}


def test_a_score_that_is_not_the_settled_one_breaks_the_root(findings_on: Liar) -> None:
    def lie(report: RoundReport) -> RoundReport:
        return with_entry(report, 1, replace(report.entries[1], score=41_000))

    (finding,) = findings_on(lie)
    assert (finding.kind, finding.round) == ("root", 0)


def test_a_report_on_another_model_is_named(findings_on: Liar) -> None:
    (finding,) = findings_on(lambda report: replace(report, model=b"\x55" * 32))
    assert (finding.kind, finding.round) == ("report", 0)
    assert "the report's model is 5555" in finding.statement
