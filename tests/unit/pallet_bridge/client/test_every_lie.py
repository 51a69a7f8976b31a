"""The client behind a node that lies: a proxy before the embedded chain changes its answers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as dial
from websockets.sync.server import ServerConnection, serve

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.errors import BadChainValue, EncodingError, MetadataMismatch
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.types import UNIT, Planck
from tests.unit.pallet_bridge.conftest import COORDINATOR, NODES, STAKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient

BOB, CHARLIE, DAVE = NODES
NOW = int(str(MANIFEST["spec_version"]))
"""The version of the chain."""


class Liar:
    """A node's answers go through `lie(method, params, result)`; `push` sends what it likes.

    What is in `own` it answers by itself, from the parameters; what is in `notes` follows that
    answer as notifications of a subscription.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.lie: Callable[[str, list[Any], Any], Any] = lambda _method, _params, result: result
        self.own: dict[str, Callable[[list[Any]], Any]] = {}
        self.notes: dict[str, list[Any]] = {}
        self.on_request: Callable[[str], None] = lambda _method: None
        self.asked: list[str] = []
        self.url = ""
        self._versions: list[tuple[ServerConnection, str]] = []

    def push_version(self, number: int) -> None:
        """Tell all who listen that the runtime is of this version."""
        for socket, key in self._versions:
            params = {"subscription": key, "result": {"specVersion": number}}
            note = {"jsonrpc": "2.0", "method": "state_runtimeVersion", "params": params}
            with suppress(ConnectionClosed):
                socket.send(json.dumps(note))

    def handle(self, socket: ServerConnection) -> None:
        sent: dict[int, tuple[str, list[Any]]] = {}
        with dial(self.upstream, max_size=None, max_queue=None) as node:
            answers = threading.Thread(target=self._answers, args=(node, socket, sent))
            answers.start()
            with suppress(ConnectionClosed):
                for text in socket:
                    request = json.loads(text)
                    self.asked.append(request["method"])
                    sent[request["id"]] = (request["method"], request["params"])
                    self.on_request(request["method"])
                    own = self.own.get(request["method"])
                    if own is None:
                        node.send(text)
                        continue
                    result = own(request["params"])
                    answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
                    socket.send(json.dumps(answer))
                    for note in self.notes.get(request["method"], ()):
                        said = {"subscription": result, "result": note}
                        socket.send(json.dumps({"jsonrpc": "2.0", "method": "n", "params": said}))
            node.close()
            answers.join()

    def _answers(self, node: Any, socket: ServerConnection, sent: Any) -> None:
        with suppress(ConnectionClosed):
            for text in node:
                message = json.loads(text)
                if message.get("id") in sent and "result" in message:
                    method, params = sent.pop(message["id"])
                    if method == "state_subscribeRuntimeVersion":
                        self._versions.append((socket, message["result"]))
                    message["result"] = self.lie(method, params, message["result"])
                elif message.get("method") == "state_runtimeVersion":
                    params = message["params"]
                    params["result"] = self.lie(message["method"], [], params["result"])
                socket.send(json.dumps(message))


@contextmanager
def lying(upstream: str) -> Iterator[Liar]:
    liar = Liar(upstream)
    with serve(liar.handle, "127.0.0.1", 0, max_size=None, compression=None) as server:
        host, port = server.socket.getsockname()[:2]
        liar.url = f"ws://{host}:{port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield liar
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def liar(chain: EmbeddedClient) -> Iterator[Liar]:
    with lying(chain.node.url) as one:
        yield one


def compact(data: bytes, at: int) -> tuple[int, int]:
    mode = data[at] & 3
    size = (1, 2, 4)[mode]
    return int.from_bytes(data[at : at + size], "little") >> 2, at + size


def index_of_call(metadata: bytes, name: str) -> int:
    """Where the index of a call of our pallet is: behind its name and its fields."""
    spelled = bytes([len(name) << 2]) + name.encode()
    start = metadata.index(spelled)
    while True:
        at = start + len(spelled)
        with suppress(IndexError, ValueError):
            count, at = compact(metadata, at)
            for _ in range(count):
                at = after_field(metadata, at)
            docs, _ = compact(metadata, at + 1)
            if 0 < count < 8 and 0 < docs < 60 and metadata[at] < 40:
                return at
        start = metadata.index(spelled, start + 1)


def after_field(metadata: bytes, at: int) -> int:
    for has_type in (True, False):  # the name, then the name of the type
        given, at = metadata[at], at + 1
        if given == 1:
            size, at = compact(metadata, at)
            metadata[at : at + size].decode("ascii")
            at += size
        elif given:
            raise ValueError
        if has_type:
            _, at = compact(metadata, at)
    docs, at = compact(metadata, at)
    for _ in range(docs):
        size, at = compact(metadata, at)
        at += size
    return at


def swap(one: str, other: str) -> Callable[[str, list[Any], Any], Any]:
    def lie(method: str, _params: list[Any], result: Any) -> Any:
        if method != "state_getMetadata":
            return result
        data = bytearray.fromhex(result[2:])
        here, there = (index_of_call(bytes(data), name) for name in (one, other))
        data[here], data[there] = data[there], data[here]
        return "0x" + data.hex()

    return lie


@pytest.mark.parametrize(
    ("one", "other"),
    [("join", "fund"), ("open_round", "replace_coordinator"), ("unbond", "add_stake")],
)
@pytest.mark.slow
def test_a_node_that_swaps_two_calls_gets_nothing_signed(liar: Liar, one: str, other: str) -> None:
    liar.lie = swap(one, other)
    with pytest.raises(MetadataMismatch) as raised:
        connect(liar.url)
    assert len(raised.value.differences) == 2
    assert {one, other} == {text.split("Bcfl.")[1].split()[0] for text in raised.value.differences}
    assert "ask another node" in str(raised.value)
    assert "author_submitAndWatchExtrinsic" not in liar.asked


@pytest.mark.slow
def test_a_node_that_swaps_calls_of_another_pallet_is_found_when_one_is_signed(
    chain: EmbeddedClient, liar: Liar
) -> None:
    liar.lie = swap("transfer_allow_death", "transfer_keep_alive")
    before = chain.nonce(BOB.account)
    with connect(liar.url) as client:
        gift = calls.transfer(DAVE.account, Planck(UNIT))
        for call in (gift, calls.batch([gift]), calls.council_propose(gift, 1, 100)):
            with pytest.raises(MetadataMismatch, match="transfer_keep_alive"):
                client.sign(call, BOB)
    assert chain.nonce(BOB.account) == before


def test_a_call_that_nothing_is_known_of_is_not_signed(chain: EmbeddedClient) -> None:
    with pytest.raises(EncodingError, match="no call"):
        chain.sign(calls.Call("Bcfl", "audition", {}), BOB)


@pytest.mark.slow
def test_metadata_that_contradicts_the_stated_version_is_refused(liar: Liar) -> None:
    def lie(method: str, _params: list[Any], result: Any) -> Any:
        return result | {"transactionVersion": 9} if method == "state_getRuntimeVersion" else result

    liar.lie = lie
    with pytest.raises(BadChainValue, match="of transaction version 3, not 9"):
        connect(liar.url)


@pytest.mark.parametrize("text", ["0x", "0x6d657461", "0x6d6574610e00", "nonsense", "0x6d6574610d"])
@pytest.mark.slow
def test_garbage_for_metadata_is_refused(liar: Liar, text: str) -> None:
    liar.lie = lambda method, _, result: text if method == "state_getMetadata" else result
    with pytest.raises(BadChainValue, match="cannot be read"):
        connect(liar.url)


def upgraded(number: int, then: Any = None) -> Callable[[str, list[Any], Any], Any]:
    """What a node says after an upgrade to this version, whose metadata `then` may change."""

    def lie(method: str, params: list[Any], result: Any) -> Any:
        if method in ("state_getRuntimeVersion", "state_runtimeVersion"):
            return result | {"specVersion": number}
        if method == "state_getMetadata":
            old = b"\x10bcfl\x10bcfl\x01\0\0\0" + NOW.to_bytes(4, "little")
            data = bytes.fromhex(result[2:])
            assert data.count(old) == 1
            result = "0x" + data.replace(old, old[:-4] + number.to_bytes(4, "little")).hex()
        return result if then is None else then(method, params, result)

    return lie


@pytest.mark.slow
def test_a_compatible_upgrade_goes_on_with_metadata_read_anew(liar: Liar, federation: int) -> None:
    with connect(liar.url) as client:
        assert client.federation(federation).members == 3
        liar.lie = upgraded(NOW + 5)
        liar.push_version(NOW + 5)
        assert client.federation(federation).members == 3
        assert client._codec.spec_version == NOW + 5
        assert liar.asked.count("state_getMetadata") == 2
        client.federation(federation)
        assert liar.asked.count("state_getMetadata") == 2


@pytest.mark.slow
def test_an_upgrade_that_changes_the_pallet_has_a_clear_end(liar: Liar, federation: int) -> None:
    with connect(liar.url) as client:
        liar.lie = upgraded(NOW + 1, swap("claim", "expire"))
        liar.push_version(NOW + 1)
        for act in (
            lambda: client.federation(federation),
            lambda: client.sign(calls.seal(federation, 0), BOB),
        ):
            with pytest.raises(MetadataMismatch, match=r"Bcfl\.claim is 30.*not 12"):
                act()


@pytest.mark.slow
def test_an_upgrade_while_the_connection_was_lost_is_noticed(
    chain: EmbeddedClient, federation: int
) -> None:
    with lying(chain.node.url) as liar, connect(liar.url) as client:
        liar.lie = upgraded(NOW + 2, swap("claim", "expire"))
        link = client._rpc._link
        link._socket.close()
        link._reader.join(60)  # until then the client does not know of it
        with pytest.raises(MetadataMismatch, match=r"Bcfl\.claim"):
            client.federation(federation)


@pytest.mark.slow
def test_a_call_outlives_a_runtime_that_this_version_does_not_speak(
    chain: EmbeddedClient, liar: Liar, federation: int, tmp_path: Path
) -> None:
    """It stays in the outbox for a version that does, and is sent once."""
    stake = chain.participant(federation, CHARLIE.account).active
    with connect(liar.url) as client:
        box = Outbox(client, tmp_path / "outbox.jsonl", {"charlie": CHARLIE})
        ticket = box.put(calls.add_stake(federation, Planck(3 * UNIT)), "charlie")
        liar.lie = upgraded(NOW + 3, swap("claim", "expire"))
        liar.push_version(NOW + 3)
        for _ in range(2):
            with pytest.raises(MetadataMismatch):
                box.send(ticket)
    liar.lie = lambda _method, _params, result: result
    with connect(liar.url) as client:
        Outbox(client, tmp_path / "outbox.jsonl", {"charlie": CHARLIE}).resume()
    assert chain.participant(federation, CHARLIE.account).active == stake + 3 * UNIT


@pytest.mark.slow
def test_a_call_signed_for_the_runtime_before_is_signed_again(
    chain: EmbeddedClient, liar: Liar, federation: int, tmp_path: Path
) -> None:
    """The node says a version that is to come until the signed bytes are written down."""
    liar.lie = upgraded(NOW + 1)
    stake = chain.participant(federation, CHARLIE.account).active
    with connect(liar.url) as client:
        box = Outbox(client, tmp_path / "outbox.jsonl", {"charlie": CHARLIE})
        ticket = box.put(calls.add_stake(federation, Planck(7 * UNIT)), "charlie")
        signed = client.sign(ticket.entry.call, CHARLIE)
        box._file.signed(ticket.entry, signed, client.head().number)
    liar.lie = lambda _method, _params, result: result
    with connect(liar.url) as client:
        box = Outbox(client, tmp_path / "outbox.jsonl", {"charlie": CHARLIE})
        box.resume()
        assert client.participant(federation, CHARLIE.account).active == stake + 7 * UNIT
        assert client.nonce(CHARLIE.account) == signed.nonce + 1


@pytest.mark.slow
def test_an_upgrade_between_signing_and_sending_is_signed_again(
    chain: EmbeddedClient, liar: Liar, federation: int
) -> None:
    liar.lie = upgraded(NOW + 1)
    with connect(liar.url) as client:

        def back(method: str) -> None:
            if method == "author_submitAndWatchExtrinsic":
                liar.lie = lambda _method, _params, result: result
                liar.push_version(NOW)

        liar.on_request = back
        before = chain.participant(federation, DAVE.account).active
        client.execute(calls.add_stake(federation, Planck(UNIT)), DAVE)
        assert chain.participant(federation, DAVE.account).active == before + UNIT


def test_a_receipt_needs_the_events_of_its_call(
    chain: EmbeddedClient, federation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = chain.sign(calls.fund(federation, Planck(3 * UNIT)), BOB)
    block = chain.send(signed).wait(60).block
    true = chain.events(block.hash)

    def shown(events: tuple[Any, ...]) -> None:
        monkeypatch.setattr(chain._receipts, "_events_of", lambda _block: events)

    shown(true)
    assert chain.find(signed, since=block.number) is not None
    for name in ("Funded", "ExtrinsicSuccess"):
        shown(tuple(event for event in true if event.name != name))
        with pytest.raises(BadChainValue, match=f"does not show the event.*{name}"):
            chain.find(signed, since=block.number)
    shown(())
    with pytest.raises(BadChainValue, match="ExtrinsicSuccess"):
        chain.find(signed, since=block.number)


def test_events_of_another_account_or_amount_are_no_receipt(
    chain: EmbeddedClient, federation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node shows the block of one call as that of another."""
    mine = chain.sign(calls.fund(federation, Planck(5 * UNIT)), BOB)
    block = chain.send(mine).wait(60).block
    other = chain.execute(calls.fund(federation, Planck(6 * UNIT)), BOB)
    third = chain.execute(calls.fund(federation, Planck(5 * UNIT)), CHARLIE)
    for events in (other.events, third.events):
        monkeypatch.setattr(chain._receipts, "_events_of", lambda _block, e=events: e)
        with pytest.raises(BadChainValue, match="Funded"):
            chain.find(mine, since=block.number)


def test_a_stake_that_became_something_else_has_no_receipt(
    chain: EmbeddedClient, federation: int
) -> None:
    """What a swap of `add_stake` and `fund` would leave behind on the chain."""
    receipt = chain.execute(calls.fund(federation, STAKE), COORDINATOR)
    signed = chain.sign(calls.add_stake(federation, STAKE), COORDINATOR)
    with pytest.raises(BadChainValue, match="StakeAdded"):
        chain._receipts._check(signed, receipt.block.hash, receipt.events)
