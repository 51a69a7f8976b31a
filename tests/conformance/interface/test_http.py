"""JSON-RPC over HTTP and the health of a node: the same status, words and answers on both."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.conftest import Target

JSON = {"content-type": "application/json"}


@pytest.fixture
def http_client(target: Target) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(target.url.removeprefix("ws://"), timeout=60)
    yield connection
    connection.close()


def request(method: str, *params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str = "/",
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, str, dict[str, str]]:
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}


def test_health_is_told(http_client: http.client.HTTPConnection) -> None:
    status, text, headers = ask(http_client, "GET", "/health")
    assert status == 200
    assert json.loads(text) == {"peers": 0, "isSyncing": False, "shouldHavePeers": False}
    assert headers["content-type"] == "application/json; charset=utf-8"


def test_readiness_is_told(http_client: http.client.HTTPConnection) -> None:
    assert ask(http_client, "GET", "/health/readiness")[:2] == (200, "")


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/other"), ("PUT", "/")])
def test_only_posting_is_allowed(
    http_client: http.client.HTTPConnection, method: str, path: str
) -> None:
    status, text, _ = ask(http_client, method, path)
    assert (status, text.strip()) == (405, "Used HTTP Method is not allowed. POST is required")


def test_one_connection_asks_many_times(http_client: http.client.HTTPConnection) -> None:
    for _ in range(3):
        status, text, headers = ask(http_client, "POST", "/", request("system_chainType"), JSON)
        assert status == 200
        assert json.loads(text) == {"jsonrpc": "2.0", "id": 7, "result": "Development"}
        assert headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (f"[{request('system_chainType')}]", [{"id": 7, "result": "Development"}]),
        ('{"jsonrpc":"2.0","method":"system_chain","params":[]}', None),
        ('{"json', {"id": None, "error": {"code": -32700, "message": "Parse error"}}),
        (
            request("no_suchMethod"),
            {"id": 7, "error": {"code": -32601, "message": "Method not found"}},
        ),
        (
            request("chain_subscribeNewHeads"),
            {"id": 7, "error": {"code": -32603, "message": "Internal error"}},
        ),
    ],
)
def test_bodies_are_answered_as_over_the_websocket(
    http_client: http.client.HTTPConnection, body: str, answer: Any
) -> None:
    status, text, _ = ask(http_client, "POST", "/", body, JSON)
    assert status == 200
    found = json.loads(text) if text else None
    for one in found if isinstance(found, list) else [found or {}]:
        one.pop("jsonrpc", None)
    assert found == answer


def test_what_is_no_json_is_refused(http_client: http.client.HTTPConnection) -> None:
    headers = {"content-type": "text/plain"}
    status, text, _ = ask(http_client, "POST", "/", request("system_chain"), headers)
    assert status == 415
    said = "Supplied content type is not allowed. Content-Type: application/json is required"
    assert text.strip() == said


def test_another_host_is_refused(http_client: http.client.HTTPConnection) -> None:
    headers = JSON | {"host": "evil.example"}
    status, text, _ = ask(http_client, "POST", "/", request("system_chain"), headers)
    assert (status, text.strip()) == (403, "Provided Host header is not whitelisted.")


def test_a_browser_of_this_machine_may_ask_first(http_client: http.client.HTTPConnection) -> None:
    headers = {
        "origin": "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    status, text, _ = ask(http_client, "OPTIONS", "/", None, headers)
    assert (status, text) == (200, "")
    status, text, _ = ask(
        http_client, "POST", "/", request("system_chainType"), JSON | {"origin": headers["origin"]}
    )
    assert status == 200
    assert json.loads(text)["result"] == "Development"


def test_a_body_over_the_limit_is_named(http_client: http.client.HTTPConnection) -> None:
    body = request("system_chain", " " * (15 * 1024 * 1024))
    http_client.putrequest("POST", "/")
    http_client.putheader("content-type", "application/json")
    http_client.putheader("content-length", str(len(body)))
    http_client.endheaders()
    try:
        http_client.send(body.encode())
    except (BrokenPipeError, ConnectionResetError):
        return  # a node answers before it has read all of it
    answer = http_client.getresponse()
    assert answer.status in (200, 413)
    text = answer.read().decode()
    assert answer.status == 413 or json.loads(text)["error"]["code"] == -32007
