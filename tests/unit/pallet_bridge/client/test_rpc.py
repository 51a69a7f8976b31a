"""The connection against servers that misbehave as servers do."""

from __future__ import annotations

import json
import logging
import random
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.errors import (
    BadChainValue,
    ChainTimeout,
    ChainUnavailable,
    ConfigError,
    RpcRefused,
    StateDiscarded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = "Callable[[ServerConnection, dict[str, Any]], None]"
GENESIS = "0x" + "11" * 32


@contextmanager
def serving(answer: Callable[[ServerConnection, dict[str, Any]], None]) -> Iterator[Server]:
    """Serve JSON-RPC; `answer` handles all but the genesis hash."""

    def handle(socket: ServerConnection) -> None:
        try:
            for text in socket:
                request = json.loads(text)
                if request["method"] == "chain_getBlockHash":
                    reply(socket, request, GENESIS)
                else:
                    answer(socket, request)
        except ConnectionClosed:
            return

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def reply(socket: ServerConnection, request: dict[str, Any], result: Any) -> None:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}))


def url(server: Server) -> str:
    host, port = server.socket.getsockname()[:2]
    return f"ws://{host}:{port}"


@contextmanager
def rpc_to(
    answer: Callable[[ServerConnection, dict[str, Any]], None], timeout: float = 60.0
) -> Iterator[RpcClient]:
    with serving(answer) as server:
        rpc = RpcClient(url(server), timeout)
        try:
            yield rpc
        finally:
            rpc.close()


def test_answers_find_their_askers_in_any_order() -> None:
    held: list[dict[str, Any]] = []

    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        held.append(request)
        if len(held) == 8:
            for one in reversed(held):
                reply(socket, one, one["params"][0])

    got: dict[int, int] = {}
    with rpc_to(answer) as rpc:
        threads = [
            threading.Thread(target=lambda n=n: got.__setitem__(n, rpc.request("echo", [n])))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {n: n for n in range(8)}


def test_an_error_answer_has_its_facts() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        error = {"code": 1010, "message": "Invalid Transaction", "data": {"why": "stale"}}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}))

    with rpc_to(answer) as rpc, pytest.raises(RpcRefused) as raised:
        rpc.request("author_submitExtrinsic")
    error = raised.value
    assert (error.code, error.message, error.data) == (
        1010,
        "Invalid Transaction",
        '{"why": "stale"}',
    )


def test_a_pruned_state_is_told_from_other_errors() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        message = "Client error: UnknownBlock: State already discarded for 0x00"
        error = {"code": 4003, "message": message}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}))

    with rpc_to(answer) as rpc, pytest.raises(StateDiscarded, match="archive"):
        rpc.request("state_getStorage")


def test_silence_ends_with_a_timeout() -> None:
    with rpc_to(lambda socket, request: None) as rpc:
        rpc.request("chain_getBlockHash")  # connected: only the answer may take too long
        rpc.timeout = 0.2
        with pytest.raises(ChainTimeout, match="state_call"):
            rpc.request("state_call")
        rpc.timeout = 60.0
        assert rpc.request("chain_getBlockHash") == GENESIS


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(ChainUnavailable) as raised:
        RpcClient("ws://127.0.0.1:1", 60.0).request("system_chain")
    assert raised.value.url == "ws://127.0.0.1:1"


def test_a_proxy_whose_node_is_away_is_unavailable() -> None:
    """It takes each connection and resets it, before the handshake, in it, or behind it."""
    resets = struct.pack("ii", 1, 0)

    def reset_all(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                taken, _ = listener.accept()
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, resets)
                taken.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        taking = threading.Thread(target=reset_all, args=(listener,), daemon=True)
        taking.start()
        rpc = RpcClient(f"ws://127.0.0.1:{listener.getsockname()[1]}", 60.0)
        for _ in range(200):
            with pytest.raises(ChainUnavailable):
                rpc.request("system_chain")
        listener.shutdown(socket.SHUT_RDWR)
        taking.join()


@pytest.mark.parametrize("bad", ["http://127.0.0.1", "127.0.0.1:9944", "ws://", "embedded"])
def test_what_is_no_websocket_url_is_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match="ws://HOST:PORT"):
        RpcClient(bad, 1.0)


def test_a_lost_connection_fails_what_was_in_flight_and_the_next_request_connects_again() -> None:
    lost = threading.Event()

    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        if lost.is_set():
            reply(socket, request, "back")
        else:
            lost.set()
            socket.close()

    with rpc_to(answer) as rpc:
        with pytest.raises(ChainUnavailable):
            rpc.request("system_chain")
        assert rpc.request("system_chain") == "back"


@pytest.mark.parametrize("garbage", ["{", "[1, 2]", "nonsense", '"text"'])
def test_garbage_ends_the_connection(garbage: str) -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        socket.send(garbage)

    with rpc_to(answer) as rpc, pytest.raises(ChainUnavailable, match="no JSON-RPC"):
        rpc.request("system_chain")


def test_an_answer_without_result_and_error_is_refused() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"]}))

    with rpc_to(answer) as rpc, pytest.raises(BadChainValue):
        rpc.request("system_chain")


def test_answers_that_nobody_asked_for_are_passed_over() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        reply(socket, {"id": 999}, "whose?")
        socket.send(json.dumps({"method": "x", "params": {"subscription": "?", "result": 1}}))
        reply(socket, request, "mine")

    with rpc_to(answer) as rpc:
        assert rpc.request("system_chain") == "mine"


def test_another_chain_at_the_same_url_is_not_talked_to() -> None:
    with rpc_to(lambda socket, request: socket.close()) as rpc:
        rpc.request("chain_getBlockHash")
        rpc.genesis = "0x" + "22" * 32
        with pytest.raises(ChainUnavailable):
            rpc.request("system_chain")
        with pytest.raises(ChainUnavailable, match="another chain answers"):
            rpc.request("system_chain")


@pytest.mark.parametrize(
    ("first", "error"),
    [
        ("[", ChainUnavailable),
        ("{}", ChainTimeout),
        ('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}', RpcRefused),
        ('{"jsonrpc":"2.0","id":1}', BadChainValue),
    ],
)
def test_a_node_that_does_not_say_which_chain_it_is_costs_nothing(
    first: str, error: type[Exception]
) -> None:
    """Each try left a socket and two threads behind: a fuzzer's process had 2,700 of them."""
    before = {one for one in threading.enumerate() if one.name == "bcfl-rpc"}

    def handle(socket: ServerConnection) -> None:
        for _ in socket:
            socket.send(first)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        rpc = RpcClient(url(server), timeout=0.3)
        for _ in range(3):
            with pytest.raises(error):
                rpc.request("system_chain")
        left = {one for one in threading.enumerate() if one.name == "bcfl-rpc"}
        assert not left - before
        rpc.close()
        server.shutdown()
        thread.join()


def notify(socket: ServerConnection, key: str, result: Any) -> None:
    params = {"subscription": key, "result": result}
    socket.send(json.dumps({"jsonrpc": "2.0", "method": "author_update", "params": params}))


def test_notifications_right_behind_the_answer_are_kept() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        reply(socket, request, "key")
        notify(socket, "key", "ready")
        notify(socket, "key", {"inBlock": "0x00"})

    with rpc_to(answer) as rpc:
        watch = rpc.subscribe("author_submitAndWatchExtrinsic", ["0x"], "author_unwatch")
        assert watch.next(60.0) == "ready"
        assert watch.next(60.0) == {"inBlock": "0x00"}
        with pytest.raises(ChainTimeout):
            watch.next(0.05)


def test_a_subscription_ends_with_its_connection() -> None:
    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        reply(socket, request, "key")
        socket.close()

    with rpc_to(answer) as rpc:
        watch = rpc.subscribe("author_submitAndWatchExtrinsic", ["0x"], "author_unwatch")
        for _ in range(2):
            with pytest.raises(ChainUnavailable):
                watch.next(60.0)


def test_closing_a_subscription_tells_the_server() -> None:
    told = threading.Event()

    def answer(socket: ServerConnection, request: dict[str, Any]) -> None:
        if request["method"] == "author_unwatch" and request["params"] == ["key"]:
            told.set()
        reply(socket, request, "key")

    with rpc_to(answer) as rpc:
        rpc.subscribe("author_submitAndWatchExtrinsic", ["0x"], "author_unwatch").close()
        assert told.wait(60.0)


def test_a_closed_client_stays_closed() -> None:
    with rpc_to(lambda socket, request: None) as rpc:
        rpc.close()
        with pytest.raises(ChainUnavailable, match="was closed"):
            rpc.request("system_chain")


def test_pings_leave_a_seeded_random_as_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answered = threading.Event()

    def hear(record: logging.LogRecord) -> bool:
        if record.getMessage().startswith("< PONG"):
            answered.set()
        return True

    monkeypatch.setattr("pallet_bridge.client.rpc._PING_SECONDS", 0.01)
    monkeypatch.setattr(logging.getLogger("websockets.client"), "filters", [hear])
    random.seed(1)
    before = random.getstate()
    with (
        caplog.at_level(logging.DEBUG, "websockets.client"),
        rpc_to(lambda socket, request: None) as rpc,
    ):
        rpc.request("chain_getBlockHash")
        assert answered.wait(60)
    assert "> PING" in caplog.text
    assert "< PONG" in caplog.text
    assert random.getstate() == before
