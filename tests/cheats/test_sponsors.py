"""Who governs or pays, and the end of a federation: money that was paid in, and failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.errors.pallet import (
    ClosingNotOver,
    FederationNotActive,
    NotCoordinator,
    NotSponsor,
)
from pallet_bridge.keys import Signer
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import UNIT, Planck, Quorum
from tests.cheats.committees import QUICK, VOTING, Found, event, found
from tests.cheats.table import Outcome, Role, cheat

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

BOB, EVE = Signer.from_uri("//Bob"), Signer.from_uri("//Eve")


@cheat(
    Role.SPONSOR,
    "Ends the federation right after a round, so that nobody is paid for it.",
    Outcome.REFUSED,
    "Only the coordinator can. Closing waits until all claims are over; rewards are paid meanwhile "
    "and stake is free.",
)
def test_who_closes_still_pays(found: Found) -> None:
    stage = found(2, replace(QUICK, quorum=Quorum(count=2)))
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    stage.settle(number)
    with pytest.raises(NotCoordinator):
        stage.do("close", by=BOB)
    stage.do("close", by=stage.boss)
    with pytest.raises(ClosingNotOver):
        stage.do("close", by=stage.boss)
    settlement = stage.round(number).settlement
    ends = stage.chain.federation(stage.number).closing_ends
    assert settlement is not None
    assert ends is not None
    assert ends > settlement.claim_until
    stage.wait(settlement.dispute_until)
    before = stage.free(second)
    stage.do("claim", second.account, [number], by=EVE)
    assert stage.free(second) - before == 5 * UNIT


@cheat(
    Role.SPONSOR,
    "Founds a federation, lets a sponsor pay rewards into its escrow, and closes it before they "
    "are earned.",
    Outcome.REFUSED,
    "What is left at the end is the sponsors', in proportion to what each paid in. Anyone sends "
    "the `refund` of each.",
)
def test_the_founder_gets_what_a_sponsor_paid_in(found: Found) -> None:
    stage = found(1, VOTING)
    (member,) = stage.made.members
    own = 100 * VOTING.round_reward
    stage.do("fund", Planck(500 * UNIT), by=BOB)
    sponsor, founder = stage.free(BOB), stage.free(stage.boss)
    stage.do("close", by=stage.boss)
    with pytest.raises(FederationNotActive):
        stage.propose(member.account, by=member)
    ends = stage.chain.federation(stage.number).closing_ends
    assert ends is not None
    stage.wait(ends)
    stage.do("withdraw", member.account, by=EVE)
    closed = event(stage.do("close", by=EVE), "Closed")
    assert closed.integer("left") == own + 500 * UNIT
    assert stage.free(stage.boss) - founder <= own + 10 * UNIT  # its part, and its deposit
    refunded = event(stage.do("refund", BOB.account, by=EVE), "Refunded")
    assert refunded.integer("amount") == 500 * UNIT
    assert stage.free(BOB) == sponsor + 500 * UNIT
    with pytest.raises(NotSponsor):
        stage.do("refund", BOB.account, by=EVE)


@cheat(
    Role.SPONSOR,
    "Coordinates and governs, fails round after round, and hands the coordination to itself before "
    "the members may vote on it.",
    Outcome.REFUSED,
    "A coordinator that governs keeps its failures in a row when it hands over, to itself or to a "
    "friend: the members may vote another one in after `max_failed_rounds`.",
)
def test_a_failing_coordinator_hands_over_to_itself(found: Found) -> None:
    stage = found(2, QUICK)
    first, second = stage.made.members
    friend = stage.newcomer("friend")
    for boss, other in ((stage.boss, friend), (friend, stage.boss)):
        for _ in range(2):
            number = stage.open(by=boss)
            stage.commit(number, first)
            stage.do("abort", number, by=boss)
        stage.do("replace_coordinator", other.account, by=boss)
    state = stage.chain.federation(stage.number)
    assert (state.failed_rounds, state.failures_in_row) == (4, 4)
    assert QUICK.max_failed_rounds <= 4
    stage.propose(second.account, by=second)
