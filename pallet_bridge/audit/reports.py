"""Statements about the reports: what they say of a round is what the chain has settled.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what does.
What nobody can check from them is counted as the word of whoever said it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pallet_bridge import encoding_v1
from pallet_bridge.audit.audited import Finding, ReplayedRound
from pallet_bridge.audit.grounds import (
    AVERAGES,
    DRAWN,
    INVITERS,
    MEMBERS,
    VERDICTS,
    VOUCHERS,
    coordinator_name,
)
from pallet_bridge.encoding import leaf_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.old_reports import OldReport
from pallet_bridge.settlement.merkle import (
    settlement_root,
    totals_of,
)
from pallet_bridge.settlement.report_checks import report_problems
from pallet_bridge.types import Outcome, RoundState, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import Event, Totals


def check_reports(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each report speaks of the round that it is the report of."""
    for number, round_, _ in audited.settled():
        report = audited.reports.get(number)
        if report is None:
            continue
        problems = list(report_problems(report, audited.key(number), round_))
        for statement in problems:
            yield Finding("report", number, None, statement)
        if not problems:
            audited.grounds.recompute("reports that speak of their round")


def check_roots(audited: AuditedRun) -> Iterator[Finding]:
    """Check that the verdicts of each report give the root on chain."""
    for number, settlement, leaves in audited.leaves():
        is_old = isinstance(audited.reports[number], OldReport)
        try:
            root = settlement_root(leaves, encoding_v1.leaf_hash if is_old else leaf_hash)
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
        else:
            audited.grounds.recompute("settlement roots")


def check_strikes(audited: AuditedRun) -> Iterator[Finding]:
    """Check that journal and report tell the strikes that the chain gave."""
    for number, _, settlement in audited.settled():
        given = {seen.event.account(): seen for seen in audited.facts.of("Struck", number)}
        report, line = audited.reports.get(number), audited.line(number)
        judged = {
            a for a, found in audited.facts.commitments.get(number, {}).items() if found.judged
        }
        for verdict in () if report is None else report.verdicts():
            if settlement.mode is SettlementMode.MERKLE and verdict.account not in judged:
                continue  # nobody has applied this leaf yet
            event = given.get(verdict.account)
            if (event is None) == (verdict.outcome is Outcome.REJECTED):
                said = verdict.outcome.value.lower()
                done = "no strike" if event is None else "a strike"
                statement = f"round {number}: {verdict.account} is {said} and got {done}"
                yield Finding("strike", number, verdict.account, statement)
            elif event is not None:
                audited.grounds.recompute("strikes")
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


def take_at_their_word(audited: AuditedRun) -> None:
    """Count what no reader of a run can check, by whose word it is."""
    for number in audited.rounds:
        round_, report = audited.facts.rounds.get(number), audited.reports.get(number)
        if round_ is None:
            continue
        is_old = report is None or isinstance(report, OldReport)
        coordinator = audited.record.header.coordinator if is_old else round_.coordinator
        whose = coordinator_name(coordinator)
        if round_.state is RoundState.ABORTED:
            audited.grounds.believe(whose, "reasons why a round was aborted")
        if report is None:
            continue
        again = audited.replayed.get(number, ReplayedRound())
        audited.grounds.recompute(VERDICTS, again.verdicts)
        audited.grounds.recompute(AVERAGES, again.is_averaged)
        audited.grounds.recompute(DRAWN, again.drawn)
        for what, count in (*_words_of(report, again).items(), *again.words.items()):
            audited.grounds.believe(whose, what, count)
        audited.grounds.believe(MEMBERS, "numbers of examples", len(report.entries))
    admitted = Counter(_admitted_by(invited) for invited in _admissions(audited))
    for whose, count in sorted(admitted.items()):
        audited.grounds.believe(whose, "organisations of members", count)


def _admissions(audited: AuditedRun) -> Iterator[Event]:
    """Return the last invitation of each account that joined as one of an organisation."""
    events = [seen.event for seen in audited.facts.events]
    joined = {event.account("account") for event in events if event.name == "Joined"}
    named = {
        event.account("account"): event
        for event in events
        if event.name == "Invited" and event.fields["organisation"]
    }
    yield from (invited for account, invited in named.items() if account in joined)


def _admitted_by(invited: Event) -> str:
    return VOUCHERS if invited.integer("vouchers") else INVITERS


def _words_of(report: RoundReport | OldReport, again: ReplayedRound) -> dict[str, int]:
    return {
        VERDICTS: len(report.verdicts()) - again.verdicts,
        "weights of rewards": sum(v.outcome is Outcome.ACCEPTED for v in report.verdicts()),
        AVERAGES: 0 if again.is_averaged else 1,
        "nodes without a verdict": len(report.absent),
    }


def _totals(totals: Totals) -> str:
    counts = f"{totals.accepted} accepted, {totals.rejected} rejected, {totals.excluded} excluded"
    return f"{counts}, {totals.strikes} strikes, {totals.rewards} planck"
