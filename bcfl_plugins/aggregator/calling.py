"""Ask an aggregator, and read its answers without trust: their lengths, and what is signed."""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from bcfl_plugins.aggregator.errors import AggregatorRefused, AggregatorUnusable
from bcfl_plugins.aggregator.questions import (
    HALVES,
    KEY,
    SIGNATURE_BYTES,
    SKETCHES,
    SUM,
    AggregatorKey,
    decode_refusal,
    decode_sketches,
)

if TYPE_CHECKING:
    from bcfl_plugins.aggregator.questions import SealedQuestion, SignedSketches

    NDArray = np.ndarray[Any, np.dtype[Any]]

_REQUEST_S = 60.0
_PAUSE_S = 0.5
_SMALL = 1 << 16
_BYTES_A_SKETCH = 1 << 10
"""Beside its words: the account, the signature and what JSON puts between."""


@dataclass(frozen=True, slots=True)
class AggregatorAt:
    """An aggregator at a URL.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``, a host, and a path in front of ours if need be.
    patience : float
        Seconds for which a question is repeated that may be answered later.
    """

    url: str
    patience: float

    def key(self) -> AggregatorKey:
        """Return its key, as it says: who reads it checks the signature.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, or answers something else.
        """
        try:
            return AggregatorKey.decode(self._asked("GET", KEY, b"", _SMALL, self.patience))
        except ValueError as error:
            raise AggregatorUnusable(self.url, f"its key cannot be read: {error}") from error

    def upload(self, body: bytes) -> bytes:
        """Send the half of an update; return the signed receipt, which is not checked here.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, refuses, or answers something else.
        """
        receipt = self._asked("POST", HALVES, body, _SMALL, self.patience)
        if len(receipt) != SIGNATURE_BYTES:
            raise AggregatorUnusable(self.url, "its receipt is no signature")
        return receipt

    def sketches(self, question: SealedQuestion, nodes: int) -> SignedSketches:
        """Return the sketches of the halves of at most so many nodes; signatures are not checked.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, refuses, or answers something else.
        """
        most = _SMALL + nodes * (8 * question.sketch.cells + _BYTES_A_SKETCH)
        data = self._asked("POST", SKETCHES, question.encode(), most, self.patience)
        try:
            return decode_sketches(data, question.sketch)
        except ValueError as error:
            raise AggregatorUnusable(self.url, f"its sketches cannot be read: {error}") from error

    def total(self, question: SealedQuestion, length: int) -> tuple[bytes, NDArray]:
        """Return the signature, which is not checked, and (length,) uint32 the sum.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, refuses, or answers something else.
        """
        size = SIGNATURE_BYTES + 4 * length
        data = self._asked("POST", SUM, question.encode(), size, self.patience)
        if len(data) != size:
            raise AggregatorUnusable(self.url, f"its sum is not of {length} numbers")
        words = np.frombuffer(data, "<u4", offset=SIGNATURE_BYTES).astype(np.uint32)
        return data[:SIGNATURE_BYTES], words

    def _asked(self, verb: str, path: str, body: bytes, most: int, patience: float) -> bytes:
        """Ask until it is answered or refused for good, or the time is up."""
        end = time.monotonic() + patience
        while True:
            try:
                return self._asked_once(verb, path, body, most)
            except AggregatorRefused as refused:
                if not refused.is_early or time.monotonic() >= end:
                    raise AggregatorUnusable(
                        self.url, f"it refuses {path}: {refused.reason}"
                    ) from refused
            except (OSError, HTTPException) as error:
                if time.monotonic() >= end:
                    raise AggregatorUnusable(
                        self.url, f"it cannot be reached ({type(error).__name__}: {error})"
                    ) from error
            time.sleep(_PAUSE_S)

    def _asked_once(self, verb: str, path: str, body: bytes, most: int) -> bytes:
        where = urlsplit(self.url)
        if where.scheme not in {"http", "https"} or not where.hostname:
            raise AggregatorUnusable(self.url, "it is no http:// or https:// URL")
        timeout = min(_REQUEST_S, max(1.0, self.patience))
        connection: HTTPConnection
        if where.scheme == "https":
            connection = HTTPSConnection(
                where.hostname, where.port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            connection = HTTPConnection(where.hostname, where.port, timeout=timeout)
        try:
            headers = {"Content-Type": "application/octet-stream"} if body else {}
            # who refuses before all was sent may have said why
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(verb, where.path.rstrip("/") + path, body or None, headers)
            answer = connection.getresponse()
            data = answer.read(most + 1)
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise AggregatorRefused(answer.status, decode_refusal(data[:_SMALL]))
        if len(data) > most:
            raise AggregatorUnusable(self.url, f"its answer to {path} is too long")
        return data
