"""Those who join, stake and leave as it suits them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.testing.machine.accounts import BASE, OUT_OF_RANGE, TOO_SHORT, VOTERS
from pallet_bridge.testing.scenarios.scene import STAKE, Scene, reaching
from pallet_bridge.types import UNIT, Planck, Quorum

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_FAR = 1_000
"""A number that no federation, round or proposal has here."""
_QUEUE = 16
"""How many parts of a stake may be on their way out at once."""
_TOO_LITTLE = (0, 1, UNIT, 5 * UNIT - 1)
"""Stakes below the least one."""


@reaching("TermsOutOfRange", "UnbondingTooShort")
def found_with_bad_terms(chain: CheckedChain, draw: Draw) -> None:
    """Found a federation under terms that no member could live with, or change to them later."""
    for kind in (OUT_OF_RANGE, TOO_SHORT):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        founder = chain.signers[draw(st.integers(0, 5))]
        chain.do("create_federation", calls.create_federation(terms, bytes(32)), founder)
    scene = Scene.found(chain, BASE, members=0, funds=Planck(0))
    for kind in (OUT_OF_RANGE, TOO_SHORT):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        scene.do("set_terms", terms, by=scene.coordinator)


@reaching(
    "FederationNotFound", "StakeTooLow", "AlreadyJoined", "FederationFull", "NotParticipant",
    "ZeroAmount",
)  # fmt: skip
def join_full_federation(chain: CheckedChain, draw: Draw) -> None:
    """Join without a stake, twice, beyond the places there are, and where nothing is."""
    two_places = replace(BASE, max_participants=2, quorum=Quorum(count=2))
    scene = Scene.found(chain, two_places, members=1)
    first, second, third = scene.members
    scene.do("join", Planck(_TOO_LITTLE[draw(st.integers(0, 3))]), by=scene.stranger)
    for member in (first, second, third):
        scene.do("join", Planck(5 * UNIT), by=member)
    scene.do("add_stake", Planck(UNIT), by=third)
    scene.do("add_stake", Planck(0), by=first)
    chain.do("fund", calls.fund(chain.first + _FAR, Planck(UNIT)), third)


@reaching("TooManyUnbonding", "NothingToWithdraw", "StakeTooLow", "NotParticipant")
def unbond_in_slices(chain: CheckedChain, draw: Draw) -> None:
    """Take the stake out slice by slice, to fill the queue, and try to have it at once."""
    scene = Scene.found(chain, BASE, funds=Planck(0))
    first, second, third = scene.members
    for _ in range(_QUEUE + 1):
        scene.do("unbond", Planck(UNIT // (2 + draw(st.integers(0, 9)))), by=first)
    scene.do("withdraw", first.account, by=second)
    scene.do("withdraw", third.account, by=first)
    scene.do("unbond", Planck(STAKE + 1), by=second)
    chain.wait_past(scene.books.members[first.account].unbonding[0].until)
    scene.do("withdraw", first.account, by=second)


@reaching("NoActiveStake", "ProposalNotFound", "StakeTooLow", "NotParticipant")
def act_without_stake(chain: CheckedChain, draw: Draw) -> None:
    """Have a say without a stake that could be lost by it."""
    scene = Scene.found(chain, VOTERS, funds=Planck(0))
    first, second, third = scene.members
    scene.do("propose", VOTERS, by=second)
    scene.do("unbond", Planck(20 * UNIT), by=first)
    scene.do("vote", 0, approve=bool(draw(st.booleans())), by=first)
    scene.do("propose", first.account, by=first)
    scene.do("vote", 0, approve=True, by=third)
    scene.do("vote", _FAR, approve=True, by=second)
    scene.do("add_stake", Planck(UNIT), by=first)
    scene.do("register_attester", bytes(32), by=first)


@reaching(
    "NotCoordinator", "RoundInProgress", "FederationNotActive", "ClosingNotOver", "MembersRemain",
    "ProposalsRemain",
)  # fmt: skip
def close_too_early(chain: CheckedChain, draw: Draw) -> None:
    """Close a federation over an open round, over its members and over their votes."""
    scene = Scene.found(chain, VOTERS)
    first, second, _ = scene.members
    scene.do("close", by=scene.stranger)
    scene.open()
    scene.do("close", by=scene.coordinator)
    scene.do("abort", scene.newest, by=scene.coordinator)
    scene.do("propose", second.account, by=first)
    scene.do("close", by=scene.coordinator)
    scene.do("fund", Planck(UNIT), by=scene.stranger)
    scene.do("vote", 0, approve=True, by=second)
    scene.do("close", by=scene.stranger)
    chain.wait_past(scene.books.federation.closing_ends or 0)
    scene.do("close", by=scene.stranger)
    for member in (first, second):
        scene.do("withdraw", member.account, by=scene.stranger)
    scene.do("close", by=scene.stranger)
    scene.do("enact", 0, draw(st.integers(1, 2)), by=scene.stranger)
    scene.do("close", by=scene.stranger)
    scene.do("close", by=scene.coordinator)
    scene.do("claim", first.account, [0], by=first)
