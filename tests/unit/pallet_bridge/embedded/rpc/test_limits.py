"""One client that wants everything: its requests end, and nobody else's wait for that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.embedded.rpc import limits, server, state, subscriptions
from pallet_bridge.embedded.rpc.dispatch import METHODS, RpcDispatcher
from pallet_bridge.embedded.rpc.subscriptions import HeadFeed
from pallet_bridge.embedded.service import Service
from pallet_bridge.embedded.state.encode import blob

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.embedded.chain.chain import Chain

PARSE = (None, -32700)
INVALID = (None, -32600)
CODE = "0x3a636f6465"


class Peer:
    lets_unsafe = True

    def __init__(self) -> None:
        self.notes: list[Any] = []

    def post(self, text: str) -> None:
        self.notes.append(json.loads(text))


class Caller:
    """Asks without a socket in between."""

    def __init__(self, rpc: RpcDispatcher) -> None:
        self.rpc = rpc
        self.peer = Peer()

    def raw(self, message: str | bytes) -> Any:
        steps = self.rpc.steps(self.peer, message)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return None if end.value is None else json.loads(end.value)

    def ask(self, method: str, *params: Any) -> Any:
        answer = self.raw(request(method, *params))
        return answer.get("result", answer.get("error"))


def request(method: str, *params: Any, number: int = 1) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def batch(*requests: str) -> str:
    return f"[{','.join(requests)}]"


@pytest.fixture
def service(chain: Chain) -> Service:
    return Service(chain)


@pytest.fixture
def rpc(service: Service) -> RpcDispatcher:
    return RpcDispatcher(service)


@pytest.fixture
def caller(rpc: RpcDispatcher) -> Caller:
    return Caller(rpc)


def error_of(answer: Any) -> tuple[Any, Any]:
    return answer["id"], answer["error"]["code"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": NaN}'])
@pytest.mark.slow
def test_what_is_no_json_is_not_echoed(caller: Caller, number: str) -> None:
    for text in (
        f'{{"jsonrpc":"2.0","id":{number},"method":"system_chain"}}',
        f'{{"jsonrpc":"2.0","id":1,"method":"system_chain","params":[{number}]}}',
        f'[{{"jsonrpc":"2.0","id":{number},"method":"system_chain"}}]',
    ):
        assert error_of(caller.raw(text)) == PARSE


@pytest.mark.parametrize("number", ["1.5", "-1", "true", "[1]", "{}", str(2**64), "1e400"])
@pytest.mark.slow
def test_an_id_is_a_number_a_text_or_null(caller: Caller, number: str) -> None:
    text = f'{{"jsonrpc":"2.0","id":{number},"method":"system_chain"}}'
    assert error_of(caller.raw(text)) == INVALID


@pytest.mark.parametrize("deep", [1_100, 3_000, 70_000])
def test_nesting_has_an_end(caller: Caller, deep: int) -> None:
    (answer,) = caller.raw("[" * deep + "]" * deep)
    assert error_of(answer) == INVALID
    for text in ("[" * deep, '{"a":' * deep, '{"a":' * deep + "1" + "}" * deep):
        assert error_of(caller.raw(text)) == PARSE
    inside = '{"jsonrpc":"2.0","id":7,"method":"chain_getBlockHash","params":[%s]}'
    assert caller.raw(inside % ("[" * deep + "]" * deep))["error"]["code"] in (-32700, -32602)


def test_a_parameter_may_be_nested_as_deep_as_with_a_node(caller: Caller) -> None:
    for wrap in (lambda value: [value], lambda value: {"a": value}):
        value: Any = []
        for _ in range(126):
            value = wrap(value)
        assert "recursion" not in caller.ask("state_getStorage", value)["data"]
        assert "recursion limit" in caller.ask("state_getStorage", wrap(value))["data"]


@pytest.mark.parametrize("data", [b"\xff\xfe{", b"\x00", b"\xed\xa0\x80", b""])
def test_bytes_that_are_no_text_are_a_parse_error(caller: Caller, data: bytes) -> None:
    assert error_of(caller.raw(data)) == PARSE


def test_a_batch_stops_when_its_answers_have_too_many_bytes(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def metadata(context: Any, params: Any) -> Any:
        asked.append(1)
        return state.get_metadata(context, params)

    monkeypatch.setitem(METHODS, "state_getMetadata", metadata)
    answer = caller.raw(batch(*[request("state_getMetadata", number=n) for n in range(3_000)]))
    assert answer["error"] == {
        "code": -32011,
        "message": "The batch response was too large",
        "data": "Exceeded max limit of 15728640",
    }
    assert len(asked) < 100
    assert caller.ask("system_chainType") == "Development"


def test_an_answer_has_a_size(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGE_BYTES", 1_000)
    too_big = {"code": -32008, "message": "Response is too big"}
    too_big["data"] = "Exceeded max limit of 1000"
    assert caller.ask("state_getStorage", CODE) == too_big
    answers = caller.raw(batch(request("state_getStorage", CODE, number=4), request("system_name")))
    assert [error_of(answers[0]), answers[1]["id"]] == [(4, -32008), 1]
    assert error_of(caller.raw(" " * 1_001)) == (None, -32007)


def test_a_batch_has_a_length(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BATCH", 3)
    one = request("system_chainType")
    assert len(caller.raw(batch(one, one, one))) == 3
    assert caller.raw(batch(one, one, one, one))["error"] == {
        "code": -32010,
        "message": "The batch request was too large",
        "data": "Exceeded max limit of 3",
    }


def test_others_are_answered_between_the_requests_of_a_batch(rpc: RpcDispatcher) -> None:
    greedy, other = Caller(rpc), Caller(rpc)
    steps = rpc.steps(greedy.peer, batch(*[request("engine_createBlock", True, True)] * 5))
    heads = []
    for _ in range(5):
        next(steps)
        heads.append(int(other.ask("chain_getHeader")["number"], 16))
    assert heads == [1, 2, 3, 4, 5]


def test_subscriptions_have_a_number_on_each_connection(caller: Caller, rpc: RpcDispatcher) -> None:
    ids = [caller.ask("chain_subscribeNewHeads") for _ in range(limits.SUBSCRIPTIONS)]
    refused = {"code": -32006, "message": "Too many subscriptions on the connection"}
    refused["data"] = "Exceeded max limit of 1024"
    for method, *params in (
        ("chain_subscribeAllHeads",),
        ("state_subscribeRuntimeVersion",),
        ("state_subscribeStorage", [CODE]),
        ("author_submitAndWatchExtrinsic", "0x0400"),
    ):
        assert caller.ask(method, *params) == refused
    assert isinstance(Caller(rpc).ask("chain_subscribeNewHeads"), str)
    assert caller.ask("chain_unsubscribeNewHeads", ids[77]) is True
    assert isinstance(caller.ask("chain_subscribeNewHeads"), str)


def test_watched_keys_have_a_number_on_each_connection(caller: Caller, rpc: RpcDispatcher) -> None:
    keys = [f"0x{n:08x}" for n in range(limits.WATCHED_KEYS)]
    assert isinstance(caller.ask("state_subscribeStorage", keys[:-1]), str)
    assert isinstance(caller.ask("state_subscribeStorage", [keys[-1]] * 500), str)
    assert caller.ask("state_subscribeStorage", keys[:1])["code"] == -32006
    assert isinstance(Caller(rpc).ask("state_subscribeStorage", keys), str)
    rpc.disconnect(caller.peer)
    assert isinstance(caller.ask("state_subscribeStorage", keys), str)


def test_a_header_is_put_into_words_once_for_all_who_listen(
    service: Service, rpc: RpcDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = [Caller(rpc) for _ in range(30)]
    for caller in callers:
        for _ in range(10):
            caller.ask("chain_subscribeNewHeads")
            caller.ask("chain_subscribeFinalizedHeads")
        caller.peer.notes.clear()
    made: list[bytes] = []
    on_head = HeadFeed.on_head

    def counted(self: HeadFeed, block: bytes) -> Any:
        made.append(block)
        return on_head(self, block)

    monkeypatch.setattr(HeadFeed, "on_head", counted)
    head = service.seal()
    assert made == [head]
    notes = [note for caller in callers for note in caller.peer.notes]
    assert len(notes) == 600
    assert {note["method"] for note in notes} == {"chain_newHead", "chain_finalizedHead"}
    assert len({note["params"]["subscription"] for note in notes}) == 600


def test_a_transaction_that_is_final_no_longer_counts(
    service: Service, caller: Caller, sign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS", 2)
    for nonce in range(6):
        extrinsic = sign(service.chain, "//Bob", nonce, b"\x00\x00" + blob(b"x"))
        watched = caller.ask("author_submitAndWatchExtrinsic", "0x" + extrinsic.hex())
        service.seal()
        assert isinstance(watched, str)
        assert caller.ask("author_unwatchExtrinsic", watched) is False
    last = [note["params"]["result"] for note in caller.peer.notes if "result" in note["params"]]
    assert sum("finalized" in note for note in last) == 6


def test_reads_over_a_range_of_blocks_have_a_number(
    service: Service, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOOK_UPS", 12)
    genesis = "0x" + service.chain.genesis_hash.hex()
    for _ in range(3):
        service.seal()
    assert len(caller.ask("state_queryStorage", [CODE] * 3, genesis)) == 1
    refused = caller.ask("state_queryStorage", [CODE] * 4, genesis)
    assert refused["message"] == "count exceeds maximum value. value: 16, max: 12"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"jsonrpc":"2.0","id":1,"method":"rpc_methods","params":[{"0," * 200_001}0]}}',
        f'{{"jsonrpc":"2.0","id":1,"method":"rpc_methods","params":{{{"1:[]," * 200_001}}}}}',
        "[" + "{}," * 200_001 + "{}]",
    ],
)
def test_a_request_of_too_many_values_is_not_parsed(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Everybody waited for a million values: 2 to 4 s, and 600 MB."""
    monkeypatch.setattr("json.loads", None)
    answer = next_of(caller.rpc.steps(caller.peer, text))
    assert '"code":-32007' in answer
    assert "Exceeded max limit of 200000" in answer


def next_of(steps: Any) -> str:
    with pytest.raises(StopIteration) as ended:
        next(steps)
    return str(ended.value.value)


def test_block_numbers_of_one_request_have_a_number(caller: Caller) -> None:
    most = [0] * limits.LOOK_UPS
    assert len(caller.ask("chain_getBlockHash", most)) == len(most)
    refused = caller.ask("chain_getBlockHash", [*most, 0])
    assert refused["code"] == 4002
    assert refused["message"] == "count exceeds maximum value. value: 100001, max: 100000"


def test_the_answer_comes_before_what_its_subscription_tells(
    make_chain: Callable[..., Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when everybody else has a turn in the middle of the batch."""
    monkeypatch.setattr(server, "_TURN_SECONDS", -1.0)
    with (
        EmbeddedNode.start(chain=make_chain(), sealing=Manual()) as node,
        connect(node.url, compression=None) as client,
    ):
        seal = request("engine_createBlock", True, True)
        client.send(batch(request("chain_subscribeNewHeads"), seal, seal, seal))
        answers = json.loads(client.recv(timeout=60))
        assert len(answers) == 4
        numbers = [json.loads(client.recv(timeout=60))["params"]["result"] for _ in range(4)]
        assert [int(header["number"], 16) for header in numbers] == [0, 1, 2, 3]


def test_what_is_too_big_is_answered_and_what_is_far_too_big_ends_the_connection(
    make_chain: Callable[..., Chain],
) -> None:
    with EmbeddedNode.start(chain=make_chain(), sealing=Manual()) as node:
        with connect(node.url, compression=None) as client:
            client.send(" " * (limits.MESSAGE_BYTES + 1))
            assert error_of(json.loads(client.recv(timeout=60))) == (None, -32007)
            client.send(request("system_chainType"))
            assert json.loads(client.recv(timeout=60))["result"] == "Development"
        far = " " * (2 * limits.MESSAGE_BYTES + 1)
        with connect(node.url, compression=None) as client:
            client.send(far)
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=60)


def test_connections_have_a_number(
    make_chain: Callable[..., Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    with (
        EmbeddedNode.start(chain=make_chain(), sealing=Manual()) as node,
        connect(node.url) as one,
        connect(node.url) as two,
    ):
        for client in (one, two):
            client.send(request("system_name"))
            client.recv(timeout=60)
        with pytest.raises(InvalidStatus, match="429"), connect(node.url):
            pass
