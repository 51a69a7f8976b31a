"""Who cheats the second server, and a second server that cheats."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.aggregator.errors import AggregatorRefused
from bcfl_plugins.aggregator.service import AggregatorLimits
from bcfl_plugins.secure.halves import (
    first_halves,
    half_payload,
    is_sketch_of_vector,
    receipt_payload,
    total_payload,
)
from bcfl_plugins.secure.sketches import Sketching
from bcfl_plugins.secure.statements import Sealed, unmask_payload
from pallet_bridge.keys import Signer, verify
from pallet_bridge.types import RoundKey
from tests.cheats.by_second.second import LENGTH, SECOND, SKETCH, SecondServer
from tests.cheats.moves import TERMS, newcomer, open_round
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import MakeFederation

MEMBERS = 5


@pytest.fixture
def second(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation, tmp_path: Path
) -> SecondServer:
    terms = replace(TERMS, quorum=replace(TERMS.quorum, count=MEMBERS))
    federation = bcfl_federation(MEMBERS, terms=terms)
    return SecondServer(open_round(bcfl_chain, federation), tmp_path / "second")


def test_an_honest_round_gives_the_exact_sum(second: SecondServer) -> None:
    """What each cheat below is refused for is no slip: this way it works, across a restart."""
    members = second.round_.federation.members
    receipt = second.send(members[0])
    made = second.commit(members[0])
    said = receipt_payload(second.place, made.account, made.commitment)
    assert verify(SECOND.account, said, receipt)
    second.start()
    assert verify(SECOND.account, said, second.send(members[0])), "sent again after a restart"
    for member in members[1:]:
        second.send(member)
        second.commit(member)
    sealed = second.seal()
    sketches = second.service.sketches(second.question(sealed))
    assert sketches.keys() == {one.account for one in members}
    accepted = [one.account for one in members[:3]]
    signature, total = second.service.total(second.question(sealed, accepted))
    asked = unmask_payload(second.place, second.way.digest, sealed, accepted)
    assert verify(
        SECOND.account, total_payload(second.place, SECOND.account, asked, total), signature
    )
    wanted = np.zeros(LENGTH, np.uint32)
    for member in members[:3]:
        wanted += second.vector(member)
    assert np.array_equal(total, wanted)
    second.start()
    assert np.array_equal(second.service.total(second.question(sealed, accepted))[1], wanted)
    total += first_halves((second.seed(one) for one in members[:3]), LENGTH)
    assert int(total.max()) < 3000, "the sum of the updates, each below 1000"


@cheat(
    Role.SERVER,
    "Asks the second server for the sum of one or two updates, or of its own accounts and one "
    "member.",
    Comes.REFUSED,
    "It sums three at least, and as many as its operator, the terms or any of the nodes ask for. "
    "Who is summed is in the sealed round on chain, with the half that it committed to.",
)
def test_a_sum_of_too_few(second: SecondServer) -> None:
    sealed = second.all_in()
    second.service.sketches(second.question(sealed))
    accounts = [one.account for one in second.round_.federation.members]
    for count in (1, 2):
        with pytest.raises(AggregatorRefused, match="3 at least must be in it"):
            second.service.total(second.question(sealed, accounts[:count]))
    stranger = Signer.from_uri("//nobody").account
    with pytest.raises(AggregatorRefused, match="whose half of this round is not here"):
        second.service.total(second.question(sealed, [*accounts[:2], stranger]))
    careful = SecondServer(second.round_, second.folder, AggregatorLimits(least=4))
    with pytest.raises(AggregatorRefused, match="4 at least must be in it"):
        careful.service.total(careful.question(sealed, accounts[:3]))


@cheat(
    Role.SERVER,
    "Asks the second server for two sums of one round, or for two sketches, and takes the "
    "difference.",
    Comes.REFUSED,
    "It answers one question of each kind in a round, and remembers which on disk before it does.",
)
def test_two_sums_of_one_round(second: SecondServer) -> None:
    sealed = second.all_in()
    second.service.sketches(second.question(sealed))
    accounts = [one.account for one in second.round_.federation.members]
    second.service.total(second.question(sealed, accounts))
    second.start()
    with pytest.raises(AggregatorRefused, match="two sums tell their difference"):
        second.service.total(second.question(sealed, accounts[1:]))
    other = replace(SKETCH, tables=2)
    with pytest.raises(AggregatorRefused, match="for another question"):
        second.service.sketches(second.question(sealed, sketch=other))


@cheat(
    Role.SERVER,
    "Tells the second server another sealed round than the chain has, asks before the seal, or "
    "asks with another key.",
    Comes.REFUSED,
    "It reads on chain who is in the round, in which block it was sealed and who coordinates, and "
    "takes a question only that the coordinator signed about that.",
)
def test_another_round_than_the_chains(second: SecondServer) -> None:
    early = Sealed(bytes(32), 1, {})
    with pytest.raises(AggregatorRefused, match="is not sealed on chain"):
        second.service.sketches(second.question(early))
    sealed = second.all_in()
    for other in (
        replace(sealed, block=bytes(32)),
        replace(sealed, commitments=dict([*sealed.commitments.items()][:3])),
    ):
        with pytest.raises(AggregatorRefused, match="says otherwise than the chain"):
            second.service.sketches(second.question(other))
    with pytest.raises(AggregatorRefused, match="not signed by the coordinator"):
        second.service.sketches(second.question(sealed, signer=Signer.from_uri("//nobody")))
    accounts = [one.account for one in second.round_.federation.members]
    with pytest.raises(AggregatorRefused, match="was not sketched as it is told now"):
        second.service.total(second.question(sealed, accounts))


@cheat(
    Role.NODE,
    "Sends the second server another half than it committed to, or none (`two_servers` only).",
    Comes.REFUSED,
    "A half that is not the one on chain is in no sketch and no sum. Its node is left out of the "
    "round without a strike, and ends nobody's round.",
)
def test_a_half_that_is_not_committed_to(second: SecondServer) -> None:
    first, silent, *others = second.round_.federation.members
    second.send(first, seed=2)
    with pytest.raises(AggregatorRefused, match="another half of this account is kept"):
        second.send(first, seed=1)
    for member in others:
        second.send(member)
    for member in (first, silent, *others):
        second.commit(member)
    sealed = second.seal()
    found = second.service.sketches(second.question(sealed))
    assert found.keys() == {one.account for one in others}
    with pytest.raises(AggregatorRefused, match="whose half of this round is not here"):
        second.service.total(second.question(sealed, [one.account for one in (first, *others)]))
    assert second.service.total(second.question(sealed, [*found]))[1].size == LENGTH


@cheat(
    Role.STRANGER,
    "Sends halves to the second server without being a member, in a member's name, of another "
    "round, after the seal, too long ones, or again and again.",
    Comes.REFUSED,
    "It reads a header first: signed by an account that is a member on chain, in a round that is "
    "open there, of a length that it takes, and so many of one account in a round. One that "
    "somebody saw and sends again is not counted.",
)
def test_halves_that_nobody_asked_for(second: SecondServer) -> None:
    member, *_ = second.round_.federation.members
    stranger = newcomer(second.round_.chain, "sends halves")
    with pytest.raises(AggregatorRefused, match="no member on chain"):
        second.send(stranger)
    with pytest.raises(AggregatorRefused, match="not signed by its account"):
        second.send(member, signer=stranger)
    place = second.place
    for changed, problem in (
        (replace(place, round=place.round + 1), "is not open on chain"),
        (replace(place, federation=place.federation + 1), "the aggregator of federation"),
        (RoundKey(bytes(32), place.federation, place.round), "the aggregator of federation"),
    ):
        with pytest.raises(AggregatorRefused, match=problem):
            second.send(member, place=changed)
    small = SecondServer(second.round_, second.folder, AggregatorLimits(parameters=LENGTH - 1))
    with pytest.raises(AggregatorRefused, match="1299 at most are kept"):
        small.send(member)
    often = SecondServer(second.round_, second.folder, AggregatorLimits(attempts=2))
    seen = often.half(member)[0]
    for header in (seen, seen, seen, often.half(member)[0]):
        often.service.admit(header)
    with pytest.raises(AggregatorRefused, match="tried 2 times"):
        often.service.admit(often.half(member)[0])
    second.all_in()
    with pytest.raises(AggregatorRefused, match="is sealed on chain"):
        second.send(member, seed=3)


@cheat(
    Role.AGGREGATOR,
    "Signs a false sketch of a half, so that its node is rejected.",
    Comes.WORD,
    "Each node is shown both sketches of its update, and signs which is false: it is left out "
    "without a strike, and the log names the server. That a node said so is the coordinator's "
    "word. The signed sketch and the opening of the commitment prove it to whoever the node shows "
    "that half; the run keeps both signatures, which the audit checks.",
)
def test_a_false_sketch_is_proved_by_its_signature(second: SecondServer) -> None:
    sealed = second.all_in()
    seed = sealed.seed(second.place)
    victim = second.round_.federation.members[0]
    vector = second.vector(victim)
    sketch, signature = second.service.sketches(second.question(sealed))[victim.account]
    half = second.halved(victim, vector).vector
    assert verify(
        SECOND.account, half_payload(second.place, victim.account, seed, half, sketch), signature
    )
    assert is_sketch_of_vector(sketch, seed, SKETCH, vector)
    false = sketch + np.uint32(1)
    signed = SECOND.sign(half_payload(second.place, victim.account, seed, half, false))
    assert verify(
        SECOND.account, half_payload(second.place, victim.account, seed, half, false), signed
    )
    assert not is_sketch_of_vector(false, seed, SKETCH, vector), "the opening refutes it"


@cheat(
    Role.TOGETHER,
    "The second server and a node: it signs a false sketch of that node's half, under which poison "
    "looks honest, and a sum that fits it.",
    Comes.OPEN,
    "The node does not complain, and the sum has the sketch that the signed sketches add up to. "
    "With masks between nodes no single party gets this far.",
)
def test_a_false_sketch_of_a_node_of_its_own(second: SecondServer) -> None:
    sealed = second.all_in()
    made = second.service.sketches(second.question(sealed))
    accounts = [one.account for one in second.round_.federation.members]
    _, total = second.service.total(second.question(sealed, accounts))
    wanted = sum((sketch for sketch, _ in made.values()), np.zeros((1, 64), np.uint32))
    false = np.arange(64, dtype=np.uint32)[None]
    sketching = Sketching(SKETCH, sealed.seed(second.place))
    left = {*range(64)}
    for place in range(LENGTH):
        one = np.zeros(LENGTH, np.uint32)
        one[place] = 1
        sketch = sketching.of_vector(one)[0]
        (cell,) = np.flatnonzero(sketch)
        if cell in left:
            left.remove(int(cell))
            total[[place]] += false[0, [cell]] * sketch[[cell]]
    assert not left
    assert np.array_equal(sketching.of_vector(total), wanted + false)
