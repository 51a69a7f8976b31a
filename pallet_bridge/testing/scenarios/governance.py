"""Those who would govern: without a vote, with too many, or in place of a coordinator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.testing.machine.accounts import BASE, OUT_OF_RANGE, TERMS, VOTERS
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation, reaching
from pallet_bridge.types import Governance, NodeKey, NodeProof, Quorum, Succession

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_KEY = NodeKey(bytes([7]) * 32, NodeProof(b""))
_MOST = 16
"""How many proposals a federation has at once."""


@reaching("NotGovernance", "NotProposable")
def govern_without_right(chain: CheckedChain, draw: Draw) -> None:
    """Change terms as a stranger, as root and as the council, where only the coordinator may."""
    federation = ScenarioFederation.found(chain, BASE)
    first, second, _ = federation.members
    terms = TERMS[draw(st.integers(0, len(TERMS) - 1))]
    federation.do("set_terms", terms, by=federation.stranger)
    federation.do("replace_coordinator", first.account, by=first)
    federation.by_root(calls.set_terms(federation.number, terms))
    federation.by_root(calls.replace_coordinator(federation.number, first.account))
    federation.by_council(calls.set_terms(federation.number, terms))
    federation.do("propose", terms, by=first)
    federation.do("propose", first.account, by=first)
    for _ in range(BASE.max_failed_rounds):
        federation.open()
        chain.wait_past(federation.round.settle_until)
        federation.do("abort", federation.newest, by=second)
    federation.do("propose", terms, by=first)
    federation.do("propose", first.account, by=first)
    for member in (first, second):
        federation.do("vote", 0, approve=bool(draw(st.integers(0, 3))), by=member)
    chain.wait_past(federation.books.motions[0].enact_at)
    federation.do("enact", 0, 9, by=federation.stranger)
    federation.do("open_round", bytes(32), by=first)


@reaching("NotGovernance")
def govern_by_council(chain: CheckedChain, draw: Draw) -> None:
    """Let the council govern, and everybody else try; then let it ask for what it cannot have."""
    federation = ScenarioFederation.found(chain, replace(BASE, governance=Governance.COUNCIL))
    number, first = federation.number, federation.members[0]
    federation.do("set_terms", BASE, by=federation.coordinator)
    federation.by_root(calls.set_terms(number, BASE))
    federation.by_council(calls.set_terms(number, OUT_OF_RANGE[0]))
    federation.by_council(calls.replace_coordinator(number, first.account))
    federation.by_council(calls.set_terms(number, TERMS[draw(st.integers(0, len(TERMS) - 1))]))


@reaching("NotGovernance", "ModelNotContinued", "RoundInProgress")
def go_on_from_elsewhere(chain: CheckedChain, draw: Draw) -> None:
    """Go on from another model: as the coordinator alone, and as the members decide."""
    federation = ScenarioFederation.found(chain, replace(VOTERS, quorum=Quorum(count=2)))
    first, second, _ = federation.members
    boss, other = federation.coordinator, bytes([1 + draw(st.integers(0, 8))]) * 32
    federation.open()
    federation.commit(first, second)
    federation.settle(federation.verdicts())
    federation.do("rebase", other, by=boss)
    federation.do("open_round", other, by=boss)
    federation.do("propose", other, by=first)
    for member in (first, second):
        federation.do("vote", 0, approve=True, by=member)
    federation.do("skip_round", by=boss)
    federation.open()
    federation.do("skip_round", by=boss)
    federation.do("abort", federation.newest, by=boss)
    chain.wait_past(federation.books.motions[0].enact_at)
    federation.do("enact", 0, 9, by=federation.stranger)
    federation.open()
    federation.do("open_round", other, by=boss)


@reaching(
    "TooManyProposals", "ProposalNotFound", "NotYetEnactable", "AlreadyVoted", "VotingClosed",
    "NotGovernance", "NotParticipant", "TermsOutOfRange", "ProposalUndecided",
)  # fmt: skip
def too_many_proposals(chain: CheckedChain, draw: Draw) -> None:
    """Propose until nobody else can, vote twice, vote late, and enact before the vote is over.

    A member has one proposal at a time. What is decided keeps its place until its votes are gone.
    """
    federation = ScenarioFederation.found(chain, VOTERS)
    first, second, _ = federation.members
    federation.do("propose", OUT_OF_RANGE[draw(st.integers(0, 9))], by=first)
    federation.do("propose", VOTERS, by=federation.stranger)
    federation.do("set_terms", VOTERS, by=federation.coordinator)
    federation.do("propose", TERMS[draw(st.integers(0, len(TERMS) - 1))], by=first)
    for member in (first, second, second):
        federation.do("vote", 0, approve=True, by=member)
    federation.do("enact", 0, 1, by=federation.stranger)
    federation.do("enact", _MOST + 9, 1, by=federation.stranger)
    federation.do("propose", second.account, by=first)
    chain.wait_past(federation.books.motions[0].enact_at)
    federation.do("vote", 0, approve=False, by=first)
    for _ in range(3):
        federation.do("enact", 0, 1, by=federation.stranger)
    while len(federation.books.motions) < _MOST:
        for member in (first, second):
            federation.do("propose", second.account, by=member)
            last = federation.books.federation.next_proposal - 1
            federation.do("vote", last, approve=False, by=first)
        chain.wait_past(federation.books.motions[last].enact_at)
        for number in (last - 1, last):
            federation.do("enact", number, 0, by=federation.stranger)
    federation.do("propose", second.account, by=first)
    for number in list(federation.books.motions)[: draw(st.integers(1, _MOST))]:
        federation.do("enact", number, 2, by=federation.stranger)


@reaching(
    "NoSuccession", "SuccessionOutOfRange", "NotSuccessor", "TakeoverTooEarly", "PauseTooLong"
)
def take_over_too_early(chain: CheckedChain, draw: Draw) -> None:
    """Take over where nobody may, before the time, out of turn; and in the end for good."""
    federation = ScenarioFederation.found(chain, BASE, members=0)
    boss, number = federation.coordinator, federation.number
    first, second, third = federation.members
    federation.do("pause", 9, by=boss)
    federation.do("take_over", by=first)
    idle = 8 + draw(st.integers(0, 4))
    line = Succession((first.account, second.account), idle, 2)
    federation.do("name_successors", replace(line, turn_blocks=0), by=boss)
    federation.do("name_successors", line, by=boss)
    federation.join(STAKE, third)
    federation.do("pause", 2**32 - 1, by=boss)
    federation.do("take_over", by=first)
    federation.open()
    federation.do("take_over", by=third)
    federation.do("take_over", by=first)
    chain.wait_past(federation.round.settle_until)
    federation.do("take_over", by=second)
    federation.do("take_over", by=first)
    federation.do("open_round", bytes(32), by=boss)
    chain.do("bind_node_key", calls.bind_node_key(number, _KEY), third)
    chain.do("bind_node_key", calls.bind_node_key(number, None), third)
