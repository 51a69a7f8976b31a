from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flwr.proto.node_pb2 import NodeInfo
from flwr.supercore.primitives.asymmetric import generate_key_pairs, public_key_to_bytes

from bcfl_plugins.types import NodeId, NodeRef
from pallet_bridge import node_keys
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.types import AccountId, NodeProof
from strategies.server.nodes.supernodes import SuperNodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types import NodeKey

GENESIS = bytes([1]) * 32
FEDERATION = 3
MEMBER, OTHER = AccountId(bytes([2]) * 32), AccountId(bytes([3]) * 32)
PRIVATE, PUBLIC = generate_key_pairs()
_, STRANGE = generate_key_pairs()
BOUND = node_keys.bind(PRIVATE, GENESIS, FEDERATION, MEMBER)


class Grid:
    """What a SuperLink tells of the nodes."""

    def __init__(self, *infos: NodeInfo) -> None:
        self.infos = infos

    def get_nodes(self) -> Any:
        return iter(self.infos)


def seen(node: int, key: Any = PUBLIC, **more: str) -> NodeInfo:
    data = key if isinstance(key, bytes) else public_key_to_bytes(key)
    return NodeInfo(node_id=node, status="online", public_key=data, **more)  # type: ignore[arg-type]


def node(number: int, account: AccountId | None = MEMBER) -> NodeRef:
    return NodeRef(NodeId(number), account)


class Chain:
    """What members bound; it may be away."""

    def __init__(self, bound: NodeKey) -> None:
        self.bound: Mapping[AccountId, NodeKey] = {MEMBER: bound}
        self.reads = 0
        self.away = False

    def read(self) -> Mapping[AccountId, NodeKey]:
        self.reads += 1
        if self.away:
            raise ChainUnavailable("ws://somewhere", "gone")
        return self.bound


def of(chain: Chain, when_away: Any = "fail") -> SuperNodes:
    return SuperNodes(GENESIS, FEDERATION, chain.read, when_away)


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (BOUND, "proved on chain to be its member's"),
        (replace(BOUND, proof=NodeProof(b"")), "the one that its member named on chain"),
    ],
)
def test_the_supernode_that_a_member_named_takes_part(
    bound: NodeKey, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "flwr.bcfl"):
        assert of(Chain(bound)).strangers(Grid(seen(7, name="h\n0")), [node(7)]) == {}
    (line,) = caplog.messages
    assert line.startswith(f"bcfl: node 7 is account {MEMBER}; SuperNode 'h 0', key sha256:")
    assert line.endswith(said)


def test_a_member_that_named_none_takes_part_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO", "flwr.bcfl"):
        nodes = of(Chain(BOUND))
        grid = Grid(seen(7, bytes(32)))
        assert nodes.strangers(grid, [node(7, OTHER), node(8, None)]) == {}
        assert nodes.strangers(grid, [node(7, OTHER), node(8, None)]) == {}
    (line,) = caplog.messages
    assert line.endswith("its member named none on chain")


def test_many_whose_member_named_none_are_told_of_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    others = [node(number, AccountId(bytes([number]) * 32)) for number in range(20, 60)]
    with caplog.at_level("INFO", "flwr.bcfl"):
        nodes = of(Chain(BOUND))
        for _ in range(2):
            assert nodes.strangers(Grid(seen(7)), [node(7), *others]) == {}
    assert caplog.messages[0] == "bcfl: of 40 nodes the member named no SuperNode on chain"
    (named,) = caplog.messages[1:]
    assert named.startswith("bcfl: node 7 is account")


@pytest.mark.parametrize(
    "info",
    [seen(7, STRANGE), seen(7, bytes(32)), seen(7, b""), seen(8)],
    ids=["another key", "no key", "nothing", "not told"],
)
def test_another_supernode_with_the_members_key_takes_no_part(info: NodeInfo) -> None:
    (why,) = of(Chain(BOUND)).strangers(Grid(info), [node(7)]).values()
    assert f"account {MEMBER} named another SuperNode on chain" in why
    assert f"0x{BOUND.key.hex()}" in why
    assert "bcfl node bind" in why


def test_a_proof_for_another_member_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """A member may name a key that is not its own; it is then told apart from a proved one."""
    stolen = node_keys.bind(PRIVATE, GENESIS, FEDERATION, OTHER)
    with caplog.at_level("INFO", "flwr.bcfl"):
        assert of(Chain(stolen)).strangers(Grid(seen(7)), [node(7)]) == {}
    assert caplog.messages[0].endswith("the one that its member named on chain")


def test_who_is_left_out_is_looked_at_again_and_who_is_fine_is_not() -> None:
    chain = Chain(BOUND)
    nodes, grid = of(chain), Grid(seen(7, STRANGE))
    assert [*nodes.strangers(grid, [node(7)])] == [7]
    chain.bound = {}
    assert nodes.strangers(grid, [node(7)]) == {}
    reads = chain.reads
    assert nodes.strangers(grid, [node(7)]) == {}
    assert chain.reads == reads
    chain.bound = {MEMBER: BOUND}
    assert nodes.strangers(grid, []) == {}
    assert [*nodes.strangers(grid, [node(7)])] == [7], "a node that came back is looked at"


def test_while_the_chain_is_away_what_was_read_last_is_gone_by() -> None:
    chain = Chain(BOUND)
    patient, strict = of(chain, "queue"), of(chain)
    chain.away = True
    grid = Grid(seen(7, STRANGE), seen(8))
    assert [*patient.strangers(grid, [node(7)])] == [7]
    assert patient.strangers(grid, [node(8)]) == {}
    with pytest.raises(ChainUnavailable):
        strict.strangers(grid, [node(8)])
