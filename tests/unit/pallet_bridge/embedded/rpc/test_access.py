"""What a browser says of itself decides whether its page may talk to the chain."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.embedded.rpc.access import BAD_HOST, BAD_ORIGIN, Access, origin
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.embedded.chain.chain import Chain

HERE = ["127.0.0.1:9944"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:80", "LOCALHOST", "[::1]:9944", "127.7.7.7:2"]
)
def test_names_of_this_machine_are_ours(host: str) -> None:
    assert Access().refusal([host], []) is None


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["rebound.example"],
        ["rebound.example:9944"],
        ["localhost.example"],
        ["127.0.0.1.example:9944"],
        ["10.0.0.7:9944"],
        ["0.0.0.0:9944"],
        ["localhost@evil.example"],
        ["evil.example@localhost"],
        ["localhost/evil"],
        ["localhost:port"],
        ["[::1"],
        ["localhost", "localhost"],
        ["localhost\\.evil"],
    ],
)
def test_other_names_are_not_whoever_asks(hosts: list[str]) -> None:
    assert Access().refusal(hosts, []) == BAD_HOST
    assert Access(origins=frozenset({"https://a.example"})).refusal(hosts, ["https://a.example"])


def test_the_address_that_is_listened_on_is_ours_and_no_name_is() -> None:
    assert Access("10.1.2.3").refusal(["10.1.2.3:9944"], []) is None
    assert Access("10.1.2.3").refusal(["10.1.2.4:9944"], []) == BAD_HOST
    for everywhere in ("0.0.0.0", "::"):
        assert Access(everywhere).refusal(["192.168.7.7:9944"], []) is None
        assert Access(everywhere).refusal(["rebound.example:9944"], []) == BAD_HOST


@pytest.mark.parametrize(
    "page", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173", "HTTP://Localhost"]
)
def test_pages_of_this_machine_may(page: str) -> None:
    assert Access().refusal(HERE, [page]) is None


@pytest.mark.parametrize(
    "pages",
    [
        ["https://wallet.example"],
        ["null"],
        [""],
        ["file://"],
        ["http://localhost.example"],
        ["http://localhost:3000@evil.example"],
        ["https://ok.example.evil"],
        ["http://ok.example"],
        ["https://ok.example:444"],
        ["https://ok.example", "http://localhost"],
        ["chrome-extension://abcdef"],
        ["localhost"],
    ],
)
def test_other_pages_may_not(pages: list[str]) -> None:
    allowed = Access(origins=frozenset({origin("https://ok.example")}))
    assert allowed.refusal(HERE, pages) == BAD_ORIGIN


def test_a_page_that_was_named_may_and_only_that() -> None:
    allowed = Access(origins=frozenset(map(origin, ["https://Ok.example", "http://b.test:81"])))
    assert allowed.refusal(HERE, ["https://ok.example"]) is None
    assert allowed.refusal(HERE, ["http://b.test:81"]) is None
    assert allowed.refusal(HERE, ["http://b.test"]) == BAD_ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "ok.example",
        "https://",
        "https://ok.example/",
        "https://a b",
        "https://u@h",
        "",
    ],
)
def test_what_is_no_origin_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ConfigError, match="SCHEME://HOST"):
        origin(text)


def handshake(port: int, *headers: str) -> str:
    key = base64.b64encode(bytes(16)).decode()
    lines = [
        "GET / HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return raw.recv(4096).decode().split("\r\n", 1)[0]


@pytest.mark.slow
def test_the_node_refuses_at_the_handshake(make_chain: Callable[..., Chain]) -> None:
    allowed = ["https://ok.example"]
    with EmbeddedNode.start(chain=make_chain(), allow_origins=allowed) as node:
        port = int(node.url.rsplit(":", 1)[1])
        ours = f"Host: 127.0.0.1:{port}"
        assert "101" in handshake(port, ours)
        assert "101" in handshake(port, ours, "Origin: https://ok.example")
        assert "403" in handshake(port, ours, "Origin: https://evil.example")
        assert "403" in handshake(port, f"Host: rebound.example:{port}")
        assert "403" in handshake(port, ours, "Host: rebound.example")
        assert "403" in handshake(port)
        with (
            pytest.raises(InvalidStatus) as raised,
            connect(node.url, origin="https://evil.example"),
        ):
            pass
        assert b"--allow-origin" in raised.value.response.body


def test_a_wrong_origin_is_named_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match=r"ok\.example/path"):
        EmbeddedNode.start(allow_origins=["https://ok.example/path"])
