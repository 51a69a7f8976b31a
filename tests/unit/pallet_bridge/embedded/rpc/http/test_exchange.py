from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.embedded.rpc.http.exchange import (
    HEAD_BYTES,
    BadRequest,
    health,
    preflight,
    read_head,
    response,
)

HEAD = (
    b"POST /path HTTP/1.1\r\nHost: localhost:9944\r\nContent-Type: application/json\r\n"
    b"Content-Length: 12\r\nOrigin: \thttp://localhost\t\r\n\r\n"
)


def test_a_head_is_read_with_its_headers_whatever_their_case() -> None:
    head = read_head(HEAD + b"and the body")
    assert head is not None
    assert (head.method, head.path, head.version) == ("POST", "/path", "HTTP/1.1")
    assert head.size == len(HEAD)
    assert head.body_bytes == 12
    assert head.is_json
    assert not head.is_last
    assert head.one("origin") == "http://localhost"
    assert head.all("cookie") == ()


@pytest.mark.parametrize("size", range(0, len(HEAD), 7))
def test_a_head_that_has_not_come_whole_is_waited_for(size: int) -> None:
    assert read_head(HEAD[:size]) is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST / HTTP/1.1 more\r\n\r\n", 400),
        (b"POST /\r\n\r\n", 400),
        (b"P\x00ST / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n folded: yes\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nna me: x\r\n\r\n", 400),
        (b"POST / HTTP/2.0\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nx: " + b"y" * HEAD_BYTES, 431),
    ],
)
def test_what_is_no_head_has_a_status(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        read_head(data)
    assert caught.value.status == status


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_wait_or_are_refused(data: bytes) -> None:
    try:
        head = read_head(data + b"\r\n\r\n")
    except BadRequest:
        return
    assert head is not None


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n", 411),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
        (b"Content-Length: -3\r\n", 400),
        (b"Content-Length: 0x3\r\n", 400),
        (b"Content-Length: 9999999999999\r\n", 400),
        (b"Content-Length: \xb2\r\n", 400),
    ],
)
def test_a_length_that_is_not_one_number_is_refused(lines: bytes, status: int) -> None:
    head = read_head(b"POST / HTTP/1.1\r\n" + lines + b"\r\n")
    assert head is not None
    with pytest.raises(BadRequest) as caught:
        _ = head.body_bytes
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("version", "connection", "is_last"),
    [
        ("1.1", "", False),
        ("1.1", "close", True),
        ("1.1", "Close", True),
        ("1.0", "", True),
        ("1.0", "keep-alive", False),
    ],
)
def test_who_closes_follows_from_version_and_header(
    version: str, connection: str, *, is_last: bool
) -> None:
    line = f"Connection: {connection}\r\n" if connection else ""
    head = read_head(f"GET / HTTP/{version}\r\n{line}\r\n".encode())
    assert head is not None
    assert head.is_last is is_last
    assert head.body_bytes == 0


@pytest.mark.parametrize(
    ("kind", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
def test_json_says_what_it_is(kind: str, *, is_json: bool) -> None:
    head = read_head(f"POST / HTTP/1.1\r\ncontent-type: {kind}\r\n\r\n".encode())
    assert head is not None
    assert head.is_json is is_json


def test_responses_say_their_length_and_who_may_read_them() -> None:
    told = response(HTTPStatus.OK, "ä", origin="http://localhost").decode()
    head, _, body = told.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "content-length: 2" in head
    assert "access-control-allow-origin: http://localhost" in head
    assert "connection" not in head
    assert body == "ä"
    assert b"connection: close" in response(HTTPStatus.BAD_REQUEST, last=True)
    assert b"access-control-allow-methods: POST" in preflight("http://localhost")
    assert b"access-control-allow-origin" not in preflight("")


def test_health_has_two_places() -> None:
    assert health("/health?x=1") == b'{"peers":0,"isSyncing":false,"shouldHavePeers":false}'
    assert health("/health/readiness") == b""
    assert health("/healthy") is None
