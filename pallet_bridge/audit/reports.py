"""Statements about the reports: they judge who committed, as the chain has it.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what it
looked at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.errors import EncodingError
from pallet_bridge.settlement.merkle import leaves_of, settlement_root, totals_of
from pallet_bridge.settlement.report_checks import entry_problems, report_problems
from pallet_bridge.types import Outcome, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.types import Leaf, Settlement, Totals


def check_reports(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each report speaks of the round that it is the report of."""
    for number, round_, _ in audited.settled():
        report = audited.reports.get(number)
        if report is None:
            continue
        audited.checks["reports"] += 1
        for statement in report_problems(report, audited.key(number), round_):
            yield Finding("report", number, None, statement)


def check_entries(audited: AuditedRun) -> Iterator[Finding]:
    """Check that a report judges exactly the accounts that the chain has a verdict on.

    A root's verdicts come one by one, so there the chain may lack some that the report has.
    """
    for number, _, settlement in audited.settled():
        report = audited.reports.get(number)
        if report is None:
            continue
        commitments = audited.facts.commitments.get(number, {})
        judged = {account for account, found in commitments.items() if found.judged}
        entries = Counter(entry.account for entry in report.entries)
        for account in sorted(judged - set(entries)):
            statement = f"round {number}: the report says nothing of {account}, who was judged"
            yield Finding("entry", number, account, statement)
        for account, count in sorted(entries.items()):
            may_wait = settlement.mode is SettlementMode.MERKLE and account in commitments
            if account not in judged and not may_wait:
                statement = f"round {number}: the report judges {account}, the chain did not"
                yield Finding("entry", number, account, statement)
            if count > 1:
                statement = f"round {number}: the report judges {account} {count} times"
                yield Finding("entry", number, account, statement)


def check_commitments(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each entry opens the commitment on chain and that its account signed it."""
    for number, _, _ in audited.settled():
        report = audited.reports.get(number)
        for entry in () if report is None else report.entries:
            audited.checks["commitments"] += 1
            audited.checks["signatures"] += 1
            on_chain = audited.facts.commitments.get(number, {}).get(entry.account)
            for kind, statement in entry_problems(entry, on_chain, audited.key(number)):
                yield Finding(kind, number, entry.account, statement)


def check_roots(audited: AuditedRun) -> Iterator[Finding]:
    """Check that the verdicts of each report give the root on chain."""
    for number, settlement, leaves in leaves_by_round(audited):
        audited.checks["settlement roots"] += 1
        try:
            root = settlement_root(leaves)
        except EncodingError as error:
            yield Finding("root", number, None, f"round {number}: {error}")
            continue
        if root != settlement.root:
            statement = (
                f"round {number}: outcomes, scores, reasons and weights of the report give the "
                f"root {root.hex()}, the chain has {settlement.root.hex()}"
            )
            yield Finding("root", number, None, statement)
        elif (totals := totals_of(leaves)) != settlement.totals:
            statement = (
                f"round {number}: the report comes to {_totals(totals)}, the settlement says "
                f"{_totals(settlement.totals)}"
            )
            yield Finding("root", number, None, statement)


def check_strikes(audited: AuditedRun) -> Iterator[Finding]:
    """Check that journal and report tell the strikes that the chain gave."""
    for number, _, settlement in audited.settled():
        given = {seen.event.account(): seen for seen in audited.facts.of("Struck", number)}
        report, line = audited.reports.get(number), audited.line(number)
        judged = {
            a for a, found in audited.facts.commitments.get(number, {}).items() if found.judged
        }
        audited.checks["strikes"] += len(given)
        for entry in () if report is None else report.entries:
            if settlement.mode is SettlementMode.MERKLE and entry.account not in judged:
                continue  # nobody has applied this leaf yet
            event = given.get(entry.account)
            if (event is None) == (entry.outcome is Outcome.REJECTED):
                said = entry.outcome.value.lower()
                done = "no strike" if event is None else "a strike"
                statement = f"round {number}: {entry.account} is {said} and got {done}"
                yield Finding("strike", number, entry.account, statement)
        told = {} if line is None else line.strikes
        counts = {
            account: seen.event.integer("strikes")
            for account, seen in given.items()
            if seen.block.number == settlement.settled_at
        }
        for account in sorted({*counts, *told}) if line is not None else ():
            if told.get(account) != counts.get(account):
                statement = (
                    f"round {number}: the journal gives {account} {told.get(account, 'no')} "
                    f"strikes, the chain {counts.get(account, 'no')}"
                )
                yield Finding("strike", number, account, statement)


def leaves_by_round(audited: AuditedRun) -> Iterator[tuple[int, Settlement, tuple[Leaf, ...]]]:
    """Give the leaves that each settled round's report comes to under the terms of the round."""
    for number, round_, settlement in audited.settled():
        report = audited.reports.get(number)
        if report is None:
            continue
        known = {a: c.hash for a, c in audited.facts.commitments.get(number, {}).items()}
        verdicts = [entry.verdict() for entry in report.entries if entry.account in known]
        budget = audited.facts.terms[round_.terms_version].round_reward
        yield number, settlement, leaves_of(verdicts, known, budget)


def _totals(totals: Totals) -> str:
    counts = f"{totals.accepted} accepted, {totals.rejected} rejected, {totals.excluded} excluded"
    return f"{counts}, {totals.strikes} strikes, {totals.rewards} planck"
