"""A server that wants an update out of masks that should hide it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.config.terms import FIXED_ONE
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.sharing import combine
from bcfl_plugins.secure.statements import is_plus
from bcfl_plugins.secure.streams import add_streams
from pallet_bridge.testing.terms import DEVELOPMENT
from strategies._flower import copy_content
from strategies.errors import MasksRefused, NotTheCoordinators
from strategies.messages.masks import ANSWER, DEALT
from tests.cheats.by_server.mask_server import BIG, OTHERS, MaskServer
from tests.cheats.nodes import EVE, KEY_NAME, Node
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.unit.opened import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeNode = Callable[..., Node]


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeNode:
    """Make one node as often as there are runs; it believes the coordinator about the chain."""
    monkeypatch.setenv(KEY_NAME, "0x" + "5c" * 32)
    proofs = {"bcfl_secure_proofs": "coordinator"}
    return lambda **config: Node(tmp_path / "memory", **{**proofs, **config})


def test_an_honest_round_goes_through(node: MakeNode) -> None:
    """What each cheat below is refused for is no slip of this test: without it all is answered."""
    server = MaskServer(node())
    roster, sealed = server.through()
    answer = server.unmask(roster, sealed)
    assert answer[ANSWER]["given"] == bytes(32 * 5), "no share was sealed for it, and none is given"


@cheat(
    Role.SERVER,
    "Puts a mask key of its own in the place of a member's, to know the mask of the pair.",
    Comes.REFUSED,
    "Each mask key is signed by its account; the node deals to no other.",
)
def test_a_mask_key_that_its_account_did_not_sign(node: MakeNode) -> None:
    server = MaskServer(node())
    first, *others = (server.other(one) for one in OTHERS)
    exchanged = replace(first, key=MaskKey().public)
    with pytest.raises(MasksRefused, match="not signed by that account"):
        server.deal(server.roster([exchanged, *others]))


@cheat(
    Role.SERVER,
    "Names a threshold with which a few who collude open an update.",
    Comes.REFUSED,
    "A node takes two thirds of the others and one at least; the terms "
    "(`bcfl.training.secure_threshold`) and its operator (`bcfl-secure-threshold`) may ask for "
    "more.",
)
def test_a_threshold_that_is_too_low(node: MakeNode) -> None:
    for needed in (1, 3):
        server = MaskServer(node())
        with pytest.raises(MasksRefused, match="this node takes 4 at least"):
            server.deal(server.roster(needed=needed))
    server = MaskServer(node(bcfl_secure_threshold=5))
    with pytest.raises(MasksRefused, match="this node takes 5 at least"):
        server.deal(server.roster())
    voted = replace(DEVELOPMENT, training={"secure_threshold": 6 * FIXED_ONE})
    server = MaskServer(node(), opened(model=BIG, terms=voted))
    with pytest.raises(MasksRefused, match="this node takes 6 at least"):
        server.deal(server.roster())


@cheat(
    Role.SERVER,
    "Fills the round with accounts of its own, so that the only update it lacks is the victim's.",
    Comes.REFUSED,
    "A node with a secret key looks on chain who is a member, by proofs of finality and storage; "
    "without a node of the chain to ask (`bcfl-memory-chain`) it deals nothing.",
)
def test_a_roster_that_the_node_cannot_check(node: MakeNode) -> None:
    for proofs in ("light", "node"):
        server = MaskServer(node(bcfl_secure_proofs=proofs))
        with pytest.raises(MasksRefused, match="does not know where: set bcfl-memory-chain"):
            server.deal(server.roster())


@cheat(
    Role.SERVER,
    "The same with a node whose operator chose to believe the coordinator about the chain "
    '(`bcfl-secure-proofs="coordinator"`, and every public development key).',
    Comes.OPEN,
    "Then who is in a round is the coordinator's signed word, and a lie about it shows only to "
    "who compares it with the chain.",
)
def test_a_roster_of_the_servers_own_accounts(node: MakeNode) -> None:
    server = MaskServer(node())
    roster, me = server.roster(), server.member()
    sealed = server.deal(roster)[DEALT]["sealed"]
    sent = server.train(roster.digest)["arrays"]["w"].numpy().copy()
    plus, minus, shares = [], [], {}
    for number, other in enumerate(roster.others(me.account)):
        key, place = server.keys[other.account], server.round_.key
        seed = key.pair_seed(place, other.account, me.account, me.key)
        (plus if is_plus(me.account, other.account) else minus).append(seed)
        shares[number + 1] = key.open(place, me.account, other.account, me.key, sealed[number])
    add_streams(sent, minus, [combine(shares), *plus])
    moved = sent.view(np.int32) / 2.0**roster.scale.bits
    assert np.ptp(moved) < 1e-6, "the node moves every weight by the same: this is its update"
    assert 1e-4 < abs(moved.mean()) < 1


@cheat(
    Role.SERVER,
    "Asks for the update without a mask.",
    Comes.REFUSED,
    "A node whose run config names the plugin, whose terms govern the threshold, or whose operator "
    "set one, sends masked updates only.",
)
def test_an_update_without_a_mask(node: MakeNode) -> None:
    server = MaskServer(node(bcfl_secure_threshold=3))
    with pytest.raises(MasksRefused, match="asks for an unmasked update"):
        server.train(None)
    assert server.node.trained == 0
    voted = replace(DEVELOPMENT, training={"secure_threshold": 4 * FIXED_ONE})
    server = MaskServer(node(), opened(model=BIG, terms=voted))
    with pytest.raises(MasksRefused, match="the federation's terms govern secure_threshold"):
        server.train(None)


@cheat(
    Role.SERVER,
    "Lets a node deal to one roster and mask by another, or deal twice in a round.",
    Comes.REFUSED,
    "A node deals once a round, which it remembers on disk, and masks by that roster only.",
)
def test_two_rosters(node: MakeNode) -> None:
    server = MaskServer(node())
    roster = server.roster()
    server.deal(roster)
    with pytest.raises(MasksRefused, match="dealt shares for round 5 already"):
        server.deal(server.roster([server.other(one) for one in OTHERS[:3]]))
    with pytest.raises(MasksRefused, match="another roster than this node dealt to"):
        server.train(bytes(32))
    again = MaskServer(node())
    again.keys = server.keys
    with pytest.raises(MasksRefused, match="already"):
        again.deal(again.roster())


@cheat(
    Role.SERVER,
    "Asks for the sketch of an update with one seed after another, until they add up to it.",
    Comes.REFUSED,
    "One sketch a round. Its seed is drawn from the block of the seal and all commitments: the "
    "node's own, salted one is among them, so nobody knew it before the update was fixed.",
)
def test_two_sketches_of_one_update(node: MakeNode) -> None:
    server = MaskServer(node())
    roster, sealed = server.through()
    assert server.sketch(roster, sealed), "the same question again is answered again"
    with pytest.raises(MasksRefused, match="two sketches tell more than one"):
        server.sketch(roster, replace(sealed, block=b"\x08" * 32))


@cheat(
    Role.SERVER,
    "Asks about a round in which the node's own update is not, or too few others.",
    Comes.REFUSED,
    "A node answers only where what it committed to is in the sealed round, with enough others.",
)
def test_a_sealed_round_without_the_node(node: MakeNode) -> None:
    server = MaskServer(node())
    roster = server.roster()
    server.deal(roster)
    server.train(roster.digest)
    whole = server.sealed().commitments
    mine = server.member().account
    for commitments in (
        {who: one for who, one in whole.items() if who != mine},
        {**whole, mine: bytes(32)},
    ):
        with pytest.raises(MasksRefused, match="is not in the sealed round"):
            server.sketch(roster, server.sealed(commitments=commitments))
    few = {mine: whole[mine], **{one.account: bytes(32) for one in OTHERS[:3]}}
    with pytest.raises(MasksRefused, match="4 of the roster are in the round, and 5 must"):
        server.sketch(roster, server.sealed(commitments=few))


@cheat(
    Role.SERVER,
    "Unmasks the sum of few, or of nodes that are not in the round.",
    Comes.REFUSED,
    "A sum has one update more than the threshold at least, all of the sealed round.",
)
def test_a_sum_of_too_few(node: MakeNode) -> None:
    server = MaskServer(node())
    roster, sealed = server.through()
    mine = server.member().account
    for accepted in ([mine], [mine, *(one.account for one in OTHERS[:3])]):
        with pytest.raises(MasksRefused, match="5 at least must be in it"):
            server.unmask(roster, sealed, accepted)
    with pytest.raises(MasksRefused, match="is not in the round"):
        server.unmask(roster, sealed, [*roster.accounts, EVE.account])


@cheat(
    Role.SERVER,
    "Asks for both of a node's secrets: the share of its own seed and the seed of the pair.",
    Comes.REFUSED,
    "Who is in both lists is refused; of each node one of the two is given.",
)
def test_a_node_in_both_lists(node: MakeNode) -> None:
    server = MaskServer(node())
    roster, sealed = server.through()
    victim = OTHERS[0].account
    rest = [one for one in roster.accounts if one != victim]
    with pytest.raises(MasksRefused, match="both among those"):
        server.unmask(roster, sealed, rest, dealers=[victim])


@cheat(
    Role.SERVER,
    "Unmasks two sums of one round, whose difference is an update.",
    Comes.REFUSED,
    "One answer a round, on disk before it leaves: also a node whose state was set back refuses.",
)
def test_two_sums_of_one_round(node: MakeNode) -> None:
    server = MaskServer(node())
    roster, sealed = server.through()
    before = copy_content(server.node.context.state)
    server.unmask(roster, sealed)
    rest = [one for one in roster.accounts if one != OTHERS[0].account]
    for _ in range(2):
        with pytest.raises(MasksRefused, match="two sums tell their difference"):
            server.unmask(roster, sealed, rest)
        server.node.context.state = before
    assert server.unmask(roster, sealed), "the same question again is answered again"


@cheat(
    Role.STRANGER,
    "Stands between and changes whom a node unmasks, deals to or sketches for.",
    Comes.REFUSED,
    "Each question about masks is signed by the coordinator of the round.",
)
def test_questions_that_the_coordinator_did_not_sign(node: MakeNode) -> None:
    server = MaskServer(node())
    with pytest.raises(NotTheCoordinators):
        server.deal(server.roster(), EVE)
    roster, sealed = server.through()
    with pytest.raises(NotTheCoordinators):
        server.sketch(roster, sealed, EVE)
    with pytest.raises(NotTheCoordinators):
        server.unmask(roster, sealed, signer=EVE)


@cheat(
    Role.SERVER,
    "Asks for sketches so large that they are the update.",
    Comes.REFUSED,
    "A node sends nothing where a sketch has more than a number for 20 parameters.",
)
def test_a_sketch_that_tells_too_much(node: MakeNode) -> None:
    server = MaskServer(node())
    roster = server.roster(sketch=replace(server.roster().sketch, width=128))
    server.deal(roster)
    with pytest.raises(MasksRefused, match="tells too much"):
        server.train(roster.digest)


def test_what_leaves_the_node_is_not_what_it_trained(node: MakeNode) -> None:
    server = MaskServer(node())
    roster = server.roster()
    server.deal(roster)
    sent = server.train(roster.digest)["arrays"]["w"].numpy()
    assert sent.dtype == np.uint32
    assert len(np.unique(sent)) > 1200, "all its entries would be nearly the same"
