"""The aggregator as an HTTP service, behind clear limits: what is too much is not read.

One request a connection. The header of a half is read and checked before the rest of it. Each
request has a time that its size allows, and so many are served at once as there are places.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

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

_IDLE_S = 20.0
_LINGER_S = 2.0
_LEAST_BYTES_A_SECOND = 1 << 15
_PART = 1 << 16
_log = logging.getLogger("bcfl.aggregator")


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
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, aggregator: Aggregator, host: str, port: int, tls: tuple[Path, Path] | None = None
    ) -> None:
        self.aggregator = aggregator
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


class _Handler(BaseHTTPRequestHandler):
    server: AggregatorServer
    timeout = _IDLE_S
    server_version, sys_version = "bcfl", ""
    protocol_version = "HTTP/1.0"  # one request a connection

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
            question = SealedQuestion.decode(self._read(size, _deadline(size)))
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
        deadline = _deadline(size)
        if size < HEADER_BYTES:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it is no half of an update")
        upload = self.server.aggregator.admit(self._read(HEADER_BYTES, deadline))
        if size != HEADER_BYTES + upload.sealed_bytes:
            raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it is not as long as it says")
        receipt = self.server.aggregator.take(upload, self._read(upload.sealed_bytes, deadline))
        self._answer(receipt, "application/octet-stream")

    def _size(self, most: int) -> int:
        """Return how long the body says that it is."""
        text = self.headers.get("Content-Length", "")
        if not (text.isascii() and text.isdecimal()) or "Transfer-Encoding" in self.headers:
            raise AggregatorRefused(HTTPStatus.LENGTH_REQUIRED, "it does not say how long it is")
        if len(text) > 15 or int(text) > most:  # noqa: PLR2004 - more digits than any size has
            raise AggregatorRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too long")
        return int(text)

    def _read(self, size: int, deadline: float) -> bytes:
        """Read so many bytes in time."""
        parts, left = [], size
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError
            part = self.rfile.read1(min(left, _PART))
            if not part:
                raise AggregatorRefused(HTTPStatus.BAD_REQUEST, "it ended too early")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _answer(self, body: bytes, kind: str, status: int = HTTPStatus.OK) -> None:
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
            end = time.monotonic() + _LINGER_S
            while time.monotonic() < end and self.rfile.read1(_PART):
                pass
        except OSError:
            _log.debug("bcfl: who asked went away")


def _deadline(size: int) -> float:
    return time.monotonic() + _IDLE_S + size / _LEAST_BYTES_A_SECOND
