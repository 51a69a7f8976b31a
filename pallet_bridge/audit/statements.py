"""Statements about what members signed: each signature, and each commitment that can be opened.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.grounds import OPENED, coordinator_name
from pallet_bridge.settlement.report_checks import entry_problems
from pallet_bridge.types import RoundBinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.run.reports import ReportEntry
    from pallet_bridge.types import Round

SIGNED = "statements signed by their accounts"
AS_SIGNED = "commitments taken as signed, whose openings are not at hand"
UNFIT = "updates said not to fit their commitment"
UNREVEALED = "commitments of which it says that nothing was revealed"


def check_statements(audited: AuditedRun) -> Iterator[Finding]:
    """Check each entry's signature over what the chain has stored, and open its commitment."""
    for number, round_, report in audited.reported():
        binding = RoundBinding.of(audited.key(number), round_)
        commitments = audited.facts.commitments.get(number, {})
        openings = audited.openings.get(number, {})
        for entry in report.entries:
            opened = openings.get(entry.account)
            on_chain = commitments.get(entry.account)
            found = list(entry_problems(entry, on_chain, opened, binding))
            for kind, statement in found:
                yield Finding(kind, number, entry.account, statement)
            _count(audited, round_, entry, opened, {kind for kind, _ in found})
        for account in sorted(openings.keys() - {entry.account for entry in report.entries}):
            statement = f"round {number}: the openings tell of {account}, the report does not"
            yield Finding("opening", number, account, statement)
        whose = coordinator_name(round_.coordinator)
        audited.grounds.believe(whose, UNREVEALED, len(report.unrevealed))


def _count(
    audited: AuditedRun,
    round_: Round,
    entry: ReportEntry,
    opened: OpenedUpdate | None,
    wrong: set[str],
) -> None:
    grounds, whose = audited.grounds, coordinator_name(round_.coordinator)
    if "commitment" in wrong:
        return
    if entry.signature is not None and "signature" not in wrong:
        grounds.prove(SIGNED)
    if not entry.fits or entry.signature is None:  # the server may have made up what came
        grounds.believe(whose, UNFIT)
    elif opened is None:
        grounds.believe(whose, AS_SIGNED)
    elif "opening" not in wrong:
        grounds.recompute(OPENED)
