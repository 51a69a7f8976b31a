"""Two nodes that prove nothing, and what is used of them: real chains behind proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.errors import BadChainValue, ChainTimeout, ChainUnavailable
from pallet_bridge.errors.proofs import NodesDiffer
from pallet_bridge.keys import Signer
from pallet_bridge.trusted.agreeing import AgreeingClient
from pallet_bridge.types import AccountId, Planck
from tests.unit.pallet_bridge.client.test_every_lie import Liar, lying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient

pytestmark = pytest.mark.slow

EVE = Signer.from_uri("//Eve")
PURSE = AccountId(b"\x05" * 32)
PAY = calls.transfer(PURSE, Planck(10**10))


@pytest.fixture
def two(chain: EmbeddedClient) -> Iterator[tuple[Liar, Liar]]:
    with lying(chain.node.url) as one, lying(chain.node.url) as other:
        yield one, other


@pytest.fixture
def agreed(two: tuple[Liar, Liar]) -> Iterator[AgreeingClient]:
    with AgreeingClient([one.url for one in two], timeout=10.0, patience=3.0) as client:
        yield client


def answering(method: str, answer: object) -> Any:
    return lambda asked, _params, result: answer if asked == method else result


def test_what_all_say_is_used(agreed: AgreeingClient, chain: EmbeddedClient) -> None:
    assert agreed.head() == agreed.finalized() == chain.head()
    assert agreed.balance(EVE.account) == chain.balance(EVE.account)
    receipt = agreed.submit(PAY, EVE).wait(60, finalized=True)
    assert agreed.balance(PURSE).free == chain.balance(PURSE).free >= 10**10
    assert agreed.block_at(receipt.block.number) == receipt.block
    assert agreed.block_at(chain.head().number + 1) is None


def test_what_they_differ_about_is_not_used_and_both_answers_are_told(
    agreed: AgreeingClient, two: tuple[Liar, Liar]
) -> None:
    two[1].lie = answering("state_getStorage", "0x00")
    with pytest.raises(NodesDiffer, match="what is stored") as raised:
        agreed.balance(EVE.account)
    assert {*raised.value.answers} == {one.url for one in two}
    assert len({*raised.value.answers.values()}) == 2
    two[1].lie = answering("state_getStorage", None)
    with pytest.raises(NodesDiffer, match="says nothing"):
        agreed.balance(EVE.account)


def test_one_that_leaves_an_entry_of_a_map_out_is_found(
    agreed: AgreeingClient, two: tuple[Liar, Liar]
) -> None:
    prefix = agreed._key("System", "Account", [EVE.account.raw])[:32]
    found = agreed._below(prefix, agreed.head().hash)
    two[1].lie = lambda method, _params, result: (
        result[:-1] if method == "state_getKeysPaged" else result
    )
    with pytest.raises(NodesDiffer, match=f"{len(found) - 1} entries"):
        agreed._below(prefix, agreed.head().hash)


def test_one_that_lags_is_waited_for_and_one_far_behind_is_not(
    agreed: AgreeingClient,
    two: tuple[Liar, Liar],
    chain: EmbeddedClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = chain.head()
    chain.wait_until_block(old.number + 3, timeout=60)
    two[1].lie = answering("chain_getFinalizedHead", "0x" + old.hash.hex())
    assert agreed.head() == old, "the block that both call final"
    with pytest.raises(ChainTimeout, match="being final for all nodes"):
        agreed.submit(PAY, EVE).wait(60, finalized=True)
    monkeypatch.setattr("pallet_bridge.trusted.agreeing.FAR", 2)
    with pytest.raises(NodesDiffer, match="what is final"):
        agreed.head()


def test_another_block_at_a_number_is_found(
    agreed: AgreeingClient, two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    number = chain.head().number
    two[1].lie = lambda method, params, result: (
        "0x" + bytes(32).hex() if (method, params) == ("chain_getBlockHash", [number]) else result
    )
    with pytest.raises(NodesDiffer, match=f"block {number}"):
        agreed.head()


def test_a_block_with_other_calls_is_no_receipt(
    agreed: AgreeingClient, two: tuple[Liar, Liar]
) -> None:
    def lie(method: str, _params: list[Any], result: Any) -> Any:
        if method == "chain_getBlock":
            result["block"]["extrinsics"] = result["block"]["extrinsics"][:-1]
        return result

    two[1].lie = lie
    with pytest.raises(NodesDiffer, match="what a block contains"):
        agreed.submit(PAY, EVE).wait(60, finalized=True)


def test_a_call_is_found_where_all_show_it(
    agreed: AgreeingClient, two: tuple[Liar, Liar], chain: EmbeddedClient
) -> None:
    signed = chain.sign(PAY, EVE)
    block = chain.send(signed).wait(60).block
    place = {"since": block.number, "until": block.number}
    chain.wait_until_block(block.number + 2, timeout=60)
    found = agreed.find(signed, **place)
    assert found is not None
    assert found.block == block
    for number, one in enumerate(two):
        one.lie = lambda method, _params, result: "0x00" if method == "state_getStorage" else result
        with pytest.raises(NodesDiffer, match="what is stored"):
            agreed.find(signed, **place)
        one.lie = lambda _method, _params, result: result
        assert agreed.find(signed, **place) == found, number


def test_one_that_goes_away_stops_the_others(chain: EmbeddedClient) -> None:
    with lying(chain.node.url) as one:
        with lying(chain.node.url) as other:
            client = AgreeingClient([one.url, other.url], timeout=10.0)
        with client, pytest.raises(ChainUnavailable) as raised:
            client.head()
        assert raised.value.url == other.url


def test_nodes_of_two_chains_are_none(two: tuple[Liar, Liar]) -> None:
    with connect("embedded") as other, pytest.raises(NodesDiffer, match="which chain it is"):
        AgreeingClient([two[0].url, other.url])


@pytest.mark.parametrize("answer", [7, None, [], {"number": {}}, {"number": "0xzz"}])
def test_a_header_of_odd_shape_is_refused_by_name(
    agreed: AgreeingClient, two: tuple[Liar, Liar], answer: object
) -> None:
    two[1].lie = answering("chain_getHeader", answer)
    with pytest.raises(BadChainValue):
        agreed.head()


@pytest.mark.parametrize("answer", [7, {"a": 1}, "no hex"])
def test_a_value_of_odd_shape_is_refused_by_name(
    agreed: AgreeingClient, two: tuple[Liar, Liar], answer: object
) -> None:
    two[1].lie = answering("state_getStorage", answer)
    with pytest.raises(BadChainValue):
        agreed.balance(EVE.account)
