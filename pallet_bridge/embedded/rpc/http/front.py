"""What a connection speaks is seen from its first bytes: HTTP is served here, or handed on.

A ``GET`` may be the handshake of a WebSocket, so it is handed on.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol, cast

from pallet_bridge.embedded.rpc.http import exchange
from pallet_bridge.embedded.rpc.limits import CONNECTIONS, MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.embedded.rpc.http.exchange import Head

_GET: Final = b"GET "
_IDLE_SECONDS: Final = 60.0
_MOST_BODY: Final = 2 * MESSAGE_BYTES
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Desk(Protocol):
    """What the front asks of the server."""

    def refusal(self, head: Head) -> str | None:
        """Say why a request with this head is refused; None when it is not."""

    async def answer(self, head: Head, body: bytes) -> str | None:
        """Answer a request or a batch of JSON-RPC; None when it asks for no answer."""


class Front(asyncio.Protocol):
    """One connection until it is known what it speaks, and as long as that is HTTP.

    Parameters
    ----------
    desk
        Answers requests.
    others
        All connections that speak HTTP, to be closed with the server.
    hand_on
        Makes the protocol of a connection that speaks WebSocket.
    """

    def __init__(
        self, desk: Desk, others: set[Front], hand_on: Callable[[], asyncio.Protocol]
    ) -> None:
        self._desk = desk
        self._others = others
        self._hand_on = hand_on
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._head: Head | None = None
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._is_http = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first bytes."""
        self._transport = cast("asyncio.Transport", transport)
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; hand the connection on when they are no HTTP that is served here."""
        self._buffer += data
        if not self._is_http:
            if len(self._buffer) < len(_GET) and _GET.startswith(self._buffer):
                return
            if self._buffer.startswith(_GET):
                self._become_other()
                return
            self._is_http = True
            self._others.add(self)
            if len(self._others) > CONNECTIONS:
                self._end(HTTPStatus.TOO_MANY_REQUESTS)
                return
        self._go_on()

    def eof_received(self) -> bool:
        """Keep the other half open while there is something to answer."""
        return self._task is not None

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection."""
        self._others.discard(self)
        self._wake()
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _become_other(self) -> None:
        self._wake()
        other = self._hand_on()
        self._transport.set_protocol(other)
        other.connection_made(self._transport)
        other.data_received(bytes(self._buffer))

    def _go_on(self) -> None:
        """Answer the next request if it is here whole, one at a time."""
        if self._task is not None:
            return
        try:
            if self._head is None:
                self._head = exchange.read_head(bytes(self._buffer[: exchange.HEAD_BYTES]))
                if self._head is None:
                    return
                del self._buffer[: self._head.size]
                if self._head.one("expect").lower() == "100-continue":
                    self._transport.write(_CONTINUE)
            size = self._head.body_bytes
        except exchange.BadRequest as error:
            self._end(error.status)
            return
        if size > _MOST_BODY:
            self._end(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif len(self._buffer) >= size:
            head, self._head = self._head, None
            body = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._wake()
            self._transport.pause_reading()
            self._task = self._loop.create_task(self._exchange(head, body))

    async def _exchange(self, head: Head, body: bytes) -> None:
        self._transport.write(await self._respond(head, body))
        self._task = None
        if head.is_last:
            self._transport.close()
            return
        self._transport.resume_reading()
        self._rest()
        self._go_on()

    async def _respond(self, head: Head, body: bytes) -> bytes:
        refusal = self._desk.refusal(head)
        if refusal is not None:
            return exchange.response(HTTPStatus.FORBIDDEN, refusal, last=head.is_last)
        origin = head.one("origin")
        if head.method == "OPTIONS":
            return exchange.preflight(origin)
        if head.method != "POST":
            return exchange.response(HTTPStatus.METHOD_NOT_ALLOWED, exchange.NOT_POST)
        if not head.is_json:
            return exchange.response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, exchange.NOT_JSON)
        answer = await self._desk.answer(head, body)
        return exchange.response(
            HTTPStatus.OK, answer or "", kind=exchange.JSON, origin=origin, last=head.is_last
        )

    def _end(self, status: HTTPStatus) -> None:
        self._transport.write(exchange.response(status, f"{status.phrase}\n", last=True))
        self._transport.close()

    def _rest(self) -> None:
        self._wake()
        self._idle = self._loop.call_later(_IDLE_SECONDS, self.close)

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
