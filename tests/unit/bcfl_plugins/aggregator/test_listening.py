"""The service in front of an aggregator: what is too much, too slow or no question is refused."""

from __future__ import annotations

import json
import select
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.aggregator import listening
from bcfl_plugins.aggregator.calling import AggregatorAt
from bcfl_plugins.aggregator.errors import AggregatorUnusable
from bcfl_plugins.aggregator.keeping import HalfStore
from bcfl_plugins.aggregator.listening import PACE, AggregatorServer, Pace
from bcfl_plugins.aggregator.questions import HALVES, KEY, SKETCHES
from bcfl_plugins.aggregator.service import Aggregator, AggregatorLimits
from bcfl_plugins.secure.statements import key_payload
from bcfl_plugins.secure.uploads import HEADER_BYTES
from pallet_bridge.keys import Signer, verify
from pallet_bridge.testing.fixtures import bcfl_chain
from tests.unit.bcfl_plugins.aggregator.certificates import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient

__all__ = ["bcfl_chain"]
SECOND = Signer.from_uri("//bcfl//second")


@contextmanager
def serving(
    chain: EmbeddedClient, folder: Path, tls: tuple[Path, Path] | None = None, pace: Pace = PACE
) -> Iterator[AggregatorServer]:
    service = Aggregator(chain, 0, SECOND, HalfStore(folder, SECOND.account), AggregatorLimits())
    with AggregatorServer(service, "127.0.0.1", 0, tls, pace) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


@pytest.fixture
def server(bcfl_chain: EmbeddedClient, tmp_path: Path) -> Iterator[AggregatorServer]:
    with serving(bcfl_chain, tmp_path) as made:
        yield made


def said_to(server: AggregatorServer, *parts: bytes) -> tuple[bytes, int]:
    """Send parts with pauses, until it hangs up; return what it said, and how many it let in."""
    heard, sent = b"", 0
    with socket.create_connection(("127.0.0.1", server.server_address[1]), 30) as slow:
        try:
            for part in parts:
                slow.sendall(part)
                sent += 1
                if select.select([slow], [], [], 0.1)[0]:  # it says something, or hung up
                    break
        except OSError:
            return heard, sent
        while part := slow.recv(4096):
            heard += part
    return heard, sent


def ask(server: AggregatorServer, verb: str, path: str, **told: Any) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    connection.request(verb, path, **told)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_its_key_is_signed_and_outlives_it(
    server: AggregatorServer, bcfl_chain: EmbeddedClient, tmp_path: Path
) -> None:
    told = AggregatorAt(f"http://127.0.0.1:{server.server_address[1]}", 30.0).key()
    said = key_payload(bcfl_chain.genesis_hash, 0, SECOND.account, told.key)
    assert verify(SECOND.account, said, told.signature)
    assert HalfStore(tmp_path, SECOND.account).key().public == told.key
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("asked", "told", "status", "problem"),
    [
        (("GET", "/"), {}, 404, "nothing here"),
        (("POST", KEY), {"body": b"x"}, 404, "nothing here"),
        (("POST", HALVES), {"body": b"x"}, 400, "no half"),
        (("POST", HALVES), {"body": bytes(HEADER_BYTES + 9)}, 400, "of another version"),
        (("POST", SKETCHES), {"body": b"[" * 9000}, 400, "no JSON"),
        (("POST", SKETCHES), {"body": b"[]"}, 400, "no JSON object"),
        (("POST", SKETCHES), {"body": json.dumps({"genesis": "00"})}, 400, "genesis"),
        (
            ("POST", SKETCHES),
            {"body": b"", "headers": {"Content-Length": "9" * 12}},
            413,
            "too long",
        ),
        (("POST", SKETCHES), {"body": b"", "headers": {"Content-Length": "-1"}}, 411, "how long"),
        (("POST", SKETCHES), {"body": iter([b"a"]), "encode_chunked": True}, 411, "how long"),
    ],
)
def test_what_is_no_question_is_refused(
    server: AggregatorServer,
    asked: tuple[str, str],
    told: dict[str, Any],
    status: int,
    problem: str,
) -> None:
    found, text = ask(server, *asked, **told)
    assert (found, problem in text) == (status, True), text


def test_when_all_places_are_taken_it_is_to_be_asked_again(
    server: AggregatorServer,
) -> None:
    for _ in range(listening.PLACES):
        assert server.places.acquire(blocking=False)
    assert ask(server, "GET", KEY)[0] == 503
    server.places.release()
    assert ask(server, "GET", KEY)[0] == 200


def test_who_goes_away_in_the_middle_keeps_no_place(server: AggregatorServer) -> None:
    for _ in range(listening.PLACES + 1):
        with socket.create_connection(("127.0.0.1", server.server_address[1])) as gone:
            gone.sendall(b"POST /v1/halves HTTP/1.0\r\nContent-Length: 999999\r\n\r\nbcfl")
    at = AggregatorAt(f"http://127.0.0.1:{server.server_address[1]}", 30.0)
    assert at.key().account == SECOND.account, "it is asked again while places are taken"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://", "http://127.0.0.1:1"])
def test_where_nobody_listens_is_named(url: str) -> None:
    with pytest.raises(AggregatorUnusable, match="the aggregator at"):
        AggregatorAt(url, 0.0).key()


def test_an_answer_that_is_none_is_named(server: AggregatorServer) -> None:
    at = AggregatorAt(f"http://127.0.0.1:{server.server_address[1]}/elsewhere", 0.0)
    with pytest.raises(AggregatorUnusable, match="nothing here"):
        at.key()
    with pytest.raises(AggregatorUnusable, match="refuses /v1/halves"):
        AggregatorAt(at.url.removesuffix("/elsewhere"), 0.0).upload(b"x" * 4096)


def test_by_tls_who_has_the_authority_talks_and_who_has_not_refuses(
    bcfl_chain: EmbeddedClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificate(tmp_path)
    with serving(bcfl_chain, tmp_path, tls) as server:
        at = AggregatorAt(f"https://127.0.0.1:{server.server_address[1]}", 0.0)
        with pytest.raises(AggregatorUnusable, match="self-signed certificate"):
            at.key()
        monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
        assert at.key().account == SECOND.account
        with pytest.raises(AggregatorUnusable, match="cannot be reached"):
            AggregatorAt(at.url.replace("https", "http"), 0.0).key()


QUICK = Pace(0.3, 1 << 20)
POST = b"POST /v1/sketches HTTP/1.0\r\nContent-Length: 100\r\n"


@pytest.mark.parametrize(
    "head",
    [b"", POST, POST + b"\r\n"],
    ids=["the request", "its headers", "its body"],
)
def test_who_sends_byte_by_byte_is_cut_off(
    bcfl_chain: EmbeddedClient, tmp_path: Path, head: bytes
) -> None:
    """A byte from time to time gives no more time: most of the bytes find nobody."""
    with serving(bcfl_chain, tmp_path, pace=QUICK) as server:
        _, sent = said_to(server, head, *[b"X"] * 90)
        assert sent < 60
        for _ in range(listening.PLACES):
            assert server.places.acquire(timeout=30), "no place is held"


def test_a_question_that_says_it_is_too_long_is_refused_before_it_is_read(
    server: AggregatorServer,
) -> None:
    most = listening.MOST_QUESTION_BYTES
    head = f"POST {SKETCHES} HTTP/1.0\r\nContent-Length: {most + 1}\r\n\r\n".encode()
    assert b" 413 " in said_to(server, head)[0]


def test_who_stops_in_the_middle_is_told_that_it_was_too_slow(
    bcfl_chain: EmbeddedClient, tmp_path: Path
) -> None:
    with serving(bcfl_chain, tmp_path, pace=QUICK) as server:
        assert b" 408 " in said_to(server, POST + b"\r\n", b"{")[0]
