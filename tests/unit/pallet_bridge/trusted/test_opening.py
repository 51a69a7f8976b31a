"""Which nodes are believed, of those that a setting names: real chains behind proxies."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.client import connect
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.errors import BadChainValue, ChainTimeout, ChainUnavailable, EncodingError
from pallet_bridge.errors.proofs import NodesDiffer, OtherChain, ProofRefused
from pallet_bridge.light.client import FinalClient
from pallet_bridge.light.final import PROVE
from pallet_bridge.light.justification import Justification, VotedBlock
from pallet_bridge.trusted.agreeing import AgreeingClient
from pallet_bridge.trusted.opening import Belief, open_beside, open_checked
from tests.unit.pallet_bridge.client.test_every_lie import Liar, lying
from tests.unit.pallet_bridge.light.signing import ALICE_SEED, ROUND, Authority, sign_finality

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient

pytestmark = pytest.mark.slow

ALICE = Authority(ALICE_SEED)
NOBODY = "ws://127.0.0.1:1"


@pytest.fixture
def two(chain: EmbeddedClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Liar, Liar]]:
    """Two nodes of one chain, neither of which proves anything."""
    # an embedded chain has a time of its own
    monkeypatch.setattr("pallet_bridge.trusted.opening.FRESH_S", float("inf"))
    with lying(chain.node.url) as one, lying(chain.node.url) as other:
        yield one, other


def said_by(target: str, belief: Belief | None = None) -> tuple[type, str, list[str]]:
    """Open a target, and return what kind of client it gave, of which node, and what was said."""
    said: list[str] = []
    with open_checked(target, belief or Belief(), said.append, timeout=10.0) as client:
        return type(client), client.url, said


def test_one_node_without_proofs_is_believed_and_that_is_said(two: tuple[Liar, Liar]) -> None:
    kind, _, said = said_by(two[0].url)
    assert kind is NodeClient
    (text,) = said
    assert "is its word, and is believed" in text
    assert two[0].url in text


def test_several_without_proofs_have_to_agree_and_that_is_said(two: tuple[Liar, Liar]) -> None:
    kind, _, said = said_by(f"{two[0].url},{two[1].url}")
    assert kind is AgreeingClient
    (text,) = said
    assert "have to agree" in text
    assert two[1].url in text


def test_one_that_proves_is_enough_and_another_that_is_down_is_named(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    sign_finality(two[1], chain, ALICE)
    kind, url, said = said_by(f"{NOBODY},{two[0].url},{two[1].url}")
    assert (kind, url) == (FinalClient, two[1].url)
    (text,) = said
    assert "does not answer" in text
    assert NOBODY in text


def test_where_none_proves_one_that_is_down_stops_it(two: tuple[Liar, Liar]) -> None:
    with pytest.raises(ChainUnavailable) as raised:
        said_by(f"{two[0].url},{NOBODY}")
    assert raised.value.url == NOBODY
    with pytest.raises(ChainUnavailable):
        said_by(NOBODY)


def test_of_those_that_prove_the_newest_block_counts(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    for one in two:
        sign_finality(one, chain, ALICE)
    old = chain.head()
    chain.wait_until_block(old.number + 3, timeout=60)
    vote = VotedBlock(old.hash, old.number)
    shown = Justification(ROUND, vote, (ALICE.vote(vote),), ()).encode()
    two[0].own[PROVE] = lambda params: (
        "0x" + (old.hash + blob(shown) + compact(0)).hex() if params[0] <= old.number else None
    )
    two[0].own["chain_getFinalizedHead"] = lambda _params: "0x" + old.hash.hex()
    assert said_by(two[0].url)[:2] == (FinalClient, two[0].url)
    assert said_by(f"{two[0].url},{two[1].url}")[:2] == (FinalClient, two[1].url)


def test_one_that_proves_badly_is_no_reason_to_believe_another(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    sign_finality(two[0], chain, Authority(1))
    sign_finality(two[1], chain, ALICE)
    with pytest.raises(ProofRefused):
        said_by(f"{two[0].url},{two[1].url}")


def test_nodes_of_two_chains_are_refused_and_so_is_one_of_another_than_is_pinned(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    with connect("embedded") as other:
        with pytest.raises(NodesDiffer, match="which chain it is"):
            said_by(f"{two[0].url},{other.url}")
        pinned = Belief((other.genesis_hash,), "a test")
        with pytest.raises(OtherChain, match="a test says") as raised:
            said_by(two[0].url, pinned)
        assert raised.value.found == chain.genesis_hash
        # the first is right, so the second is named
        with pytest.raises(OtherChain) as raised:
            said_by(f"{other.url},{two[0].url}", pinned)
        assert raised.value.url == two[0].url


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("rpc_methods", None),
        ("rpc_methods", 7),
        ("rpc_methods", {"version": 1}),
        ("chain_getBlockHash", "0xzz"),
        ("chain_getBlockHash", None),
        ("chain_getBlockHash", {"a": 1}),
    ],
)
def test_an_answer_of_odd_shape_is_refused_by_name(
    two: tuple[Liar, Liar], method: str, answer: object
) -> None:
    two[0].own[method] = lambda _params: answer
    with pytest.raises((BadChainValue, EncodingError)):
        said_by(two[0].url)


def test_beside_what_is_proved_there_is_a_client_that_sends(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    sign_finality(two[0], chain, ALICE)

    def opened(target: str, stack: ExitStack) -> tuple[Any, Any]:
        checked = stack.enter_context(open_checked(target, Belief(), lambda _text: None))
        return checked, stack.enter_context(open_beside(checked))

    with ExitStack() as stack:
        proved, live = opened(two[0].url, stack)
        assert live is not proved
        assert type(live) is NodeClient
        agreed, live = opened(f"{two[1].url},{chain.node.url}", stack)
        assert (type(agreed), live.url) == (AgreeingClient, two[1].url)
        believed, live = opened(two[1].url, stack)
        assert believed is live


def test_a_block_counts_once_it_is_proved(two: tuple[Liar, Liar], chain: EmbeddedClient) -> None:
    sign_finality(two[0], chain, ALICE)
    with open_checked(two[0].url, Belief(), lambda _text: None) as checked:
        old, prove = checked.head(), two[0].own[PROVE]
        chain.wait_until_block(old.number + 2, timeout=60)
        two[0].own[PROVE] = lambda _params: None
        with pytest.raises(ChainTimeout, match=f"proved is {old.number}"):
            checked.wait_until_block(old.number + 1, timeout=0.6)
        assert checked.finalized() == checked.head() == old
        two[0].own[PROVE] = prove
        assert checked.wait_until_block(old.number + 1, timeout=60) == chain.head()
        assert checked.finalized() == chain.head()


def test_the_client_beside_is_of_the_same_chain(
    two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    sign_finality(two[0], chain, ALICE)
    with open_checked(two[0].url, Belief(), lambda _text: None) as checked:
        other = "0x" + bytes(32).hex()
        two[0].lie = lambda method, params, result: (
            other if (method, params) == ("chain_getBlockHash", [0]) else result
        )
        with pytest.raises(OtherChain), open_beside(checked):
            pass
