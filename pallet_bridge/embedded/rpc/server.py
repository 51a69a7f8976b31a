"""WebSocket and HTTP of the embedded node: connections, and the thread that they live on."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pallet_bridge.embedded.errors import CannotListen
from pallet_bridge.embedded.rpc.access import Access, methods, origin
from pallet_bridge.embedded.rpc.http.exchange import JSON, NOT_POST, health
from pallet_bridge.embedded.rpc.http.front import Front
from pallet_bridge.embedded.rpc.limits import CONNECTIONS, MESSAGE_BYTES
from pallet_bridge.embedded.rpc.subscriptions import Unheard
from pallet_bridge.embedded.sealing import Instant, InstantSealer, Interval, IntervalSealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from websockets.asyncio.server import Server as WebSocketServer
    from websockets.http11 import Request, Response
    from websockets.server import ServerProtocol

    from pallet_bridge.embedded.rpc.dispatch import RpcDispatcher
    from pallet_bridge.embedded.rpc.http.exchange import Head
    from pallet_bridge.embedded.rpc.subscriptions import Peer
    from pallet_bridge.embedded.sealing import Sealing
    from pallet_bridge.embedded.service import Service

# What is a little over the limit is answered; what is far over it ends the connection.
_MAX_FRAME_BYTES = 2 * MESSAGE_BYTES
# A client that sends without reading its answers is read no further beyond this much of them.
_UNREAD_ANSWERS = 64
_UNREAD_ANSWER_BYTES = 4 * 1024 * 1024
# A client that subscribes without reading is disconnected beyond this many messages.
_UNREAD_MESSAGES = 8192
_UNREAD_BYTES = 2 * MESSAGE_BYTES
# Clients that are not reading do not answer a farewell: wait for it no longer than this.
_FAREWELL_SECONDS = 0.2
# Requests that wait in memory before one connection is read no further.
_UNREAD_REQUESTS = 8
# One connection has the thread to itself for so long, then all others have their turn.
_TURN_SECONDS = 0.002
_FULL = "Too many connections. Please try again later."


class Connection:
    """One client. `post` never waits: a client too slow for its subscriptions is cut off."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, socket: ServerConnection, *, lets_unsafe: bool
    ) -> None:
        self.lets_unsafe = lets_unsafe
        self._loop = loop
        self._socket = socket
        self._lock = threading.Lock()  # around what follows: `post` comes from any thread
        self._waiting: deque[str] = deque()
        self._posted: deque[str] = deque()  # behind the answer that is being made
        self._size = 0
        self._is_cut = False
        self._is_woken = False
        self._is_answering = False
        self._is_written = True  # False once nothing will be sent any more
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def post(self, text: str) -> None:
        """Queue a message of a subscription, from any thread."""
        with self._lock:
            if self._is_cut:
                return
            self._posted.append(text)
            self._size += len(text)
            unread = len(self._posted) + len(self._waiting)
            self._is_cut = unread > _UNREAD_MESSAGES or self._size > _UNREAD_BYTES
            if self._is_cut:
                self._posted.clear()
            wake, self._is_woken = not self._is_woken, True
        if wake:  # once for many messages
            self._loop.call_soon_threadsafe(self._wake)

    def begin(self) -> None:
        """Note that a request is being answered: what a subscription tells comes after that."""
        self._is_answering = True

    def reply(self, text: str | None) -> None:
        """Queue the answer, if there is one, from the event loop."""
        self._is_answering = False
        with self._lock:
            if text is not None:
                self._waiting.append(text)
                self._size += len(text)
        self._wake()
        if self._is_written and not self._has_room():
            self._room.clear()

    async def room(self) -> None:
        """Wait until the client has read enough of its answers."""
        await self._room.wait()

    async def write(self) -> None:
        """Send what is queued until the client goes."""
        turn = _Turn(self._loop)
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                turn.begin()
                while (text := self._take()) is not None:
                    await self._socket.send(text)
                    if self._has_room():
                        self._room.set()
                    await turn.over()
        finally:
            self._is_written = False  # what was asked before is answered to nobody, without a wait
            self._room.set()

    def _take(self) -> str | None:
        with self._lock:
            if not self._waiting:
                return None
            text = self._waiting.popleft()
            self._size -= len(text)
            return text

    def _has_room(self) -> bool:
        return len(self._waiting) < _UNREAD_ANSWERS and self._size < _UNREAD_ANSWER_BYTES

    def _wake(self) -> None:
        with self._lock:
            self._is_woken = False
            if not self._is_answering:
                self._waiting.extend(self._posted)
                self._posted.clear()
        if self._is_cut:
            self._socket.transport.abort()
        self._filled.set()


class _Turn:
    """How long a connection has had the thread to itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._since = loop.time()

    def begin(self) -> None:
        """Note that it was waiting until now."""
        self._since = self._loop.time()

    async def over(self) -> None:
        """Let the others have theirs when it was long enough."""
        if self._loop.time() - self._since > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._since = self._loop.time()


def _plain(socket: ServerConnection, path: str) -> Response:
    """Answer a request that is no handshake."""
    found = health(path)
    if found is None:
        return socket.respond(HTTPStatus.METHOD_NOT_ALLOWED, NOT_POST)
    answer = socket.respond(HTTPStatus.OK, found.decode())
    del answer.headers["Content-Type"]
    answer.headers["Content-Type"] = JSON
    return answer


class Server:
    """Serves JSON-RPC on a thread of its own, and seals there.

    `origins` are those of web pages that may connect beside pages of this machine;
    `rpc_methods` says who may call unsafe methods.
    """

    def __init__(
        self,
        service: Service,
        rpc: RpcDispatcher,
        sealing: Sealing,
        origins: Iterable[str] = (),
        rpc_methods: str = "auto",
    ) -> None:
        self._service = service
        self._rpc = rpc
        self._sealing = sealing
        self._access = Access(
            origins=frozenset(origin(one) for one in origins), rpc_methods=methods(rpc_methods)
        )
        self._clients = 0
        self._fronts: set[Front] = set()
        self._bound: Future[int] = Future()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, host: str, port: int) -> int:
        """Listen; give the port.

        Raises
        ------
        CannotListen
            The address is not free.
        """
        self._access = replace(self._access, listens_on=host)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(host, port)), name="embedded-node", daemon=True
        )
        self._thread.start()
        return self._bound.result()

    def close(self) -> None:
        """Disconnect everybody and end the thread; a second call does nothing."""
        if self._loop is None or self._stop is None or self._thread is None:
            return
        loop, self._loop = self._loop, None
        with self._service.lock:
            self._service.on_ready = lambda: None
        loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _main(self, host: str, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            server = await serve(
                self._serve,
                host,
                port,
                compression=None,
                max_size=_MAX_FRAME_BYTES,
                max_queue=_UNREAD_REQUESTS,
                process_request=self._admit,
                create_connection=cast("type[ServerConnection]", self._front),
                # Clients such as substrate-interface answer pings only while they read.
                ping_interval=None,
                close_timeout=_FAREWELL_SECONDS,
            )
        except OSError as error:
            self._bound.set_exception(CannotListen(host, port, error.strerror or str(error)))
            return
        async with server:
            self._start_sealing(self._loop)
            self._bound.set_result(next(iter(server.sockets)).getsockname()[1])
            await self._stop.wait()
            for front in tuple(self._fronts):
                front.close()

    def _front(self, protocol: ServerProtocol, server: WebSocketServer, **options: float) -> Front:
        """Make what a connection begins with; it speaks WebSocket by these options, or HTTP."""
        connect = cast("Callable[..., ServerConnection]", ServerConnection)
        return Front(self, self._fronts, lambda: connect(protocol, server, **options))

    def refusal(self, head: Head) -> str | None:
        """Say why a request over HTTP with this head is refused; None when it is not."""
        return self._access.refusal(head.all("host"), head.all("origin"))

    async def answer(self, head: Head, body: bytes) -> str | None:
        """Answer a request over HTTP; what it subscribes to is refused."""
        peer = Unheard(lets_unsafe=self._access.lets_unsafe(head.all("origin")))
        try:
            return await self._answer(peer, body, _Turn(asyncio.get_running_loop()))
        finally:
            self._rpc.disconnect(peer)

    def _start_sealing(self, loop: asyncio.AbstractEventLoop) -> None:
        match self._sealing:
            case Instant():
                self._service.on_ready = InstantSealer(self._service, loop).wake
            case Interval(seconds):
                IntervalSealer(self._service, loop, seconds)

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        refusal = self._access.refusal(headers.get_all("Host"), headers.get_all("Origin"))
        if refusal is not None:
            return socket.respond(HTTPStatus.FORBIDDEN, refusal)
        if self._clients >= CONNECTIONS:
            return socket.respond(HTTPStatus.TOO_MANY_REQUESTS, _FULL)
        return None if "Upgrade" in headers else _plain(socket, request.path)

    async def _serve(self, socket: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        origins = [] if socket.request is None else socket.request.headers.get_all("Origin")
        trusted = self._access.lets_unsafe(origins)
        connection = Connection(loop, socket, lets_unsafe=trusted)
        writer = asyncio.create_task(connection.write())
        self._clients += 1
        try:
            turn = _Turn(loop)
            while True:
                message = await socket.recv(decode=False)
                connection.begin()
                connection.reply(await self._answer(connection, message, turn))
                await turn.over()
                await connection.room()
        except ConnectionClosed:
            return
        finally:
            self._clients -= 1
            self._rpc.disconnect(connection)
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await writer

    async def _answer(self, connection: Peer, message: bytes, turn: _Turn) -> str | None:
        steps = self._rpc.steps(connection, message)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                answer: str | None = end.value
                return answer
            await turn.over()
