"""The WebSocket side of the embedded node: connections, and the thread that they live on."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from pallet_bridge.embedded.errors import CannotListen
from pallet_bridge.embedded.sealing import Instant, InstantSealer, Interval, IntervalSealer

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from pallet_bridge.embedded.rpc.dispatch import RpcDispatcher
    from pallet_bridge.embedded.sealing import Sealing
    from pallet_bridge.embedded.service import Service

# What a node allows: 15 MB a request.
_MAX_REQUEST_BYTES = 15 * 1024 * 1024
# A client that sends without reading its answers is read no further beyond this many of them.
_UNREAD_ANSWERS = 64
# A client that subscribes without reading is disconnected beyond this many messages.
_UNREAD_MESSAGES = 8192
# Clients that are not reading do not answer a farewell: wait for it no longer than this.
_FAREWELL_SECONDS = 0.2


class Connection:
    """One client. `post` never waits: a client too slow for its subscriptions is cut off."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: ServerConnection) -> None:
        self._loop = loop
        self._socket = socket
        self._waiting: deque[str] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def post(self, text: str) -> None:
        """Queue a message of a subscription, from any thread."""
        self._loop.call_soon_threadsafe(self._post, text)

    def reply(self, text: str) -> None:
        """Queue an answer, from the event loop."""
        self._waiting.append(text)
        self._filled.set()
        if len(self._waiting) >= _UNREAD_ANSWERS:
            self._room.clear()

    async def room(self) -> None:
        """Wait until the client has read enough of its answers."""
        await self._room.wait()

    async def write(self) -> None:
        """Send what is queued until the client goes or falls too far behind."""
        try:
            while len(self._waiting) <= _UNREAD_MESSAGES:
                await self._filled.wait()
                while self._waiting:
                    await self._socket.send(self._waiting.popleft())
                    if len(self._waiting) < _UNREAD_ANSWERS:
                        self._room.set()
                self._filled.clear()
        finally:
            self._room.set()

    def _post(self, text: str) -> None:
        if len(self._waiting) == _UNREAD_MESSAGES:
            self._socket.transport.abort()
        self._waiting.append(text)
        self._filled.set()


class Server:
    """Serves JSON-RPC on a thread of its own, and seals there."""

    def __init__(self, service: Service, rpc: RpcDispatcher, sealing: Sealing) -> None:
        self._service = service
        self._rpc = rpc
        self._sealing = sealing
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
                max_size=_MAX_REQUEST_BYTES,
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

    def _start_sealing(self, loop: asyncio.AbstractEventLoop) -> None:
        match self._sealing:
            case Instant():
                self._service.on_ready = InstantSealer(self._service, loop).wake
            case Interval(seconds):
                IntervalSealer(self._service, loop, seconds)

    async def _serve(self, socket: ServerConnection) -> None:
        connection = Connection(asyncio.get_running_loop(), socket)
        writer = asyncio.create_task(connection.write())
        try:
            async for message in socket:
                answer = self._rpc.answer(connection, message)
                if answer is not None:
                    connection.reply(answer)
                await connection.room()
        except ConnectionClosed:
            return
        finally:
            self._rpc.disconnect(connection)
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await writer
