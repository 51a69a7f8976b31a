from __future__ import annotations

import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pallet_bridge.embedded import EmbeddedNode, Instant, Interval, Manual
from pallet_bridge.embedded.errors import CannotListen, NothingToSeal
from pallet_bridge.embedded.rpc.dispatch import METHODS
from pallet_bridge.embedded.state.encode import blob
from pallet_bridge.embedded.store.errors import StateInUse
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.embedded.chain.chain import Chain

    Sign = Callable[..., bytes]
    Open = Callable[[EmbeddedNode], "Client"]

NUMBER = "0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac"


class Client:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.notes: list[dict[str, Any]] = []

    def send(self, method: str, *params: Any) -> None:
        request = {"jsonrpc": "2.0", "id": method, "method": method, "params": params}
        self.connection.send(json.dumps(request))

    def receive(self) -> Any:
        return json.loads(self.connection.recv(timeout=60))

    def ask(self, method: str, *params: Any) -> Any:
        self.send(method, *params)
        while "method" in (answer := self.receive()):
            self.notes.append(answer)
        return answer.get("result", answer.get("error"))

    def note(self) -> Any:
        note = self.notes.pop(0) if self.notes else self.receive()
        return note["params"]["result"]


@pytest.fixture
def start(make_chain: Callable[..., Chain]) -> Iterator[Callable[..., EmbeddedNode]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            EmbeddedNode.start(**{"chain": make_chain(), **options})
        )


@pytest.fixture
def open_client() -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda node: Client(
            stack.enter_context(connect(node.url, compression=None, max_queue=None))
        )


def remark(sign: Sign, node: EmbeddedNode, nonce: int, uri: str = "//Alice") -> str:
    return "0x" + sign(node.chain, uri, nonce, b"\x00\x00" + blob(b"bcfl")).hex()


def read_to_the_end(connection: ClientConnection) -> None:
    while True:
        connection.recv(timeout=60)


def number(node: EmbeddedNode) -> int:
    with node.locked() as chain:
        header = chain.header(chain.head)
        assert header is not None
        return header.number


def test_manual_sealing_waits_for_the_command(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    client.ask("author_submitExtrinsic", remark(sign, node, 0))
    assert number(node) == 0
    assert len(client.ask("author_pendingExtrinsics")) == 1
    assert client.ask("engine_createBlock", False, True)["hash"].startswith("0x")
    assert number(node) == 1
    assert client.ask("engine_createBlock", False, True)["code"] == 5
    head = client.ask("engine_createBlock", True, True, None)["hash"]
    assert client.ask("engine_finalizeBlock", head) is True
    assert client.ask("engine_finalizeBlock", "0x" + "11" * 32) is False
    assert client.ask("engine_createBlock", True, True, "0x" + "11" * 32)["code"] == 4


def test_sealing_from_python_tells_the_subscribers(
    start: Callable[..., EmbeddedNode], open_client: Open
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    client.ask("chain_subscribeNewHeads")
    head = node.seal(blocks=3)
    assert head == node.chain.head
    assert [int(client.note()["number"], 16) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(NothingToSeal):
        node.seal(empty_ok=False)


def test_equal_priority_does_not_replace_and_says_so(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    client.ask("author_submitExtrinsic", remark(sign, node, 0))
    error = client.ask("author_submitExtrinsic", remark(sign, node, 0))
    priority = error["message"].split()[-1].strip(")")
    assert error == {
        "code": 1014,
        "message": f"Priority is too low: ({priority} vs {priority})",
        "data": "The transaction has too low priority to replace another transaction already "
        "in the pool.",
    }


def test_pending_extrinsics_count_for_the_next_nonce(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
    for nonce in (0, 1, 3):
        client.ask("author_submitExtrinsic", remark(sign, node, nonce))
    assert client.ask("system_accountNextIndex", alice) == 2


def test_a_removed_extrinsic_is_invalid_for_its_watcher(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    extrinsic = remark(sign, node, 0)
    client.ask("author_submitAndWatchExtrinsic", extrinsic)
    removed = client.ask("author_removeExtrinsic", [{"extrinsic": extrinsic}])
    assert len(removed) == 1
    assert [client.note(), client.note()] == ["ready", "invalid"]


def test_a_stream_of_extrinsics_shares_blocks(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Instant())
    client = open_client(node)
    extrinsics = [remark(sign, node, nonce) for nonce in range(40)]
    for extrinsic in extrinsics:
        client.send("author_submitAndWatchExtrinsic", extrinsic)
    final: list[str] = []
    while len(final) < len(extrinsics):
        status = client.receive().get("params", {}).get("result")
        if isinstance(status, dict) and "finalized" in status:
            final.append(status["finalized"])
    assert number(node) == len(set(final)) < len(extrinsics)


def test_interval_sealing_makes_empty_blocks(
    start: Callable[..., EmbeddedNode], open_client: Open
) -> None:
    client = open_client(start(sealing=Interval(0.01)))
    client.ask("chain_subscribeNewHeads")
    heads = [int(client.note()["number"], 16) for _ in range(4)]
    assert heads == list(range(heads[0], heads[0] + 4))


def test_an_interval_is_positive() -> None:
    with pytest.raises(ConfigError, match="over 0 seconds"):
        Interval(0)


def test_reverting_tells_the_subscribers_what_holds_again(
    start: Callable[..., EmbeddedNode], open_client: Open
) -> None:
    node = start(sealing=Manual())
    client = open_client(node)
    node.seal()
    snapshot = node.snapshot()
    client.ask("state_subscribeStorage", [NUMBER])
    node.seal()
    node.revert(snapshot)
    told = [client.note()["changes"][0][1] for _ in range(3)]
    assert told == ["0x01000000", "0x02000000", "0x01000000"]


def test_a_subscriber_that_does_not_read_is_cut_off(
    start: Callable[..., EmbeddedNode], open_client: Open
) -> None:
    node = start(sealing=Manual())
    other = open_client(node)
    with socket.create_connection(("127.0.0.1", int(node.url.rsplit(":", 1)[1]))) as raw:
        slow = connect(node.url, sock=raw, compression=None, max_queue=1, close_timeout=0.1)
        with slow:
            other.ask("chain_subscribeNewHeads")
            request = {"jsonrpc": "2.0", "id": 1, "method": "chain_subscribeNewHeads"}
            for _ in range(500):
                slow.send(json.dumps(request))
            # Clients take turns: its block says that all it asked for before is done.
            seal = {"jsonrpc": "2.0", "id": 1, "method": "engine_createBlock"}
            slow.send(json.dumps(seal | {"params": [True, False]}))
            for expected in range(60):
                assert int(other.note()["number"], 16) == expected
                if expected:
                    node.seal()
            with pytest.raises(ConnectionClosed):
                read_to_the_end(slow)
    assert other.ask("system_chainType") == "Development"


def test_threads_submit_and_read_while_blocks_are_made(
    start: Callable[..., EmbeddedNode], open_client: Open, sign: Sign
) -> None:
    node = start(sealing=Instant())
    uris = ("//Alice", "//Bob", "//Charlie", "//Dave")
    barrier = threading.Barrier(len(uris) + 1)

    def work(uri: str) -> list[Any]:
        client = open_client(node)
        extrinsics = [remark(sign, node, nonce, uri) for nonce in range(10)]
        barrier.wait()
        answers = []
        for extrinsic in extrinsics:
            answers.append(client.ask("author_submitExtrinsic", extrinsic))
            header = client.ask("chain_getHeader")
            block = client.ask("chain_getBlockHash", header["number"])
            stored = client.ask("state_getStorage", NUMBER, block)
            at = int(header["number"], 16)
            # genesis has no System.Number
            assert stored == (f"0x{at.to_bytes(4, 'little').hex()}" if at else None)
        return answers

    with ThreadPoolExecutor(len(uris)) as pool:
        running = [pool.submit(work, uri) for uri in uris]
        barrier.wait()
        for _ in range(10):
            node.seal()
        answers = [answer for task in running for answer in task.result()]
    node.seal()
    assert all(isinstance(answer, str) for answer in answers)
    with node.locked() as chain:
        hashes = [chain.hash_at(at) for at in range(1, number(node) + 1)]
        blocks = [chain.block(hash_) for hash_ in hashes if hash_]
    included = [item for block in blocks if block for item in block.extrinsics[1:]]
    assert len(included) == len(set(included)) == 40


def test_a_defect_is_answered_and_logged(
    start: Callable[..., EmbeddedNode],
    open_client: Open,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_context: object, _params: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setitem(METHODS, "system_broken", broken)
    client = open_client(start())
    assert client.ask("system_broken") == {"code": -32603, "message": "Internal error"}
    assert client.ask("system_chainType") == "Development"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_taken_port_is_named(start: Callable[..., EmbeddedNode]) -> None:
    node = start()
    port = int(node.url.rsplit(":", 1)[1])
    with pytest.raises(CannotListen, match=f"127.0.0.1:{port}.*port 0 takes a free one"):
        start(port=port)


def test_closing_disconnects_and_keeps_the_chain(
    start: Callable[..., EmbeddedNode], open_client: Open
) -> None:
    node = start()
    client = open_client(node)
    client.ask("chain_subscribeNewHeads")
    node.close()
    node.close()
    with pytest.raises(ConnectionClosed):
        read_to_the_end(client.connection)
    node.seal()
    assert number(node) == 1


def test_a_chain_goes_on_under_a_new_node(
    make_chain: Callable[..., Chain], start: Callable[..., EmbeddedNode], tmp_path: Any
) -> None:
    chain = make_chain()
    with EmbeddedNode.start(chain=chain, sealing=Manual()) as node:
        node.seal(2)
    again = start(chain=chain, sealing=Manual())
    again.seal()
    assert number(again) == 3
    again.export(tmp_path / "chain.jsonl")
    assert type(chain).load(tmp_path / "chain.jsonl").head == chain.head


def test_a_node_keeps_its_chain_in_a_folder_and_frees_it(tmp_path: Any) -> None:
    with EmbeddedNode.start(state=tmp_path, sealing=Manual()) as node:
        head = node.seal(3)
        with pytest.raises(StateInUse, match=f"process {os.getpid()}"):
            EmbeddedNode.start(state=tmp_path)
    assert node.chain.block(head) is not None
    with EmbeddedNode.start(state=tmp_path, sealing=Manual()) as again:
        assert (again.chain.head, number(again)) == (head, 3)


def test_a_folder_is_free_again_when_the_port_is_not(
    tmp_path: Any, start: Callable[..., EmbeddedNode]
) -> None:
    port = int(start().url.rsplit(":", 1)[1])
    with pytest.raises(CannotListen):
        EmbeddedNode.start(state=tmp_path, port=port)
    EmbeddedNode.start(state=tmp_path).close()
