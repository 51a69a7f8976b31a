"""A server that wants to choose who masks with whom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.sizes import threshold
from pallet_bridge.keys import Signer
from strategies.errors import MasksRefused
from strategies.messages.fields import WireError
from strategies.messages.masks import DEALT
from tests.cheats.by_server.mask_server import OTHERS, MaskServer
from tests.cheats.nodes import KEY_NAME, Node
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.secure.statements import Roster
    from pallet_bridge.types import AccountId

    MakeNode = Callable[..., Node]

HONEST = [Signer.from_uri(f"//bcfl//groups//{number}") for number in range(9)]
"""Members that are drawn as well."""


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeNode:
    """Make one node as often as there are runs; it believes the coordinator about the chain."""
    monkeypatch.setenv(KEY_NAME, "0x" + "5c" * 32)
    proofs = {"bcfl_secure_proofs": "coordinator"}
    return lambda **config: Node(tmp_path / "memory", **{**proofs, **config})


def drawing(server: MaskServer, size: int = 5, block: bytes = b"\x07" * 32) -> Grouping:
    """Return a drawing of the node, of the server's own accounts and of others."""
    drawn = [server.member().account, *(one.account for one in (*OTHERS, *HONEST))]
    return Grouping(block, 9, size, tuple(sorted(drawn, key=lambda one: one.raw)))


def known(accounts: tuple[AccountId, ...]) -> list[AccountId]:
    """Return those of some accounts of which the server has a mask key."""
    return [one.account for one in OTHERS if one.account in accounts]


def roster_of(server: MaskServer, grouping: Grouping, names: list[AccountId]) -> Roster:
    """Return a roster of the node and some accounts of the server's own."""
    members = [server.other(one) for one in OTHERS if one.account in names]
    made = server.roster(members, sketch=None, grouping=grouping.digest)
    group = grouping.group_of(server.round_.key, server.member().account)
    return replace(made, needed=threshold(len(group)))


def mostly_its_own(server: MaskServer, size: int = 5) -> tuple[Grouping, list[AccountId]]:
    """Look for a block that draws the node together with the server's accounts: four of five."""
    for number in range(100_000):
        grouping = drawing(server, size, number.to_bytes(32, "little"))
        group = grouping.group_of(server.round_.key, server.member().account)
        if len(known(group)) == len(group) - 1:
            return grouping, known(group)
    raise AssertionError("there is no such block")


@cheat(
    Role.SERVER,
    "Chooses itself who is in a node's group.",
    Comes.REFUSED,
    "The node draws the groups again from what the server says they follow from, and deals to no "
    "account that was drawn into another one.",
)
def test_a_group_that_the_server_chose(node: MakeNode) -> None:
    server = MaskServer(node())
    grouping = drawing(server)
    names = [one.account for one in OTHERS]
    with pytest.raises(MasksRefused, match="was not drawn into this node's group"):
        server.deal(roster_of(server, grouping, names), grouping=grouping)


@cheat(
    Role.SERVER,
    "Says of a group nothing that it follows from, or something else than it signed.",
    Comes.REFUSED,
    "The roster that the coordinator signs has the digest of the drawing; a run whose mode is "
    "groups has no other rosters.",
)
def test_a_group_of_no_drawing(node: MakeNode) -> None:
    server = MaskServer(node())
    grouping = drawing(server)
    roster = roster_of(server, grouping, [one.account for one in OTHERS])
    with pytest.raises(MasksRefused, match="does not say what groups follow from"):
        server.deal(roster)
    other = replace(grouping, block=b"\x08" * 32)
    with pytest.raises(MasksRefused, match="of another grouping"):
        server.deal(roster, grouping=other)
    named = MaskServer(node())
    named.node.context.run_config["bcfl.secure.mode"] = "groups"
    with pytest.raises(MasksRefused, match="it chose the group itself"):
        named.deal(named.roster())


@cheat(
    Role.SERVER,
    "Makes groups of two, or leaves honest nodes out of a group until a sum tells an update.",
    Comes.REFUSED,
    "A node takes no groups of fewer than three. Of a group of n two thirds of the n - 1 others "
    "and one must be there, however many the server leaves out; its operator may ask for more.",
)
def test_a_group_that_is_too_small(node: MakeNode) -> None:
    server = MaskServer(node())
    pairs = drawing(server, size=2)
    with pytest.raises(WireError, match="groups of 2 hide no update"):
        server.deal(roster_of(server, pairs, [one.account for one in OTHERS]), grouping=pairs)
    grouping, group = mostly_its_own(server)
    few = replace(roster_of(server, grouping, group[:2]), needed=2)
    with pytest.raises(MasksRefused, match="this node takes 3 at least"):
        server.deal(few, grouping=grouping)
    careful = MaskServer(node(bcfl_secure_threshold=5))
    careful.keys = server.keys
    with pytest.raises(MasksRefused, match="this node takes 5 at least"):
        careful.deal(roster_of(careful, grouping, group), grouping=grouping)


@cheat(
    Role.SERVER,
    "Tries blocks until one draws the victim together with accounts of its own, and names that one "
    'to a node whose operator chose to believe it (`bcfl-secure-proofs="coordinator"`).',
    Comes.WORD,
    "Other nodes look on chain in which block the round was opened and who was a member then. The "
    "audit draws the groups again, and counts that block and those members as the server's word.",
)
def test_a_block_that_the_server_looked_for(node: MakeNode) -> None:
    server = MaskServer(node())
    grouping, group = mostly_its_own(server)
    assert DEALT in server.deal(roster_of(server, grouping, group), grouping=grouping)
    for proofs in ("light", "node"):
        looking = MaskServer(node(bcfl_secure_proofs=proofs))
        looking.keys = server.keys
        with pytest.raises(MasksRefused, match="does not know where: set bcfl-memory-chain"):
            looking.deal(roster_of(looking, grouping, group), grouping=grouping)
