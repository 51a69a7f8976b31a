"""Successors who want the place too early, and coordinators who would not leave it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.offices import NotSuccessor, TakeoverTooEarly
from pallet_bridge.errors.pallet import (
    BondNotFree,
    NotCoordinator,
    NotGovernance,
    RoundNotOpen,
    StatementDiffers,
)
from pallet_bridge.signing import commit_call
from pallet_bridge.succession import take_over_from
from pallet_bridge.types import Coupling, Perbill, RoundBinding, RoundState, Succession
from tests.cheats.moves import (
    BY_MEMBERS,
    NEXT,
    TERMS,
    OpenRound,
    commit_all,
    event,
    newcomer,
    open_round,
    play_round,
    propose,
    relay,
    settle,
    sign,
    verdict,
    wait,
    wait_until,
)
from tests.cheats.table import Outcome, Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.fixtures import JoinedFederation, MakeFederation
    from pallet_bridge.types import Terms

IDLE, TURN = 15, 4


def followed(
    chain: EmbeddedClient, make: MakeFederation, terms: Terms = TERMS
) -> tuple[JoinedFederation, tuple[Signer, Signer]]:
    """Make a federation with two successors, who were named before anybody joined."""
    heirs = newcomer(chain, "heir-1"), newcomer(chain, "heir-2")
    line = Succession(tuple(one.account for one in heirs), IDLE, TURN)
    federation = make(members=0, terms=terms)
    chain.execute(calls.name_successors(federation.number, line), federation.coordinator)
    members = tuple(newcomer(chain, f"heir-member-{one}") for one in range(3))
    agreed = chain.terms_hash(federation.number)
    for who in members:
        chain.execute(calls.join(federation.number, terms.min_stake, agreed), who)
    return replace(federation, members=members), heirs


def due(chain: EmbeddedClient, federation: JoinedFederation, who: Signer) -> int:
    block = take_over_from(chain, federation.number, who.account)
    assert block is not None
    return block


def take_over(chain: EmbeddedClient, federation: JoinedFederation, who: Signer) -> None:
    wait_until(chain, max(chain.head().number, due(chain, federation, who) - 1))
    chain.execute(calls.take_over(federation.number), who)


@cheat(
    Role.SUCCESSOR,
    "A successor takes the place of a coordinator that does its work: in its round, right after "
    "it, and in a pause that was announced.",
    Outcome.REFUSED,
    "the pallet counts the deadlines of the terms (`TakeoverTooEarly`)",
)
def test_a_successor_comes_too_early(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, _) = followed(bcfl_chain, bcfl_federation)
    number = federation.number
    round_ = open_round(bcfl_chain, federation)
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(number), first)
    made = commit_all(round_)
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(number), first)
    settle(round_, [verdict(one) for one in made])
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(number), first)
    until = bcfl_chain.head().number + 3 * IDLE
    bcfl_chain.execute(calls.pause(number, until), federation.coordinator)
    wait_until(bcfl_chain, until)
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(number), first)
    assert bcfl_chain.federation(number).coordinator == federation.coordinator.account


@cheat(
    Role.SUCCESSOR,
    "The second in the list takes over before the first had its turn.",
    Outcome.REFUSED,
    "each waits `turn_blocks` for the one before it (`TakeoverTooEarly`)",
)
def test_a_successor_comes_out_of_order(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, second) = followed(bcfl_chain, bcfl_federation)
    open_round(bcfl_chain, federation)
    wait_until(bcfl_chain, due(bcfl_chain, federation, first) - 1)
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(federation.number), second)
    bcfl_chain.execute(calls.take_over(federation.number), first)


@cheat(
    Role.SUCCESSOR,
    "Two successors take over at once, and both open a round.",
    Outcome.REFUSED,
    "the first call changes the place; the other's deadline begins anew",
)
def test_two_successors_come_at_once(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, second) = followed(bcfl_chain, bcfl_federation)
    number = federation.number
    open_round(bcfl_chain, federation)
    wait_until(bcfl_chain, due(bcfl_chain, federation, second))
    both = [bcfl_chain.submit(calls.take_over(number), who) for who in (second, first)]
    both[0].wait(60)
    with pytest.raises(TakeoverTooEarly):
        both[1].wait(60)
    with pytest.raises(NotCoordinator):
        bcfl_chain.execute(calls.open_round(number, NEXT), first)
    bcfl_chain.execute(calls.open_round(number, NEXT), second)


@cheat(
    Role.STRANGER,
    "Somebody who was never named takes the place of a coordinator that is late.",
    Outcome.REFUSED,
    "the succession in force is on chain (`NotSuccessor`)",
)
def test_a_stranger_takes_over(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation, (_, second) = followed(bcfl_chain, bcfl_federation)
    open_round(bcfl_chain, federation)
    wait_until(bcfl_chain, due(bcfl_chain, federation, second))
    for who in (newcomer(bcfl_chain, "usurper"), federation.members[0], federation.coordinator):
        with pytest.raises(NotSuccessor):
            bcfl_chain.execute(calls.take_over(federation.number), who)


@cheat(
    Role.SERVER,
    "A coordinator that was deposed settles its round, opens another, relays for its successor "
    "and takes its bond along.",
    Outcome.REFUSED,
    "the place changed with the successor's call (`RoundNotOpen`, `NotCoordinator`, `BondNotFree`)",
)
def test_the_one_deposed_goes_on(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, _) = followed(bcfl_chain, bcfl_federation)
    number, old = federation.number, federation.coordinator
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    take_over(bcfl_chain, federation, first)
    with pytest.raises(RoundNotOpen):
        settle(round_, [verdict(one) for one in made])
    with pytest.raises(NotCoordinator):
        open_round(bcfl_chain, federation)
    with pytest.raises(BondNotFree):
        bcfl_chain.execute(calls.withdraw_bond(number), old)
    next_round = open_round(bcfl_chain, replace(federation, coordinator=first))
    theirs = replace(next_round, federation=federation)
    signed = [sign(next_round.binding, one) for one in federation.members]
    with pytest.raises(NotCoordinator):
        relay(theirs, *signed)
    with pytest.raises(NotCoordinator):
        settle(theirs, [])
    relay(next_round, *signed)
    settle(next_round, [verdict(one) for one in signed])


@cheat(
    Role.SERVER,
    "A late coordinator ends its late round itself, so that there is nothing to take over.",
    Outcome.REFUSED,
    "it stays late until it opens another round, whoever ends the late one",
)
def test_a_late_coordinator_hides_its_round(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, _) = followed(bcfl_chain, bcfl_federation)
    round_ = open_round(bcfl_chain, federation)
    wait_until(bcfl_chain, due(bcfl_chain, federation, first) - 1)
    bcfl_chain.execute(calls.abort(*round_.place), federation.coordinator)
    pausing = calls.pause(federation.number, bcfl_chain.head().number + 500)
    bcfl_chain.execute(pausing, federation.coordinator)
    bcfl_chain.execute(calls.take_over(federation.number), first)


@cheat(
    Role.SERVER,
    "A coordinator names a friend as its successor and lets it take over, before members know.",
    Outcome.REFUSED,
    "a succession is announced, and in force after the notice; where members govern, they vote",
)
def test_a_friend_is_named_behind_the_members_backs(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    friend = newcomer(bcfl_chain, "friend")
    line = Succession((friend.account,), IDLE, TURN)
    alone = bcfl_federation(members=1, terms=TERMS)
    number = alone.number
    opened = bcfl_chain.execute(calls.open_round(number, NEXT), alone.coordinator)
    named = bcfl_chain.execute(calls.name_successors(number, line), alone.coordinator)
    starts_at = event(named, "SuccessorsNamed").integer("from")
    assert starts_at == named.block.number + TERMS.notice_blocks
    wait_until(bcfl_chain, event(opened, "RoundOpened").integer("settle_until") + TURN)
    with pytest.raises(NotSuccessor):
        bcfl_chain.execute(calls.take_over(number), friend)
    voters = bcfl_federation(members=1, terms=BY_MEMBERS)
    with pytest.raises(NotGovernance):
        bcfl_chain.execute(calls.name_successors(voters.number, line), voters.coordinator)


@cheat(
    Role.SUCCESSOR,
    "A successor counts for its round what members signed for the coordinator before it.",
    Outcome.REFUSED,
    "a statement names the coordinator of its round: it is another hash (`StatementDiffers`)",
)
def test_a_successor_uses_what_was_signed_for_another(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, (first, _) = followed(bcfl_chain, bcfl_federation)
    open_round(bcfl_chain, federation)
    take_over(bcfl_chain, federation, first)
    heir = replace(federation, coordinator=first)
    round_ = open_round(bcfl_chain, heir)
    unaware: RoundBinding = replace(round_.binding, coordinator=federation.coordinator.account)
    made = sign(unaware, federation.members[0])
    with pytest.raises(StatementDiffers):
        bcfl_chain.execute(commit_call(unaware, made), federation.members[0])
    relayed = relay(round_, made)
    assert event(relayed, "CommitmentRefused").text("reason") == "BadSignature"


@cheat(
    Role.TOGETHER,
    "Two friends take over from each other for ever, so that failures in a row never call the "
    "members to a vote.",
    Outcome.REFUSED,
    "failures in a row outlast a take-over: the members may propose another coordinator",
)
def test_two_friends_take_turns(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation, heirs = followed(bcfl_chain, bcfl_federation)
    play_round(bcfl_chain, federation)
    boss = federation.coordinator
    for number in range(TERMS.max_failed_rounds):
        model = bcfl_chain.federation(federation.number).model
        assert model is not None
        open_round(bcfl_chain, replace(federation, coordinator=boss), model)
        boss = heirs[number % 2]
        take_over(bcfl_chain, federation, boss)
    wait(bcfl_chain, 1)
    propose(bcfl_chain, federation, federation.members[0].account, federation.members[0])


@cheat(
    Role.TOGETHER,
    "Attesters stay silent, so that a coordinator can not settle and their friend takes over.",
    Outcome.REFUSED,
    "where attesters have a say a late round deposes nobody: `idle_blocks` count from its deadline",
)
def test_silent_attesters_help_a_successor(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    terms = replace(
        TERMS, coupling=Coupling.FULL, committee_size=3, attest_quorum=Perbill(6 * 10**8)
    )
    federation, (first, _) = followed(bcfl_chain, bcfl_federation, terms)
    round_: OpenRound = open_round(bcfl_chain, federation)
    found = bcfl_chain.round(*round_.place)
    assert found is not None
    wait_until(bcfl_chain, found.settle_until)
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(federation.number), first)
    # the coordinator that is there ends the round in that time and opens another one
    bcfl_chain.execute(calls.abort(*round_.place), federation.coordinator)
    open_round(bcfl_chain, federation)
    assert due(bcfl_chain, federation, first) > bcfl_chain.head().number + IDLE
    assert (ended := bcfl_chain.round(*round_.place)) is not None
    assert ended.state is RoundState.ABORTED
