"""A server that wants to choose who masks with whom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.plugins.secure_aggregation import SecureAggregation
from bcfl_plugins.published.grouped import GroupRecord
from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.sizes import threshold
from pallet_bridge.audit.grounds import DRAWN
from pallet_bridge.audit.run import audit_run
from pallet_bridge.keys import Signer
from strategies.errors import MasksRefused
from strategies.messages.fields import WireError
from strategies.messages.masks import DEALT
from tests.cheats.by_server.mask_server import OTHERS, MaskServer
from tests.cheats.nodes import KEY_NAME, Node
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.e2e.masked.federation import GROUPED, federate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.secure.statements import Roster
    from pallet_bridge.audit.run import AuditReport
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
    "Other nodes look on chain in which block the round was opened and who was a member then. "
    "`bcfl audit --replay` does so too, and names the block; by then the node has masked by it.",
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


def drawn_by_the_server(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    lie: Callable[[Grouping], Grouping],
    nodes: int,
) -> AuditReport:
    """Run a real round in groups that a server drew by a lie, and audit it.

    Its nodes have public keys, so that they believe the coordinator about the chain.
    """
    true = SecureAggregation.grouping
    monkeypatch.setattr(SecureAggregation, "grouping", lambda *told: lie(true(*told)))
    run = federate(folder, nodes=nodes, **GROUPED)
    assert audit_run(run.folder).ok, "the drawing is published, and read with --replay"
    return audit_run(run.folder, replay=Replayer())


@pytest.mark.slow
@cheat(
    Role.SERVER,
    "Draws the groups from a block of its choice, and publishes that one.",
    Comes.FOUND,
    "`--replay` reads on chain in which block the round was opened, and names a drawing from "
    "another one, or under another number. So does a committee that attests with `--replay`.",
)
@pytest.mark.parametrize("lie", [{"block": b"\x07" * 32}, {"number": 1}])
def test_a_drawing_from_another_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: dict[str, Any]
) -> None:
    report = drawn_by_the_server(tmp_path, monkeypatch, lambda true: replace(true, **lie), 9)
    (finding,) = report.findings
    assert finding.kind == "replay"
    assert "its groups are drawn from block" in finding.statement
    assert DRAWN not in report.grounds.recomputed


@pytest.mark.slow
@cheat(
    Role.SERVER,
    "Draws accounts that are no members into the groups, or leaves a member out of the drawing.",
    Comes.FOUND,
    "`--replay` reads who was a member, and not suspended, in the block of the opening, and names "
    "each account that was drawn and could not be, and each that was not drawn.",
)
@pytest.mark.parametrize("lie", ["stranger", "without"])
def test_a_drawing_over_other_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    stranger = Signer.from_uri("//nobody").account
    left: list[AccountId] = []

    def other(true: Grouping) -> Grouping:
        if lie == "without":
            left.append(true.accounts[0])
            return replace(true, accounts=true.accounts[1:])
        more = sorted({*true.accounts, stranger}, key=lambda one: one.raw)
        return replace(true, accounts=tuple(more))

    found = drawn_by_the_server(tmp_path, monkeypatch, other, 12).findings
    named = [one for one in found if one.account in {stranger, *left}]
    wanted = "was no member then" if lie == "stranger" else "was not drawn into a group"
    assert any(wanted in one.statement for one in named), found


@pytest.mark.slow
@cheat(
    Role.SERVER,
    "Draws honestly, and publishes another drawing in which its groups look drawn.",
    Comes.FOUND,
    "`--replay` holds the published block against the chain's, and each group against what the "
    "seed of that block gives.",
)
def test_a_drawing_that_is_published_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = GroupRecord.plain

    def plain(self: GroupRecord) -> dict[str, object]:
        return honest(replace(self, grouping=replace(self.grouping, block=b"\x07" * 32)))

    monkeypatch.setattr(GroupRecord, "plain", plain)
    run = federate(tmp_path, nodes=9, **GROUPED)
    told = [one.statement for one in audit_run(run.folder, replay=Replayer()).findings]
    assert any("its groups are drawn from block" in one for one in told)
    assert any("into which it was not drawn" in one for one in told)


@cheat(
    Role.SERVER,
    "Draws with each size of groups, and takes the one whose groups suit it.",
    Comes.REFUSED,
    "A node deals by the size of its run config only. The audit notes a size that changes in a "
    "run.",
)
def test_a_size_that_the_server_looked_for(node: MakeNode) -> None:
    server = MaskServer(node())
    server.node.context.run_config["bcfl.secure.group"] = 5
    grouping = drawing(server, size=4)
    names = known(grouping.group_of(server.round_.key, server.member().account))
    with pytest.raises(MasksRefused, match="the run config says 5"):
        server.deal(roster_of(server, grouping, names), grouping=grouping)
