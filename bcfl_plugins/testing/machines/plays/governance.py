"""Those who would govern: without a vote, with too many, or in place of a coordinator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.cast import BASE, OUT_OF_RANGE, TERMS, VOTERS
from bcfl_plugins.testing.machines.plays.company import Company, reaching
from pallet_bridge import calls
from pallet_bridge.types import Governance

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage

_MOST = 16
"""How many proposals a federation has at once."""


@reaching("NotGovernance", "NotProposable")
def usurper(stage: Stage, draw: Draw) -> None:
    """Change terms as a stranger, as root and as the council, where only the coordinator may."""
    company = Company.found(stage, BASE)
    first, second, _ = company.members
    terms = TERMS[draw(st.integers(0, len(TERMS) - 1))]
    company.do("set_terms", terms, by=company.stranger)
    company.do("replace_coordinator", first.account, by=first)
    company.by_root(calls.set_terms(company.number, terms))
    company.by_root(calls.replace_coordinator(company.number, first.account))
    company.by_council(calls.set_terms(company.number, terms))
    company.do("propose", terms, by=first)
    company.do("propose", first.account, by=first)
    for _ in range(BASE.max_failed_rounds):
        company.open()
        stage.wait_past(company.round.settle_until)
        company.do("abort", company.newest, by=second)
    company.do("propose", terms, by=first)
    company.do("propose", first.account, by=first)
    for member in (first, second):
        company.do("vote", 0, approve=bool(draw(st.integers(0, 3))), by=member)
    stage.wait_past(company.books.motions[0].enact_at)
    company.do("enact", 0, 9, by=company.stranger)
    company.do("open_round", bytes(32), by=first)


@reaching("NotGovernance")
def council_rule(stage: Stage, draw: Draw) -> None:
    """Let the council govern, and everybody else try; then let it ask for what it cannot have."""
    company = Company.found(stage, replace(BASE, governance=Governance.COUNCIL))
    number, first = company.number, company.members[0]
    company.do("set_terms", BASE, by=company.coordinator)
    company.by_root(calls.set_terms(number, BASE))
    company.by_council(calls.set_terms(number, OUT_OF_RANGE[0]))
    company.by_council(calls.replace_coordinator(number, first.account))
    company.by_council(calls.set_terms(number, TERMS[draw(st.integers(0, len(TERMS) - 1))]))


@reaching(
    "TooManyProposals", "ProposalNotFound", "NotYetEnactable", "AlreadyVoted", "VotingClosed",
    "NotGovernance", "NotParticipant", "TermsOutOfRange",
)  # fmt: skip
def flood(stage: Stage, draw: Draw) -> None:
    """Propose until nobody else can, vote twice, vote late, and enact before the vote is over."""
    company = Company.found(stage, VOTERS)
    first, second, _ = company.members
    company.do("propose", OUT_OF_RANGE[draw(st.integers(0, 9))], by=first)
    company.do("propose", VOTERS, by=company.stranger)
    company.do("set_terms", VOTERS, by=company.coordinator)
    company.do("propose", TERMS[draw(st.integers(0, len(TERMS) - 1))], by=first)
    for member in (first, second, second):
        company.do("vote", 0, approve=True, by=member)
    company.do("enact", 0, 1, by=company.stranger)
    company.do("enact", _MOST + 9, 1, by=company.stranger)
    for _ in range(_MOST):
        company.do("propose", second.account, by=second)
    stage.wait_past(company.books.motions[0].enact_at)
    company.do("vote", 0, approve=False, by=first)
    for _ in range(3):
        company.do("enact", 0, 1, by=company.stranger)
    stage.wait_past(max(motion.enact_at for motion in company.books.motions.values()))
    for number in list(company.books.motions)[: draw(st.integers(1, _MOST))]:
        company.do("enact", number, 2, by=company.stranger)
