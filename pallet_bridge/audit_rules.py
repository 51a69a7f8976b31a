"""The statements that must hold of a run: pure functions from what was read to what is wrong.

Each rule takes the run's record, the chain's facts and the reports that could be read. It gives
one `Finding` for each statement that does not hold, and counts what it looked at in `Checks`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pallet_bridge.errors import EncodingError
from pallet_bridge.openings import entry_problems, report_problems
from pallet_bridge.settlement import leaves_of, settlement_root, totals_of
from pallet_bridge.types import Outcome, Payout, Planck, RoundKey, RoundState, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.audit_facts import ChainFacts
    from pallet_bridge.journal import RoundLine, RunRecord
    from pallet_bridge.reports import RoundReport
    from pallet_bridge.types import AccountId, Leaf, Round, Settlement, Totals

Kind = Literal[
    "chain",
    "journal",
    "report",
    "entry",
    "commitment",
    "signature",
    "root",
    "reward",
    "strike",
    "slash",
    "issuance",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement that does not hold: in which round, about whom, in a sentence."""

    kind: Kind
    round: int | None
    account: AccountId | None
    statement: str


Checks = Counter[str]
"""How many things of each sort were looked at."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that the rules look at; `reports` holds those that could be read, by round."""

    record: RunRecord
    facts: ChainFacts
    rounds: range
    reports: Mapping[int, RoundReport]
    checks: Checks

    def settled(self) -> Iterator[tuple[int, Round, Settlement]]:
        """Give the settled rounds of this run."""
        for number in self.rounds:
            round_ = self.facts.rounds.get(number)
            if round_ is not None and round_.settlement is not None:
                yield number, round_, round_.settlement

    def key(self, number: int) -> RoundKey:
        """Return which round a number stands for."""
        return RoundKey(self.facts.genesis, self.facts.number, number)

    def line(self, number: int) -> RoundLine | None:
        """Return the journal's line of a round."""
        return next((line for line in self.record.rounds if line.round == number), None)


def rounds_of(record: RunRecord, facts: ChainFacts) -> range:
    """Return the rounds that belong to a run: all till now when it did not say where it ended."""
    last = facts.federation.next_round if record.end is None else record.end.next_round
    return range(record.header.first_round, last)


def check_overrides(case: Case) -> Iterator[Finding]:
    """Check that nobody stood above the rules: the sudo key may change any state."""
    for block in case.facts.overrides:
        statement = f"the chain's sudo key acted in block {block.number}, above the pallet's rules"
        yield Finding("chain", None, None, statement)


def check_journal(case: Case) -> Iterator[Finding]:
    """Check that every round is in the journal once, with the end that it had on chain."""
    lines = Counter(line.round for line in case.record.rounds)
    for number, count in sorted(lines.items()):
        if count > 1:
            yield Finding(
                "journal", number, None, f"round {number} is {count} times in the journal"
            )
        if number not in case.rounds:
            yield Finding("journal", number, None, f"the chain knows no round {number} of this run")
    for number in case.rounds:
        case.checks["rounds"] += 1
        round_ = case.facts.rounds.get(number)
        line = case.line(number)
        if round_ is None:
            yield Finding("journal", number, None, f"the chain knows no round {number}")
        elif round_.state is RoundState.OPEN:
            if line is not None:
                statement = f"round {number} is open on the chain, the journal says {line.outcome}"
                yield Finding("journal", number, None, statement)
        elif line is None:
            statement = f"round {number} ({round_.state.value.lower()}) is missing in the journal"
            yield Finding("journal", number, None, statement)
        else:
            yield from _check_line(case.facts, line, round_)


def _check_line(facts: ChainFacts, line: RoundLine, round_: Round) -> Iterator[Finding]:
    number = line.round
    ends = [*facts.of("RoundSettled", number), *facts.of("RoundAborted", number)]
    if [seen.block for seen in ends] != [line.block]:
        statement = f"round {number} did not end in block {line.block.number}, as the journal says"
        yield Finding("journal", number, None, statement)
    if line.outcome != round_.state.value.lower():
        statement = f"round {number} was {round_.state.value.lower()}, not {line.outcome}"
        yield Finding("journal", number, None, statement)
    settlement = round_.settlement
    if settlement is None or line.outcome != "settled":
        return
    claims = {"report": line.report, "model": line.model, "root": line.root}
    for name, claim in claims.items():
        truth: bytes = getattr(settlement, name)
        if claim != truth:
            said = "none" if claim is None else claim.hex()
            statement = f"round {number}: the journal's {name} is {said}, the chain's {truth.hex()}"
            yield Finding("journal", number, None, statement)


def check_reports(case: Case) -> Iterator[Finding]:
    """Check that each report speaks of the round that it is the report of."""
    for number, round_, _ in case.settled():
        report = case.reports.get(number)
        if report is None:
            continue
        case.checks["reports"] += 1
        for statement in report_problems(report, case.key(number), round_):
            yield Finding("report", number, None, statement)


def check_entries(case: Case) -> Iterator[Finding]:
    """Check that a report judges exactly the accounts that the chain has a verdict on.

    A root's verdicts come one by one, so there the chain may lack some that the report has.
    """
    for number, _, settlement in case.settled():
        report = case.reports.get(number)
        if report is None:
            continue
        commitments = case.facts.commitments.get(number, {})
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


def check_commitments(case: Case) -> Iterator[Finding]:
    """Check that each entry opens the commitment on chain and that its account signed it."""
    for number, _, _ in case.settled():
        report = case.reports.get(number)
        for entry in () if report is None else report.entries:
            case.checks["commitments"] += 1
            case.checks["signatures"] += 1
            on_chain = case.facts.commitments.get(number, {}).get(entry.account)
            for kind, statement in entry_problems(entry, on_chain, case.key(number)):
                yield Finding(kind, number, entry.account, statement)


def leaves_by_round(case: Case) -> Iterator[tuple[int, Settlement, tuple[Leaf, ...]]]:
    """Give the leaves that each settled round's report comes to under the terms of the round."""
    for number, round_, settlement in case.settled():
        report = case.reports.get(number)
        if report is None:
            continue
        known = {a: c.hash for a, c in case.facts.commitments.get(number, {}).items()}
        verdicts = [entry.verdict() for entry in report.entries if entry.account in known]
        budget = case.facts.terms[round_.terms_version].round_reward
        yield number, settlement, leaves_of(verdicts, known, budget)


def check_roots(case: Case) -> Iterator[Finding]:
    """Check that the verdicts of each report give the root on chain."""
    for number, settlement, leaves in leaves_by_round(case):
        case.checks["settlement roots"] += 1
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


def check_rewards(case: Case) -> Iterator[Finding]:
    """Check that rewards follow from the terms and that the journal tells what was credited."""
    for number, settlement, leaves in leaves_by_round(case):
        commitments = case.facts.commitments[number]
        paid = _rewards(case.facts, number)
        due = {leaf.account: leaf.reward for leaf in leaves if leaf.outcome is Outcome.ACCEPTED}
        for account in sorted({*due, *paid}):
            case.checks["rewards"] += 1
            credited = paid.get(account)
            if credited is None and commitments[account].payout is Payout.FORFEITED:
                continue
            if settlement.mode is SettlementMode.MERKLE and not commitments[account].judged:
                continue  # nobody has applied this leaf yet
            if credited != due.get(account):
                statement = (
                    f"round {number}: {account} was rewarded with {_planck(credited)}, the terms "
                    f"give {_planck(due.get(account))}"
                )
                yield Finding("reward", number, account, statement)
        budget = case.facts.terms[case.facts.rounds[number].terms_version].round_reward
        total = sum(due.values())
        if total != settlement.totals.rewards or total > budget:
            statement = (
                f"round {number}: the report's rewards come to {total} planck, the settlement says "
                f"{settlement.totals.rewards} and the terms allow {budget}"
            )
            yield Finding("reward", number, None, statement)
        line = case.line(number)
        if line is not None:
            paid_then = _rewards(case.facts, number, block=settlement.settled_at)
            yield from _check_rewards_told(number, line, paid_then, due)


def _check_rewards_told(
    number: int,
    line: RoundLine,
    paid: Mapping[AccountId, Planck],
    due: Mapping[AccountId, Planck],
) -> Iterator[Finding]:
    """Hold the journal against what the settlement itself credited: leaves of a root come later."""
    for account in sorted({*paid, *line.rewards}):
        told, truth = line.rewards.get(account), paid.get(account)
        if told != truth:
            statement = (
                f"round {number}: the journal rewards {account} with {_planck(told)}, the chain "
                f"with {_planck(truth)}; the terms give {_planck(due.get(account))}"
            )
            yield Finding("reward", number, account, statement)


def check_strikes(case: Case) -> Iterator[Finding]:
    """Check that journal and report tell the strikes that the chain gave."""
    for number, _, settlement in case.settled():
        given = {seen.event.account(): seen for seen in case.facts.of("Struck", number)}
        report, line = case.reports.get(number), case.line(number)
        judged = {a for a, found in case.facts.commitments.get(number, {}).items() if found.judged}
        case.checks["strikes"] += len(given)
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


def _rewards(facts: ChainFacts, number: int, block: int | None = None) -> dict[AccountId, Planck]:
    """Return what was credited for a round, in one block or in all."""
    return {
        seen.event.account(): Planck(seen.event.integer("amount"))
        for seen in facts.of("Rewarded", number)
        if block in {None, seen.block.number}
    }


def _totals(totals: Totals) -> str:
    counts = f"{totals.accepted} accepted, {totals.rejected} rejected, {totals.excluded} excluded"
    return f"{counts}, {totals.strikes} strikes, {totals.rewards} planck"


def _planck(amount: Planck | None) -> str:
    return "nothing" if amount is None else f"{amount} planck"
