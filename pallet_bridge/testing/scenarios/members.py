"""Those who join, stake and leave as it suits them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.testing.machine.accounts import (
    BASE,
    NO_NOTICE,
    OUT_OF_RANGE,
    TOO_SHORT,
    VOTERS,
)
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation, reaching
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


@reaching("TermsOutOfRange", "UnbondingTooShort", "NoticeTooShort")
def found_with_bad_terms(chain: CheckedChain, draw: Draw) -> None:
    """Found a federation under terms that no member could live with, or change to them later."""
    for kind in (OUT_OF_RANGE, TOO_SHORT, NO_NOTICE):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        founder = chain.signers[draw(st.integers(0, 5))]
        chain.do("create_federation", calls.create_federation(terms, bytes(32)), founder)
    federation = ScenarioFederation.found(chain, BASE, members=0, funds=Planck(0))
    for kind in (OUT_OF_RANGE, TOO_SHORT, NO_NOTICE):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        federation.do("set_terms", terms, by=federation.coordinator)


@reaching(
    "FederationNotFound", "StakeTooLow", "AlreadyJoined", "FederationFull", "NotParticipant",
    "ZeroAmount",
)  # fmt: skip
def join_full_federation(chain: CheckedChain, draw: Draw) -> None:
    """Join without a stake, twice, beyond the places there are, and where nothing is."""
    two_places = replace(BASE, max_participants=2, quorum=Quorum(count=2))
    federation = ScenarioFederation.found(chain, two_places, members=1)
    first, second, third = federation.members
    federation.join(Planck(_TOO_LITTLE[draw(st.integers(0, 3))]), federation.stranger)
    for member in (first, second, third):
        federation.join(Planck(5 * UNIT), member)
    federation.do("add_stake", Planck(UNIT), by=third)
    federation.do("add_stake", Planck(0), by=first)
    chain.do("fund", calls.fund(chain.first + _FAR, Planck(UNIT)), third)


@reaching("TooManyUnbonding", "NothingToWithdraw", "StakeTooLow", "NotParticipant")
def unbond_in_slices(chain: CheckedChain, draw: Draw) -> None:
    """Take the stake out slice by slice, to fill the queue, and try to have it at once."""
    federation = ScenarioFederation.found(chain, BASE, funds=Planck(0))
    first, second, third = federation.members
    for _ in range(_QUEUE + 1):
        federation.do("unbond", Planck(UNIT // (2 + draw(st.integers(0, 9)))), by=first)
    federation.do("withdraw", first.account, by=second)
    federation.do("withdraw", third.account, by=first)
    federation.do("unbond", Planck(STAKE + 1), by=second)
    chain.wait_past(federation.books.members[first.account].unbonding[0].until)
    federation.do("withdraw", first.account, by=second)


@reaching("NoActiveStake", "ProposalNotFound", "StakeTooLow", "NotParticipant")
def act_without_stake(chain: CheckedChain, draw: Draw) -> None:
    """Have a say without a stake that could be lost by it."""
    federation = ScenarioFederation.found(chain, VOTERS, funds=Planck(0))
    first, second, third = federation.members
    federation.do("propose", VOTERS, by=second)
    federation.do("unbond", Planck(20 * UNIT), by=first)
    federation.do("vote", 0, approve=bool(draw(st.booleans())), by=first)
    federation.do("propose", first.account, by=first)
    federation.do("vote", 0, approve=True, by=third)
    federation.do("vote", _FAR, approve=True, by=second)
    federation.do("add_stake", Planck(UNIT), by=first)
    federation.do("register_attester", bytes(32), by=first)


@reaching(
    "NotCoordinator", "RoundInProgress", "FederationNotActive", "ClosingNotOver", "MembersRemain",
    "ProposalsRemain", "FundsTooSmall", "FederationNotClosed", "NotSponsor",
)  # fmt: skip
def close_too_early(chain: CheckedChain, draw: Draw) -> None:
    """Close a federation over an open round, over its members and over their votes.

    And have its money before it is over, twice, or without having paid any.
    """
    federation = ScenarioFederation.found(chain, VOTERS)
    first, second, third = federation.members
    federation.do("fund", Planck(1 + draw(st.integers(0, 9))), by=third)
    federation.do("fund", Planck(UNIT * (1 + draw(st.integers(0, 9)))), by=third)
    federation.do("refund", third.account, by=third)
    federation.do("close", by=federation.stranger)
    federation.open()
    federation.do("close", by=federation.coordinator)
    federation.do("abort", federation.newest, by=federation.coordinator)
    federation.do("propose", second.account, by=first)
    federation.do("close", by=federation.coordinator)
    federation.do("fund", Planck(UNIT), by=federation.stranger)
    federation.do("vote", 0, approve=True, by=second)
    federation.do("close", by=federation.stranger)
    chain.wait_past(federation.books.federation.closing_ends or 0)
    federation.do("close", by=federation.stranger)
    for member in (first, second):
        federation.do("withdraw", member.account, by=federation.stranger)
    federation.do("close", by=federation.stranger)
    federation.do("enact", 0, draw(st.integers(1, 2)), by=federation.stranger)
    federation.do("refund", third.account, by=third)
    federation.do("close", by=federation.stranger)
    federation.do("refund", first.account, by=first)
    for _ in range(2):
        federation.do("refund", third.account, by=federation.stranger)
    federation.do("close", by=federation.coordinator)
    federation.do("claim", first.account, [0], by=first)
