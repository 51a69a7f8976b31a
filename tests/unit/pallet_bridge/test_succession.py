"""Take-over on the embedded chain: the mirror says the same block as the pallet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.offices import NoSuccession, NotSuccessor, TakeoverTooEarly
from pallet_bridge.errors.pallet import NotCoordinator, NotParticipant, RoundNotOpen
from pallet_bridge.keys import Signer
from pallet_bridge.succession import take_over_from
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import (
    UNIT,
    AccountId,
    Coupling,
    NodeKey,
    NodeProof,
    Office,
    PendingSuccession,
    Perbill,
    Planck,
    RoundState,
    Succession,
)

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.types import Terms

__all__ = ["bcfl_chain", "bcfl_federation"]

FOUNDER, BOB, CHARLIE, DAVE = (
    Signer.from_uri(f"//{name}") for name in ("Alice", "Bob", "Charlie", "Dave")
)
IDLE, TURN = 12, 3
LINE = Succession((BOB.account, CHARLIE.account), IDLE, TURN)
BONDED = replace(DEVELOPMENT, round_reward=Planck(0), coordinator_bond=Planck(5 * UNIT))
MODEL = bytes(32)


@pytest.fixture(params=[Coupling.LOOSE, Coupling.FULL])
def terms(request: pytest.FixtureRequest) -> Terms:
    """Both ways in which a late round counts."""
    coupling: Coupling = request.param
    return replace(BONDED, coupling=coupling, committee_size=3, attest_quorum=Perbill(10**8))


def found(chain: EmbeddedClient, terms: Terms = BONDED, line: Succession = LINE) -> int:
    number = chain.next_federation()
    chain.execute(calls.create_federation(terms, bytes(32)), FOUNDER)
    chain.execute(calls.name_successors(number, line), FOUNDER)
    return number


def due(chain: EmbeddedClient, federation: int, who: Signer) -> int:
    block = take_over_from(chain, federation, who.account)
    assert block is not None
    return block


def wait_for_next(chain: EmbeddedClient, block: int) -> None:
    """Let the next call be in this block."""
    chain.wait_until_block(block - 1, timeout=60)


def takes_over(chain: EmbeddedClient, federation: int, who: Signer) -> None:
    """Take over in the very block that the mirror names, and not in the one before."""
    wait_for_next(chain, due(chain, federation, who) - 1)
    with pytest.raises(TakeoverTooEarly):
        chain.execute(calls.take_over(federation), who)
    chain.execute(calls.take_over(federation), who)
    assert chain.federation(federation).coordinator == who.account


def test_the_next_takes_over_after_a_late_round_and_the_one_deposed_does_nothing(
    bcfl_chain: EmbeddedClient, terms: Terms
) -> None:
    number = found(bcfl_chain, terms)
    bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    takes_over(bcfl_chain, number, BOB)
    late = bcfl_chain.round(number, 0)
    assert late is not None
    assert late.state is RoundState.ABORTED
    bonds = bcfl_chain.bonds(number)
    assert bonds[BOB.account].amount == terms.coordinator_bond
    assert bonds[BOB.account].free_at is None
    assert bonds[FOUNDER.account].free_at is not None
    with pytest.raises(RoundNotOpen):
        bcfl_chain.execute(calls.settle(number, 0, MODEL, MODEL, []), FOUNDER)
    with pytest.raises(NotCoordinator):
        bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    bcfl_chain.execute(calls.open_round(number, MODEL), BOB)
    with pytest.raises(NotCoordinator):
        bcfl_chain.execute(calls.settle(number, 1, MODEL, MODEL, []), FOUNDER)


def test_those_after_the_next_have_their_turn_later(bcfl_chain: EmbeddedClient) -> None:
    number = found(bcfl_chain)
    bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    assert due(bcfl_chain, number, CHARLIE) - due(bcfl_chain, number, BOB) == TURN
    takes_over(bcfl_chain, number, CHARLIE)
    # a ring: the first of the list follows its last
    assert take_over_from(bcfl_chain, number, CHARLIE.account) is None
    takes_over(bcfl_chain, number, BOB)


def test_time_without_a_round_counts_from_its_end_and_from_the_end_of_a_pause(
    bcfl_chain: EmbeddedClient,
) -> None:
    number = found(bcfl_chain)
    assert take_over_from(bcfl_chain, number, BOB.account) is None  # no round yet
    with pytest.raises(TakeoverTooEarly):
        bcfl_chain.execute(calls.take_over(number), BOB)
    bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    ended = bcfl_chain.execute(calls.abort(number, 0), FOUNDER).block.number
    assert due(bcfl_chain, number, BOB) == ended + IDLE + 1
    until = ended + 3 * IDLE
    bcfl_chain.execute(calls.pause(number, until), FOUNDER)
    assert due(bcfl_chain, number, BOB) == until + IDLE + 1
    bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    bcfl_chain.execute(calls.abort(number, 1), FOUNDER)
    takes_over(bcfl_chain, number, BOB)


def test_successors_are_announced_before_they_may(bcfl_chain: EmbeddedClient) -> None:
    number = found(bcfl_chain, line=Succession((), 0, 0))
    block = bcfl_chain.head().number
    nobody = Succession((), 0, 0)
    pending = PendingSuccession(block, nobody)
    assert bcfl_chain.office(number) == Office(block, nobody, pending, None)
    joining = calls.join(number, BONDED.min_stake, bcfl_chain.terms_hash(number))
    bcfl_chain.execute(joining, DAVE)
    bcfl_chain.execute(calls.open_round(number, MODEL), FOUNDER)
    named = bcfl_chain.execute(calls.name_successors(number, LINE), FOUNDER)
    (event,) = (one for one in named.events if one.name == "SuccessorsNamed")
    starts_at = event.integer("from")
    assert starts_at >= block + BONDED.notice_blocks
    with pytest.raises(NotSuccessor):
        bcfl_chain.execute(calls.take_over(number), BOB)
    wait_for_next(bcfl_chain, starts_at)
    bcfl_chain.execute(calls.take_over(number), BOB)


def test_nobody_takes_over_where_nobody_is_named(bcfl_chain: EmbeddedClient) -> None:
    number = bcfl_chain.next_federation()
    bcfl_chain.execute(calls.create_federation(BONDED, bytes(32)), FOUNDER)
    assert bcfl_chain.office(number) is None
    assert take_over_from(bcfl_chain, number, BOB.account) is None
    with pytest.raises(NoSuccession):
        bcfl_chain.execute(calls.take_over(number), BOB)


@pytest.mark.parametrize(
    ("in_office", "turns"),
    [(9, [0, 1, 2, None]), (0, [None, 0, 1, None]), (1, [1, None, 0, None])],
)
def test_the_list_is_a_ring(in_office: int, turns: list[int | None]) -> None:
    accounts = [AccountId(bytes([one]) * 32) for one in range(4)]
    line = Succession(tuple(accounts[:3]), 1, 1)
    coordinator = AccountId(bytes([in_office]) * 32)
    assert [line.turn_of(one, coordinator) for one in accounts] == turns


def test_the_key_of_a_node_is_bound_replaced_and_cleared(bcfl_chain: EmbeddedClient) -> None:
    number = found(bcfl_chain)
    bound = NodeKey(bytes([7]) * 32, NodeProof(b"signed"))
    with pytest.raises(NotParticipant):
        bcfl_chain.execute(calls.bind_node_key(number, bound), DAVE)
    joining = calls.join(number, BONDED.min_stake, bcfl_chain.terms_hash(number))
    bcfl_chain.execute(joining, DAVE)
    bcfl_chain.execute(calls.bind_node_key(number, bound), DAVE)
    other = replace(bound, key=bytes([8]) * 32, proof=NodeProof(b""))
    bcfl_chain.execute(calls.bind_node_key(number, other), DAVE)
    assert bcfl_chain.node_key(number, DAVE.account) == other
    assert bcfl_chain.node_keys(number) == {DAVE.account: other}
    bcfl_chain.execute(calls.bind_node_key(number, None), DAVE)
    assert bcfl_chain.node_key(number, DAVE.account) is None
