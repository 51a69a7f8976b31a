"""The aggregator as an HTTP service, behind clear limits: what is too much is not read.

One request a connection. The header of a half is read and checked before the rest of it. Each
request has a time that its size allows, from its first byte on, and so many are served at once as
there are places.
"""

from __future__ import annotations

import io
import logging
import socket
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.aggregator.errors import AggregatorRefused
from bcfl_plugins.aggregator.questions import (
    HALVES,
    KEY,
    MOST_QUESTION_BYTES,
    SKETCHES,
    SUM,
    SealedQuestion,
    encode_refusal,
    encode_sketches,
)
from bcfl_plugins.secure.uploads import HEADER_BYTES
from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.aggregator.service import Aggregator

PLACES = 16
"""Requests that are served at once; who comes then is told to come again."""

_LINGER_S = 2.0
_PART = 1 << 16
_log = logging.getLogger("bcfl.aggregator")


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow who asks may be.

    Parameters
    ----------
    idle_s : float
        Seconds for what has no length yet, and beside the time that a length allows.
    bytes_a_second : int
        A body has a second for so many bytes.
    """

    idle_s: float = 20.0
    bytes_a_second: int = 1 << 15

    def seconds(self, size: int) -> float:
        """Return for how long so many bytes may be on their way."""
        return self.idle_s + size / self.bytes_a_second


PACE = Pace()


class AggregatorServer(ThreadingHTTPServer):
    """Serves one aggregator until it is shut down.

    Parameters
    ----------
    aggregator : Aggregator
        What answers.
    host, port : str, int
        Where it listens; port 0: any that is free.
    tls : (Path, Path) or None
        Files of a certificate with its chain, and of its key; ``None``: plain HTTP, for behind a
        proxy. What halves hold is sealed in both.
    pace : Pace
        How slow who asks may be.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        aggregator: Aggregator,
        host: str,
        port: int,
        tls: tuple[Path, Path] | None = None,
        pace: Pace = PACE,
    ) -> None:
        self.aggregator, self.pace = aggregator, pace
        self.places = BoundedSemaphore(PLACES)
        super().__init__((host, port), _Handler)
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            # the handshake is the handler's: nobody who is slow keeps others from being accepted
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Log what ended a connection, and go on."""
        del request
        _log.warning("bcfl: a connection of %s ended badly", client_address, exc_info=True)


class _InTime(io.RawIOBase):
    """Reads a socket until a deadline, however many bytes come at a time."""

    def __init__(self, source: socket.socket, seconds: float) -> None:
        self._source = source
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Set the deadline, from now."""
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever holds bytes
        """Read what is there; `TimeoutError` after the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._source.settimeout(left)
        return self._source.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: AggregatorServer
    server_version, sys_version = "bcfl", ""
    protocol_version = "HTTP/1.0"  # one request a connection

    def setup(self) -> None:
        """Read under a deadline from the first byte on, so that nobody holds a thread for long."""
        super().setup()
        self._source = _InTime(self.connection, self.server.pace.idle_s)
        self.rfile.close()
        self.rfile = io.BufferedReader(self._source)

    def do_GET(self) -> None:
        """Answer with the key."""
        self._served(self._get)

    def do_POST(self) -> None:
        """Take a half, or answer a question."""
        self._served(self._post)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its base has it
        """Log at the level of debugging: what is refused is logged with the reason."""
        _log.debug(format, *args)

    def _served(self, answer: Callable[[], None]) -> None:
        if not self.server.places.acquire(blocking=False):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "it is busy: ask again")
            return
        try:
            answer()
        except AggregatorRefused as refused:
            _log.warning("bcfl: %s is refused: %s", self.path[:40], refused.reason)
            self._refuse(refused.status, refused.reason)
        except BcflError as error:
            _log.warning("bcfl: %s was not answered: %s", self.path[:40], error)
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "it cannot answer now")
        except TimeoutError:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "it came too slowly")
        finally:
            self.server.places.release()

    def _get(self) -> None:
        if self.path != KEY:
            raise AggregatorRefused(HTTPStatus.NOT_FOUND, "there is nothing here")
        self._answer(self.server.aggregator.key().encode(), "application/json")

    def _post(self) -> None:
        if self.path == HALVES:
            self._take()
            return
        if self.path not in {SKETCHES, SUM}:
            raise AggregatorRefused(HTTPStatus.NOT_FOUND, "there is nothing here")
        size = self._size(MOST_QUESTION_BYTES)
        try:
            question = SealedQuestion.decode(self._read(size))
        except ValueError as error:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, str(error)) from error
        if self.path == SKETCHES:
            made = encode_sketches(self.server.aggregator.sketches(question))
            self._answer(made, "application/json")
            return
        signature, total = self.server.aggregator.total(question)
        words = np.ascontiguousarray(total, "<u4").tobytes()
        self._answer(signature + words, "application/octet-stream")

    def _take(self) -> None:
        size = self._size(1 << 40)
        if size < HEADER_BYTES:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it is no half of an update")
        upload = self.server.aggregator.admit(self._read(HEADER_BYTES))
        if size != HEADER_BYTES + upload.sealed_bytes:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it is not as long as it says")
        receipt = self.server.aggregator.take(upload, self._read(upload.sealed_bytes))
        self._answer(receipt, "application/octet-stream")

    def _size(self, most: int) -> int:
        """Return how long the body says that it is."""
        text = self.headers.get("Content-Length", "")
        if not (text.isascii() and text.isdecimal()) or "Transfer-Encoding" in self.headers:
            raise AggregatorRefused(HTTPStatus.LENGTH_REQUIRED, "it does not say how long it is")
        if len(text) > 15 or int(text) > most:  # noqa: PLR2004 - more digits than any size has
            raise AggregatorRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too long")
        return int(text)

    def _read(self, size: int) -> bytes:
        """Read so many bytes in time."""
        self._source.allow(self.server.pace.seconds(size))
        parts, left = [], size
        while left:
            part = self.rfile.read1(min(left, _PART))
            if not part:
                raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it ended too early")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _answer(self, body: bytes, kind: str, status: int = HTTPStatus.OK) -> None:
        self.connection.settimeout(self.server.pace.seconds(len(body)))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, reason: str) -> None:
        self.close_connection = True
        try:
            self._answer(encode_refusal(reason), "application/json", status)
            # who still sends would not read the answer if the connection was cut now
            self.connection.shutdown(socket.SHUT_WR)
            self._source.allow(_LINGER_S)
            while self.rfile.read1(_PART):
                pass
        except OSError:
            _log.debug("bcfl: who asked went away")
