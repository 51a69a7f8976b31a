"""What a coordinator says and nobody can check yet, and what it says that does not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.audit.grounds import OPENED, coordinator_name
from pallet_bridge.audit.run import audit_on
from pallet_bridge.audit.statements import AS_SIGNED
from pallet_bridge.run.journal import LINES, OPENINGS, REPORTS, read_run
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.unit.pallet_bridge.conftest import BAD, COORDINATOR, NODES, with_entry, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.run.reports import RoundReport
    from tests.unit.pallet_bridge.conftest import Lie, Run

WHOSE = coordinator_name(COORDINATOR.account)
ROUNDS = 2
MakeRun = Callable[..., "Run"]


def honest(report: RoundReport) -> RoundReport:
    return report


@pytest.fixture
def run(bcfl_chain: EmbeddedClient, tmp_path: Path) -> MakeRun:
    """Make a run of two rounds. One of three honest members is rejected in each, for nothing."""

    def make(lie: Lie = honest) -> Run:
        return write_run(bcfl_chain, tmp_path / "run", rounds=ROUNDS, lie=lie)

    return make


def audit(made: Run) -> AuditReport:
    return audit_on(made.chain, made.folder, read_run(made.folder), closed=True)


def kinds(report: AuditReport) -> set[str]:
    return {finding.kind for finding in report.findings}


@cheat(
    Role.SERVER,
    "Rejects the update of an honest member, again and again.",
    Comes.WORD,
    "The coordinator's, where nothing is published to decide again from: strikes and slash follow "
    "from its verdicts. Who trusts it less lets a committee attest (`coupling`), and disputes.",
)
def test_false_verdicts(run: MakeRun) -> None:
    made = run()
    report = audit(made)
    assert report.findings == ()
    words = report.grounds.words[WHOSE]
    assert words["verdicts, with scores, reasons and shares"] == ROUNDS * len(NODES)
    assert words["reasons why a round was aborted"] == 1
    # the update fits, so the honest member lost a tenth of its stake to that word alone
    assert report.grounds.recomputed[OPENED] == ROUNDS * len(NODES)
    assert report.grounds.recomputed["slashes"] == 1
    _, _, believed = report.grounds.totals
    assert believed > 0


@cheat(
    Role.SERVER,
    "Settles a model that is not the average of what it accepted.",
    Comes.WORD,
    "The coordinator's, where the updates are not published. The next round has to go on from that "
    "model.",
)
def test_a_model_that_is_no_average(run: MakeRun) -> None:
    report = audit(run())  # its models are made-up bytes
    assert report.findings == ()
    assert report.grounds.words[WHOSE]["averages of the accepted updates"] == ROUNDS


@cheat(
    Role.SERVER,
    "Weighs rewards as it likes.",
    Comes.WORD,
    "The coordinator's, up to `max_share` an account; that the money follows is recomputed.",
)
def test_weights_of_its_choice(run: MakeRun) -> None:
    report = audit(run())
    accepted = ROUNDS * (len(NODES) - 1)
    assert report.grounds.words[WHOSE]["weights of rewards"] == accepted
    assert report.grounds.recomputed["rewards"] == accepted


@cheat(
    Role.SERVER,
    "Hides what opens the commitments, so that nobody can see what was in them.",
    Comes.WORD,
    "The coordinator's: the audit counts each as taken as signed, and none as opened.",
)
def test_openings_that_are_hidden(run: MakeRun) -> None:
    made = run()
    shutil.rmtree(made.folder / OPENINGS)
    report = audit(made)
    assert report.findings == ()
    assert report.grounds.words[WHOSE][AS_SIGNED] == ROUNDS * len(NODES)
    assert OPENED not in report.grounds.recomputed


@cheat(
    Role.SERVER,
    "Publishes a report with milder verdicts than it settled.",
    Comes.FOUND,
    "Its verdicts give another root than the one on chain.",
)
def test_a_report_that_is_not_what_was_settled(run: MakeRun) -> None:
    def milder(report: RoundReport) -> RoundReport:
        entry = replace(report.entries[0], score=39_000, reason=0)
        return with_entry(report, 0, entry)

    report = audit(run(milder))
    assert kinds(report) == {"root"}
    assert [finding.round for finding in report.findings] == [*range(ROUNDS)]


@cheat(
    Role.SERVER,
    "Leaves a member out of its report that has a verdict on chain.",
    Comes.FOUND,
    "A commitment on chain without a line in the report.",
)
def test_a_report_that_leaves_a_member_out(run: MakeRun) -> None:
    report = audit(run(lambda told: replace(told, entries=told.entries[1:])))
    missing = {f.account for f in report.findings if f.kind == "completeness"}
    assert missing == {BAD}


@cheat(
    Role.SERVER,
    "Reports a round under other terms, or on another model, than the members signed for.",
    Comes.FOUND,
    "The chain has both, and so has each signature.",
)
def test_a_report_on_something_else(run: MakeRun) -> None:
    def elsewhere(report: RoundReport) -> RoundReport:
        return replace(report, terms_hash=b"\x31" * 32, model=b"\x32" * 32)

    report = audit(run(elsewhere))
    said = [finding.statement for finding in report.findings if finding.kind == "report"]
    assert len(said) == 2 * ROUNDS
    assert any("terms hash" in one for one in said)
    assert any("the report's model" in one for one in said)


@cheat(
    Role.SERVER,
    "Changes a report after the run.",
    Comes.FOUND,
    "Its digest is on chain.",
)
def test_a_report_that_is_changed_later(run: MakeRun) -> None:
    made = run()
    first, *_ = sorted((made.folder / REPORTS).iterdir())
    first.write_bytes(first.read_bytes().replace(b'"reason":7', b'"reason":0'))
    report = audit(made)
    assert "report" in kinds(report)
    assert any("was changed" in finding.statement for finding in report.findings)


@cheat(
    Role.SERVER,
    "Takes a round out of the journal, as if it had not been.",
    Comes.FOUND,
    "The chain has the round.",
)
def test_a_journal_without_a_round(run: MakeRun) -> None:
    made = run()
    journal = made.folder / LINES
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line).get("round") != 1]
    assert len(kept) < len(lines)
    journal.write_text("".join(kept), encoding="utf-8")
    report = audit(made)
    assert ("journal", 1) in {(finding.kind, finding.round) for finding in report.findings}
