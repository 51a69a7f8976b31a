"""Those who would govern: without a vote, with too many, or in place of a coordinator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.testing.machine.accounts import BASE, OUT_OF_RANGE, TERMS, VOTERS
from pallet_bridge.testing.scenarios.scene import Scene, reaching
from pallet_bridge.types import Governance

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_MOST = 16
"""How many proposals a federation has at once."""


@reaching("NotGovernance", "NotProposable")
def govern_without_right(chain: CheckedChain, draw: Draw) -> None:
    """Change terms as a stranger, as root and as the council, where only the coordinator may."""
    scene = Scene.found(chain, BASE)
    first, second, _ = scene.members
    terms = TERMS[draw(st.integers(0, len(TERMS) - 1))]
    scene.do("set_terms", terms, by=scene.stranger)
    scene.do("replace_coordinator", first.account, by=first)
    scene.by_root(calls.set_terms(scene.number, terms))
    scene.by_root(calls.replace_coordinator(scene.number, first.account))
    scene.by_council(calls.set_terms(scene.number, terms))
    scene.do("propose", terms, by=first)
    scene.do("propose", first.account, by=first)
    for _ in range(BASE.max_failed_rounds):
        scene.open()
        chain.wait_past(scene.round.settle_until)
        scene.do("abort", scene.newest, by=second)
    scene.do("propose", terms, by=first)
    scene.do("propose", first.account, by=first)
    for member in (first, second):
        scene.do("vote", 0, approve=bool(draw(st.integers(0, 3))), by=member)
    chain.wait_past(scene.books.motions[0].enact_at)
    scene.do("enact", 0, 9, by=scene.stranger)
    scene.do("open_round", bytes(32), by=first)


@reaching("NotGovernance")
def govern_by_council(chain: CheckedChain, draw: Draw) -> None:
    """Let the council govern, and everybody else try; then let it ask for what it can not have."""
    scene = Scene.found(chain, replace(BASE, governance=Governance.COUNCIL))
    number, first = scene.number, scene.members[0]
    scene.do("set_terms", BASE, by=scene.coordinator)
    scene.by_root(calls.set_terms(number, BASE))
    scene.by_council(calls.set_terms(number, OUT_OF_RANGE[0]))
    scene.by_council(calls.replace_coordinator(number, first.account))
    scene.by_council(calls.set_terms(number, TERMS[draw(st.integers(0, len(TERMS) - 1))]))


@reaching(
    "TooManyProposals", "ProposalNotFound", "NotYetEnactable", "AlreadyVoted", "VotingClosed",
    "NotGovernance", "NotParticipant", "TermsOutOfRange",
)  # fmt: skip
def too_many_proposals(chain: CheckedChain, draw: Draw) -> None:
    """Propose until nobody else can, vote twice, vote late, and enact before the vote is over."""
    scene = Scene.found(chain, VOTERS)
    first, second, _ = scene.members
    scene.do("propose", OUT_OF_RANGE[draw(st.integers(0, 9))], by=first)
    scene.do("propose", VOTERS, by=scene.stranger)
    scene.do("set_terms", VOTERS, by=scene.coordinator)
    scene.do("propose", TERMS[draw(st.integers(0, len(TERMS) - 1))], by=first)
    for member in (first, second, second):
        scene.do("vote", 0, approve=True, by=member)
    scene.do("enact", 0, 1, by=scene.stranger)
    scene.do("enact", _MOST + 9, 1, by=scene.stranger)
    for _ in range(_MOST):
        scene.do("propose", second.account, by=second)
    chain.wait_past(scene.books.motions[0].enact_at)
    scene.do("vote", 0, approve=False, by=first)
    for _ in range(3):
        scene.do("enact", 0, 1, by=scene.stranger)
    chain.wait_past(max(motion.enact_at for motion in scene.books.motions.values()))
    for number in list(scene.books.motions)[: draw(st.integers(1, _MOST))]:
        scene.do("enact", number, 2, by=scene.stranger)
