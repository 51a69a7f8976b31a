"""Runs whose coordinator tells the truth about what it did, whatever that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_on
from pallet_bridge.run.journal import OPENINGS, Journal, RunHeader, read_run
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.run.openings import OpenedUpdate, OpeningStore, RoundOpenings
from pallet_bridge.run.reports import ReportEntry, RoundReport
from tests.cheats.moves import NEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.types import AccountId, CommittedUpdate, MemberVerdict
    from tests.cheats.moves import OpenRound


def settle_on_record(
    folder: Path,
    round_: OpenRound,
    made: Sequence[CommittedUpdate],
    verdicts: Mapping[AccountId, MemberVerdict],
) -> AuditReport:
    """Settle a run's only round, write down what was settled, and audit that."""
    chain, coordinator, bound = round_.chain, round_.federation.coordinator, round_.binding
    header = RunHeader(
        "embedded", bound.genesis, bound.federation, 7, coordinator.account, bound.round
    )
    journal = Journal.create(folder, header)
    stored = chain.round(*round_.place)
    assert stored is not None
    report = RoundReport(
        genesis=bound.genesis,
        federation=bound.federation,
        round=bound.round,
        coordinator=bound.coordinator,
        terms_version=stored.terms_version,
        terms_hash=bound.terms_hash,
        base_model=bound.base_model,
        model=NEXT,
        entries=tuple(_entry(node, one, verdicts[one.account]) for node, one in enumerate(made)),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )
    digest = journal.reports.put(report)
    opened = tuple(OpenedUpdate(one.account, one.update_digest, one.salt) for one in made)
    OpeningStore(folder / OPENINGS).put(
        RoundOpenings(bound.genesis, bound.federation, bound.round, opened)
    )
    call = calls.settle(*round_.place, NEXT, digest, report.verdicts())
    journal.append_receipt(chain.execute(call, coordinator))
    journal.append(EndLine(bound.round + 1))
    return audit_on(chain, folder, read_run(folder), closed=True)


def _entry(node: int, made: CommittedUpdate, said: MemberVerdict) -> ReportEntry:
    return ReportEntry(
        account=made.account,
        node_id=node,
        num_examples=made.num_examples,
        commitment=made.commitment,
        signature=made.signature,
        revealed=said.revealed,
        outcome=said.outcome,
        score=said.score,
        reason=said.reason,
        weight=said.weight,
        detail="",
    )
