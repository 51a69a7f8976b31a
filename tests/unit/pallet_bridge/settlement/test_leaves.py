"""Roots on the embedded chain: what is left to apply, and roots that are not their report's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_on
from pallet_bridge.errors import EncodingError, ReportMissing, RootDiffers
from pallet_bridge.errors.pallet import AlreadyJudged
from pallet_bridge.run.journal import Journal, RunHeader, read_run
from pallet_bridge.run.reports import ReportStore, RoundReport
from pallet_bridge.settlement.claims import waiting_rewards
from pallet_bridge.settlement.leaves import leaves_of_report, open_leaves
from pallet_bridge.settlement.merkle import settlement_root, totals_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import UNIT, Planck, Totals
from tests.unit.pallet_bridge.conftest import (
    BAD,
    COORDINATOR,
    NODES,
    TERMS,
    committed_update,
    entry_of,
    found,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.client.embedded import EmbeddedClient

MODEL = b"\1" * 32


@dataclass(frozen=True)
class Posted:
    """A round that was settled by a root."""

    federation: int
    journal: Journal
    chain: EmbeddedClient

    def audit(self) -> AuditReport:
        folder = self.journal.folder
        return audit_on(self.chain, folder, read_run(folder), closed=False)

    def apply(self) -> None:
        until = self.chain.round(self.federation, 0).settlement.dispute_until  # type: ignore[union-attr]
        self.chain.wait_until_block(until, timeout=60)
        left = open_leaves(self.chain, self.federation, 0, self.journal.reports)
        assert left is not None
        assert left.dispute_until == until
        for call in left.calls(self.federation):
            self.chain.execute(call, NODES[1])


def post(
    chain: EmbeddedClient,
    folder: Path,
    lie: Callable[[Totals], Totals] = lambda totals: totals,
) -> Posted:
    federation = found(chain)
    header = RunHeader("embedded", chain.genesis_hash, federation, 1, COORDINATOR.account)
    journal = Journal.create(folder, header)
    chain.execute(calls.open_round(federation, bytes(32)), COORDINATOR)
    signed = [committed_update(chain, federation, 0, node) for node in NODES]
    entries = [one.entry() for one in signed]
    chain.execute(calls.commit_batch(federation, 0, entries), COORDINATOR)
    report = RoundReport(
        genesis=chain.genesis_hash,
        federation=federation,
        round=0,
        coordinator=COORDINATOR.account,
        terms_version=1,
        terms_hash=hash_of_terms(TERMS),
        base_model=bytes(32),
        model=MODEL,
        entries=tuple(entry_of(index, one) for index, one in enumerate(signed)),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )
    digest = journal.reports.put(report)
    round_ = chain.round(federation, 0)
    assert round_ is not None
    leaves = leaves_of_report(chain, report, round_)
    call = calls.settle_root(
        federation,
        0,
        MODEL,
        digest,
        root=settlement_root(leaves),
        totals=lie(totals_of(leaves)),
    )
    journal.append_receipt(chain.execute(call, COORDINATOR))
    return Posted(federation, journal, chain)


@pytest.mark.slow
def test_leaves_pay_and_strike_once_they_are_applied(chain: EmbeddedClient, tmp_path: Path) -> None:
    posted = post(chain, tmp_path / "run")
    report = posted.audit()
    assert report.ok, report.findings
    assert waiting_rewards(chain, posted.federation) == {}
    posted.apply()
    share = Planck(15 * UNIT)
    assert waiting_rewards(chain, posted.federation) == {
        node.account: {0: share} for node in NODES[1:]
    }
    member = chain.participant(posted.federation, BAD)
    assert member is not None
    assert member.strikes == 1
    assert open_leaves(chain, posted.federation, 0, posted.journal.reports) is None
    report = posted.audit()
    assert report.ok, report.findings


@pytest.mark.slow
def test_a_batch_with_a_leaf_that_is_applied_changes_nothing(
    chain: EmbeddedClient, tmp_path: Path
) -> None:
    posted = post(chain, tmp_path / "run")
    chain.wait_until_block(chain.head().number + TERMS.dispute_blocks, timeout=60)
    left = open_leaves(chain, posted.federation, 0, posted.journal.reports)
    assert left is not None
    chain.execute(calls.apply_leaf(posted.federation, 0, left.leaves[1]), NODES[2])
    (call,) = left.calls(posted.federation)
    with pytest.raises(AlreadyJudged):
        chain.execute(call, NODES[1])
    again = open_leaves(chain, posted.federation, 0, posted.journal.reports)
    assert again is not None
    assert again.leaves == (left.leaves[0], left.leaves[2])


def test_without_its_report_a_root_can_not_be_applied(
    chain: EmbeddedClient, tmp_path: Path
) -> None:
    posted = post(chain, tmp_path / "run")
    with pytest.raises(ReportMissing):
        open_leaves(chain, posted.federation, 0, ReportStore(tmp_path / "empty"))


def test_totals_that_the_report_does_not_come_to_are_named(
    chain: EmbeddedClient, tmp_path: Path
) -> None:
    posted = post(
        chain, tmp_path / "run", lambda totals: replace(totals, rewards=Planck(totals.rewards - 1))
    )
    findings = posted.audit().findings
    assert {finding.kind for finding in findings} == {"root", "reward"}
    assert "the report comes to 2 accepted, 1 rejected" in findings[0].statement


def test_a_report_that_leaves_an_account_out_comes_to_no_leaves(
    chain: EmbeddedClient, tmp_path: Path
) -> None:
    posted = post(chain, tmp_path / "run")
    (digest,) = posted.journal.reports.digests()
    report = posted.journal.reports.get(digest)
    round_ = chain.round(posted.federation, 0)
    assert round_ is not None
    left_out = report.entries[1].account
    short = replace(report, entries=(report.entries[0], report.entries[2]))
    with pytest.raises(EncodingError, match=f"no verdict on {left_out}"):
        leaves_of_report(chain, short, round_)


def test_a_root_that_is_not_its_reports_is_not_applied(
    chain: EmbeddedClient, tmp_path: Path
) -> None:
    posted = post(chain, tmp_path / "run")
    (digest,) = posted.journal.reports.digests()
    honest = posted.journal.reports.get(digest)
    lie = replace(honest, entries=(replace(honest.entries[0], score=1), *honest.entries[1:]))

    class Lying(ReportStore):
        def get(self, digest: bytes) -> RoundReport:
            del digest
            return lie

    with pytest.raises(RootDiffers, match="round 0"):
        open_leaves(chain, posted.federation, 0, Lying(tmp_path))
