"""What a browser says of itself decides whether its page may talk to the chain."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pallet_bridge.client import connect as connect_chain
from pallet_bridge.embedded import EmbeddedNode, Interval
from pallet_bridge.embedded.rpc.access import BAD_HOST, BAD_ORIGIN, Access, methods, origin
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


@pytest.mark.parametrize(
    ("rpc_methods", "listens_on", "pages", "lets"),
    [
        ("auto", "127.0.0.1", [], True),
        ("auto", "::1", [], True),
        ("auto", "localhost", [], True),
        ("auto", "127.0.0.1", ["http://localhost:3000"], False),
        ("auto", "127.0.0.1", ["https://ok.example"], False),
        ("auto", "0.0.0.0", [], False),
        ("auto", "192.0.2.7", [], False),
        ("safe", "127.0.0.1", [], False),
        ("unsafe", "0.0.0.0", ["https://ok.example"], True),
    ],
)
def test_who_may_call_what_is_unsafe(
    rpc_methods: str, listens_on: str, pages: list[str], lets: bool
) -> None:
    """A page that was let in could seal, remove and dry-run as the owner of the chain can."""
    allowed = Access(listens_on, frozenset({"https://ok.example"}), methods(rpc_methods))
    assert allowed.lets_unsafe(pages) is lets


@pytest.mark.parametrize("text", ["", "Auto", "all", "unsafe "])
def test_a_wrong_word_for_it_is_named_before_anything_starts(text: str) -> None:
    with pytest.raises(ConfigError, match="auto, safe or unsafe"):
        EmbeddedNode.start(rpc_methods=text)  # type: ignore[arg-type]


UNSAFE_CALLS: list[tuple[str, list[Any], int]] = [
    ("engine_createBlock", [True, True], -32601),
    ("author_removeExtrinsic", [[]], -32601),
    ("author_hasKey", ["0x00", "aura"], -32601),
    ("system_dryRun", ["0x00"], -32601),
    ("system_dryRunAt", ["0x00"], -32601),
    ("system_peers", [], -32601),
    ("state_queryStorage", [["0x00"], "0x" + "00" * 32], 4003),
]


@pytest.mark.slow
def test_what_is_unsafe_is_refused_in_the_words_of_a_node(make_chain: Callable[..., Chain]) -> None:
    """The codes are those of a node with `--rpc-methods safe`."""
    with EmbeddedNode.start(chain=make_chain(), rpc_methods="safe") as node:
        with connect(node.url) as client:
            for method, params, code in UNSAFE_CALLS:
                error = ask(client, method, *params)["error"]
                assert error == {
                    "code": code,
                    "message": "RPC call is unsafe to be called externally",
                }, method
            assert "engine_createBlock" not in ask(client, "rpc_methods")["result"]["methods"]
            assert ask(client, "system_chain")["result"]
        with node.locked() as chain:
            assert chain.head == chain.genesis_hash


@pytest.mark.slow
def test_a_page_that_was_let_in_cannot_seal_and_a_program_can(
    make_chain: Callable[..., Chain],
) -> None:
    allowed = ["https://ok.example"]
    with EmbeddedNode.start(chain=make_chain(), allow_origins=allowed) as node:
        with connect(node.url, origin="https://ok.example") as page:
            assert ask(page, "engine_createBlock", True, True)["error"]["code"] == -32601
            assert "result" in ask(page, "chain_getHeader")
        with connect(node.url) as program:
            assert "engine_createBlock" in ask(program, "rpc_methods")["result"]["methods"]
            assert "hash" in ask(program, "engine_createBlock", True, True)["result"]


@pytest.mark.slow
def test_a_client_that_may_not_seal_waits_for_blocks_instead(
    make_chain: Callable[..., Chain],
) -> None:
    sealing = Interval(0.05)
    with (
        EmbeddedNode.start(chain=make_chain(), sealing=sealing, rpc_methods="safe") as node,
        connect_chain(node.url) as client,
    ):
        assert client.wait_until_block(2, timeout=120).number >= 2


def ask(client: Any, method: str, *params: Any) -> Any:
    client.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    return json.loads(client.recv(timeout=60))
