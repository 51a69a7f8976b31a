"""What the statements of an audit look at, and what they give: a `Finding` for each that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from pallet_bridge.run.reports import RoundReport
from pallet_bridge.settlement.merkle import greatest_reward, leaves_of
from pallet_bridge.types import RoundKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pallet_bridge.audit.facts import ChainFacts
    from pallet_bridge.audit.grounds import Grounds
    from pallet_bridge.run.journal import RunRecord
    from pallet_bridge.run.journal_lines import RoundLine
    from pallet_bridge.run.old_reports import OldReport
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.types import AccountId, BlockRef, Leaf, Participant, Round, Settlement

FindingKind = Literal[
    "chain",
    "journal",
    "report",
    "entry",
    "completeness",
    "continuity",
    "refuted",
    "terms",
    "commitment",
    "signature",
    "opening",
    "root",
    "reward",
    "strike",
    "slash",
    "issuance",
    "replay",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement that does not hold: in which round, about whom, in a sentence."""

    kind: FindingKind
    round: int | None
    account: AccountId | None
    statement: str


@dataclass(frozen=True, slots=True)
class ReplayedRound:
    """What of a round was done again from what is published, and found to be as reported.

    Parameters
    ----------
    verdicts : int
        How many verdicts.
    is_averaged : bool
        Whether the model.
    words : Mapping[str, int]
        How many of what it rests on besides, which are the coordinator's word.
    drawn : int
        How many groups were drawn again from what the chain has.
    """

    verdicts: int = 0
    is_averaged: bool = False
    words: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of doing rounds again: by round, what does not hold, and what could not be done."""

    rounds: Mapping[int, ReplayedRound]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedRun:
    """All that the statements look at.

    `reports` holds those that could be read, by round, and `openings` those that are at hand;
    `closed` says that nothing but fees and slashes may change the sum of all balances: so on an
    embedded chain, where nobody mints. There every block was executed again. `node` is the URL of
    the node that was read. `moved` says that the runtime that executed them knew the first protocol
    only, and that the chain was moved to today's to be read. `replayed` are the rounds that were
    done again. `members_at` reads all members in the state of a block, while the chain is open;
    ``None``: nobody can be asked.
    """

    record: RunRecord
    facts: ChainFacts
    rounds: range
    reports: Mapping[int, RoundReport | OldReport]
    openings: Mapping[int, Mapping[AccountId, OpenedUpdate]]
    closed: bool
    node: str
    grounds: Grounds
    moved: bool = False
    replayed: Mapping[int, ReplayedRound] = field(default_factory=lambda: MappingProxyType({}))
    members_at: Callable[[BlockRef], Mapping[AccountId, Participant]] | None = None

    def settled(self) -> Iterator[tuple[int, Round, Settlement]]:
        """Give the settled rounds of this run."""
        for number in self.rounds:
            round_ = self.facts.rounds.get(number)
            if round_ is not None and round_.settlement is not None:
                yield number, round_, round_.settlement

    def reported(self) -> Iterator[tuple[int, Round, RoundReport]]:
        """Give the settled rounds of this run whose report is one of today's."""
        for number, round_, _ in self.settled():
            report = self.reports.get(number)
            if isinstance(report, RoundReport):
                yield number, round_, report

    def leaves(self) -> Iterator[tuple[int, Settlement, tuple[Leaf, ...]]]:
        """Give the leaves that each settled round's report comes to under the round's terms."""
        for number, round_, settlement in self.settled():
            report = self.reports.get(number)
            if report is None:
                continue
            known = {a: c.hash for a, c in self.facts.commitments.get(number, {}).items()}
            verdicts = [verdict for verdict in report.verdicts() if verdict.account in known]
            terms = self.facts.terms[round_.terms_version]
            # the first protocol knew no greatest share
            most = greatest_reward(terms) if isinstance(report, RoundReport) else None
            yield number, settlement, leaves_of(verdicts, known, terms.round_reward, most)

    def key(self, number: int) -> RoundKey:
        """Return which round a number stands for."""
        return RoundKey(self.facts.genesis, self.facts.number, number)

    def line(self, number: int) -> RoundLine | None:
        """Return the journal's line of a round."""
        return next((line for line in self.record.rounds if line.round == number), None)


def rounds_of(record: RunRecord, facts: ChainFacts) -> range:
    """Return the rounds that belong to a run.

    When it did not say where it ended, they are all till now, or till somebody else opened one.
    """
    first = record.header.first_round
    if record.end is not None:
        return range(first, record.end.next_round)
    mine = record.header.coordinator
    others = [n for n, one in facts.rounds.items() if n >= first and one.coordinator != mine]
    return range(first, min([facts.federation.next_round, *others]))
