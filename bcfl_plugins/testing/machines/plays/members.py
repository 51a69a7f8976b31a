"""Those who join, stake and leave as it suits them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.cast import BASE, OUT_OF_RANGE, TOO_SHORT, VOTERS
from bcfl_plugins.testing.machines.plays.company import STAKE, Company, reaching
from pallet_bridge import calls
from pallet_bridge.types import UNIT, Planck, Quorum

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage

_FAR = 1_000
"""A number that no federation, round or proposal has here."""
_QUEUE = 16
"""How many parts of a stake may be on their way out at once."""
_TOO_LITTLE = (0, 1, UNIT, 5 * UNIT - 1)
"""Stakes below the least one."""


@reaching("TermsOutOfRange", "UnbondingTooShort")
def greedy_founder(stage: Stage, draw: Draw) -> None:
    """Found a federation under terms that no member could live with, or change to them later."""
    for kind in (OUT_OF_RANGE, TOO_SHORT):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        founder = stage.signers[draw(st.integers(0, 5))]
        stage.do("create_federation", calls.create_federation(terms, bytes(32)), founder)
    company = Company.found(stage, BASE, members=0, funds=Planck(0))
    for kind in (OUT_OF_RANGE, TOO_SHORT):
        terms = kind[draw(st.integers(0, len(kind) - 1))]
        company.do("set_terms", terms, by=company.coordinator)


@reaching(
    "FederationNotFound", "StakeTooLow", "AlreadyJoined", "FederationFull", "NotParticipant",
    "ZeroAmount",
)  # fmt: skip
def crowd_at_the_door(stage: Stage, draw: Draw) -> None:
    """Join without a stake, twice, beyond the places there are, and where nothing is."""
    two_places = replace(BASE, max_participants=2, quorum=Quorum(count=2))
    company = Company.found(stage, two_places, members=1)
    first, second, third = company.members
    company.do("join", Planck(_TOO_LITTLE[draw(st.integers(0, 3))]), by=company.stranger)
    for member in (first, second, third):
        company.do("join", Planck(5 * UNIT), by=member)
    company.do("add_stake", Planck(UNIT), by=third)
    company.do("add_stake", Planck(0), by=first)
    stage.do("fund", calls.fund(stage.first + _FAR, Planck(UNIT)), third)


@reaching("TooManyUnbonding", "NothingToWithdraw", "StakeTooLow", "NotParticipant")
def salami(stage: Stage, draw: Draw) -> None:
    """Take the stake out slice by slice, to fill the queue, and try to have it at once."""
    company = Company.found(stage, BASE, funds=Planck(0))
    first, second, third = company.members
    for _ in range(_QUEUE + 1):
        company.do("unbond", Planck(UNIT // (2 + draw(st.integers(0, 9)))), by=first)
    company.do("withdraw", first.account, by=second)
    company.do("withdraw", third.account, by=first)
    company.do("unbond", Planck(STAKE + 1), by=second)
    stage.wait_past(company.books.members[first.account].unbonding[0].until)
    company.do("withdraw", first.account, by=second)


@reaching("NoActiveStake", "ProposalNotFound", "StakeTooLow", "NotParticipant")
def empty_hands(stage: Stage, draw: Draw) -> None:
    """Have a say without a stake that could be lost by it."""
    company = Company.found(stage, VOTERS, funds=Planck(0))
    first, second, third = company.members
    company.do("propose", VOTERS, by=second)
    company.do("unbond", Planck(20 * UNIT), by=first)
    company.do("vote", 0, approve=bool(draw(st.booleans())), by=first)
    company.do("propose", first.account, by=first)
    company.do("vote", 0, approve=True, by=third)
    company.do("vote", _FAR, approve=True, by=second)
    company.do("add_stake", Planck(UNIT), by=first)
    company.do("register_attester", bytes(32), by=first)


@reaching(
    "NotCoordinator", "RoundInProgress", "FederationNotActive", "ClosingNotOver", "MembersRemain",
    "ProposalsRemain",
)  # fmt: skip
def hasty_closer(stage: Stage, draw: Draw) -> None:
    """Close a federation over an open round, over its members and over their votes."""
    company = Company.found(stage, VOTERS)
    first, second, _ = company.members
    company.do("close", by=company.stranger)
    company.open()
    company.do("close", by=company.coordinator)
    company.do("abort", company.newest, by=company.coordinator)
    company.do("propose", second.account, by=first)
    company.do("close", by=company.coordinator)
    company.do("fund", Planck(UNIT), by=company.stranger)
    company.do("vote", 0, approve=True, by=second)
    company.do("close", by=company.stranger)
    stage.wait_past(company.books.federation.closing_ends or 0)
    company.do("close", by=company.stranger)
    for member in (first, second):
        company.do("withdraw", member.account, by=company.stranger)
    company.do("close", by=company.stranger)
    company.do("enact", 0, draw(st.integers(1, 2)), by=company.stranger)
    company.do("close", by=company.stranger)
    company.do("close", by=company.coordinator)
    company.do("claim", first.account, [0], by=first)
