"""HTTP on the port of the WebSocket, byte by byte."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import connect

from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.embedded.rpc.http import front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.embedded.chain.chain import Chain

BODY = b'{"jsonrpc":"2.0","id":1,"method":"system_chainType"}'
ANSWER = b'{"jsonrpc":"2.0","id":1,"result":"Development"}'


@pytest.fixture
def node(make_chain: Callable[..., Chain]) -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(chain=make_chain(), sealing=Manual()) as started:
        yield started


@contextmanager
def raw(node: EmbeddedNode) -> Iterator[socket.socket]:
    port = int(node.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as opened:
        yield opened


def post(body: bytes = BODY, *more: str) -> bytes:
    lines = ["POST / HTTP/1.1", "host: localhost", "content-type: application/json", *more]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def until(opened: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        piece = opened.recv(65536)
        if not piece:
            return data
        data += piece
    return data


def rest(opened: socket.socket) -> bytes:
    return until(opened, b"there is no such end")


def test_a_request_may_come_byte_by_byte(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        for one in post():
            opened.sendall(bytes([one]))
        assert until(opened, ANSWER).startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_that_are_sent_at_once_are_answered_in_order(node: EmbeddedNode) -> None:
    bodies = [BODY.replace(b'"id":1', b'"id":%d' % number) for number in range(20)]
    with raw(node) as opened:
        last = post(bodies[-1], "connection: close")
        opened.sendall(b"".join(post(body) for body in bodies[:-1]) + last)
        answers = rest(opened).decode().split("HTTP/1.1 200 OK")[1:]
    found = [json.loads(answer.split("\r\n\r\n")[1])["id"] for answer in answers]
    assert found == list(range(20))


def test_a_handshake_after_a_slow_first_byte_is_one(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        opened.sendall(b"GE")
        opened.sendall(b"T / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert rest(opened).startswith(b"HTTP/1.1 405")
    with connect(node.url, compression=None) as client:
        client.send(BODY.decode())
        assert client.recv(timeout=60) == ANSWER.decode()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nx: " + b"y" * 20_000, b"431"),
    ],
)
def test_what_is_not_understood_ends_the_connection(
    node: EmbeddedNode, data: bytes, status: bytes
) -> None:
    with raw(node) as opened:
        opened.sendall(data)
        answer = rest(opened)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer


def test_a_body_that_is_announced_is_waited_for(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        request = post(BODY, "expect: 100-continue")
        opened.sendall(request.removesuffix(BODY))
        assert until(opened, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(BODY)
        assert until(opened, ANSWER)


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT"])
def test_a_page_of_elsewhere_gets_nothing(node: EmbeddedNode, method: str) -> None:
    request = post(BODY, "origin: https://evil.example", "connection: close")
    with raw(node) as opened:
        opened.sendall(request.replace(b"POST", method.encode(), 1))
        answer = rest(opened)
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"access-control-allow-origin" not in answer
    assert b"--allow-origin" in answer


def test_a_page_of_this_machine_may_read_its_answer(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        opened.sendall(post(BODY, "origin: http://localhost:3000", "connection: close"))
        answer = rest(opened)
    assert b"access-control-allow-origin: http://localhost:3000" in answer


@pytest.mark.parametrize("method", ["engine_createBlock", "dev_newBlock"])
def test_a_page_of_this_machine_cannot_seal_over_http_and_a_program_can(
    make_chain: Callable[..., Chain], method: str
) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": method}
    if method == "engine_createBlock":
        asked["params"] = [True, True]  # type: ignore[assignment]
    body = json.dumps(asked).encode()
    page = ["origin: http://localhost:3000"]
    with EmbeddedNode.start(chain=make_chain(), sealing=Manual(), dev_rpc=True) as node:
        for headers, height in ((page, 0), ([], 1)):
            with raw(node) as opened:
                opened.sendall(post(body, *headers, "connection: close"))
                answer = json.loads(rest(opened).split(b"\r\n\r\n")[1])
            assert ("error" in answer) is bool(headers)
            header = node.chain.header(node.chain.head)
            assert header is not None
            assert header.number == height


def test_an_http_client_cannot_subscribe_or_watch(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        for method in ("chain_subscribeNewHeads", "chainHead_v1_follow", "archive_v1_storage"):
            given = {"chainHead_v1_follow": [True], "archive_v1_storage": ["0x" + "11" * 32, []]}
            asked = json.loads(BODY) | {"method": method, "params": given.get(method, [])}
            opened.sendall(post(json.dumps(asked).encode()))
            assert b'"code":-32603' in until(opened, b"}}")


def test_connections_over_http_have_a_number(
    node: EmbeddedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "CONNECTIONS", 2)
    with raw(node) as one, raw(node) as two, raw(node) as three:
        for opened in (one, two):
            opened.sendall(post())
            until(opened, ANSWER)
        three.sendall(post())
        assert rest(three).startswith(b"HTTP/1.1 429")
        one.sendall(post())
        assert until(one, ANSWER)


def test_who_says_nothing_is_hung_up_on(
    make_chain: Callable[..., Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_IDLE_SECONDS", 0.05)
    with EmbeddedNode.start(chain=make_chain(), sealing=Manual()) as node, raw(node) as opened:
        opened.sendall(b"PO")
        assert is_cut(opened)


def is_cut(opened: socket.socket) -> bool:
    try:
        return opened.recv(10) == b""
    except ConnectionResetError:
        return True


def test_closing_the_node_cuts_who_keeps_the_connection(node: EmbeddedNode) -> None:
    with raw(node) as opened:
        opened.sendall(post())
        until(opened, ANSWER)
        node.close()
        assert is_cut(opened)
