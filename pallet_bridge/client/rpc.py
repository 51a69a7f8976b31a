"""JSON-RPC over one WebSocket, for many threads: a reader thread hands each answer to its asker.

A lost connection fails what was in flight with `ChainUnavailable`; the next request connects
again and makes sure that the other end is still the same chain, and has what was final on it.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from websockets.exceptions import InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from pallet_bridge.errors import (
    BadChainValue,
    ChainTimeout,
    ChainUnavailable,
    ConfigError,
    RpcRefused,
    StateDiscarded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.typing import DataLike

RawJson = Any  # what a node answers: read by client.decode, which trusts none of it

_MAX_MESSAGE = 64 << 20
_PING_SECONDS = 20.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_STATE_DISCARDED = "State already discarded"


Inbox = queue.SimpleQueue[RawJson]


class Lost(NamedTuple):
    """What a subscription's queue gets when its connection ends."""

    cause: str


class Subscription:
    """Notifications of one subscription, in order. Made by `RpcClient.subscribe`."""

    def __init__(self, link: _Link, key: str, inbox: Inbox, unsubscribe: str) -> None:
        self._link = link
        self._key = key
        self._inbox = inbox
        self._unsubscribe = unsubscribe

    def next(self, timeout: float) -> RawJson:
        """Return the next notification.

        Raises
        ------
        ChainTimeout
            When there is none within `timeout` seconds.
        ChainUnavailable
            When the connection ended.
        """
        try:
            item = self._inbox.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            raise ChainTimeout("the next notification", timeout) from None
        return self._read(item)

    def poll(self) -> RawJson | None:
        """Return the next notification if it is here already, else None.

        Raises
        ------
        ChainUnavailable
            When the connection ended.
        """
        try:
            item = self._inbox.get_nowait()
        except queue.Empty:
            return None
        return self._read(item)

    def _read(self, item: RawJson) -> RawJson:
        if isinstance(item, Lost):
            self._inbox.put(item)  # for whoever asks next
            raise ChainUnavailable(self._link.url, item.cause)
        return item

    def close(self) -> None:
        """Stop listening. A connection that is gone needs no goodbye."""
        if self._link.forget(self._key):
            self._link.start(self._unsubscribe, [self._key])


class RpcClient:
    """A JSON-RPC client.

    Parameters
    ----------
    url
        ``ws://`` or ``wss://``.
    timeout
        Seconds that connecting, and each answer, may take.

    Attributes
    ----------
    connections
        How many were made so far: what was learned on one may not hold on the next.
    """

    def __init__(self, url: str, timeout: float) -> None:
        if urlsplit(url).scheme not in ("ws", "wss") or not urlsplit(url).hostname:
            raise ConfigError(f"{url!r} is no WebSocket URL: write ws://HOST:PORT or wss://HOST")
        self.url = url
        self.timeout = timeout
        self.genesis = ""
        self.connections = 0
        self._final: tuple[int, str] | None = None
        self._lock = threading.Lock()
        self._link: _Link | None = None
        self._closed = False

    def request(self, method: str, params: Sequence[RawJson] = ()) -> RawJson:
        """Return a method's result."""
        return self._answer(self._live(), method, params)

    def request_all(self, method: str, each: Sequence[Sequence[RawJson]]) -> list[RawJson]:
        """Return a method's results for several parameters; none waits for the answer before."""
        link = self._live()
        futures = [link.start(method, params) for params in each]
        return [self._result(method, future) for future in futures]

    def subscribe_all(
        self, method: str, each: Sequence[Sequence[RawJson]], unsubscribe: str
    ) -> list[Subscription | RpcRefused]:
        """Start several subscriptions likewise; a refusal stands where one was refused."""
        link = self._live()
        inboxes: list[Inbox] = [queue.SimpleQueue() for _ in each]
        pairs = zip(each, inboxes, strict=True)
        futures = [link.start(method, params, inbox) for params, inbox in pairs]
        found: list[Subscription | RpcRefused] = []
        for future, inbox in zip(futures, inboxes, strict=True):
            try:
                key = self._result(method, future)
            except RpcRefused as error:
                found.append(error)
            else:
                found.append(Subscription(link, str(key), inbox, unsubscribe))
        return found

    def subscribe(self, method: str, params: Sequence[RawJson], unsubscribe: str) -> Subscription:
        """Start a subscription; notifications are kept from the first one on."""
        link = self._live()
        inbox: Inbox = queue.SimpleQueue()
        key = self._answer(link, method, params, inbox)
        return Subscription(link, str(key), inbox, unsubscribe)

    def know_final(self, number: int, block: str) -> None:
        """Take note of a final block: a node that does not have it is of no use any more."""
        with self._lock:
            if self._final is None or self._final[0] < number:
                self._final = number, block

    def close(self) -> None:
        """End the connection for good."""
        with self._lock:
            self._closed = True
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _live(self) -> _Link:
        with self._lock:
            if self._closed:
                raise ChainUnavailable(self.url, "this client was closed")
            if self._link is not None and self._link.lost is not None:
                lost, self._link = self._link, None
                lost.close()
            if self._link is None:
                self._link = self._connect()
            return self._link

    def _connect(self) -> _Link:
        stack = ExitStack()
        proxy: Literal[True] | None = None if urlsplit(self.url).hostname in _LOOPBACK else True
        try:
            socket = stack.enter_context(
                connect(
                    self.url,
                    open_timeout=self.timeout,
                    close_timeout=min(self.timeout, 2.0),
                    max_size=_MAX_MESSAGE,
                    compression=None,
                    proxy=proxy,
                    ping_interval=_PING_SECONDS,
                    create_connection=_Connection,
                )
            )
        except InvalidURI as error:
            raise ConfigError(f"{self.url!r} is no WebSocket URL: {error}") from error
        except (OSError, WebSocketException, EOFError) as error:
            raise ChainUnavailable(self.url, str(error) or type(error).__name__) from error
        link = _Link(self.url, socket, stack)
        try:
            self._recognise(link)
        except BaseException:
            link.close()  # nobody else knows of it
            raise
        self.connections += 1
        return link

    def _recognise(self, link: _Link) -> None:
        """Refuse a chain that is not the one that was talked to before."""
        genesis = str(self._answer(link, "chain_getBlockHash", [0]))
        if self.genesis and genesis != self.genesis:
            raise ChainUnavailable(
                self.url, f"another chain answers there now (genesis {genesis}, not {self.genesis})"
            )
        self.genesis = genesis
        self._check_final(link)

    def _check_final(self, link: _Link) -> None:
        if self._final is None:
            return
        number, block = self._final
        if self._answer(link, "chain_getBlockHash", [number]) != block:
            raise ChainUnavailable(
                self.url,
                f"its chain lacks block {number} ({block}), which was final: the node lost its "
                f"disk, has not caught up, or follows a fork",
            )

    def _answer(
        self, link: _Link, method: str, params: Sequence[RawJson], inbox: Inbox | None = None
    ) -> RawJson:
        return self._result(method, link.start(method, params, inbox))

    def _result(self, method: str, future: Future[RawJson]) -> RawJson:
        try:
            message = future.result(self.timeout)
        except FutureTimeout:
            raise ChainTimeout(f"the answer of {self.url} to {method}", self.timeout) from None
        if "error" in message:
            raise _refusal(method, message["error"])
        if "result" not in message:
            raise BadChainValue(f"{self.url} answered {method} with neither result nor error")
        return message["result"]


class _Connection(ClientConnection):
    """A connection whose pings draw nothing from `random`: Flower samples nodes with it.

    By the library's own a seeded run would sample others when it takes longer.
    """

    def ping(self, data: DataLike | None = None, **options: bool) -> threading.Event:
        return super().ping(secrets.token_bytes(4) if data is None else data, **options)


class _Link:
    """One live connection with its reader thread, requests in flight and subscriptions."""

    def __init__(self, url: str, socket: ClientConnection, stack: ExitStack) -> None:
        self.url = url
        self.lost: str | None = None
        self._socket = socket
        self._stack = stack  # what closes the socket
        self._lock = threading.Lock()
        self._next_id = 1
        self._waiting: dict[int, tuple[Future[RawJson], Inbox | None]] = {}
        # weak: a subscription that nobody holds any more needs no notifications
        self._inboxes: WeakValueDictionary[str, Inbox] = WeakValueDictionary()
        self._reader = threading.Thread(target=self._read, name="bcfl-rpc", daemon=True)
        self._reader.start()

    def start(
        self, method: str, params: Sequence[RawJson], inbox: Inbox | None = None
    ) -> Future[RawJson]:
        """Send a request; its answer arrives in the future, notifications in the inbox."""
        future: Future[RawJson] = Future()
        with self._lock:
            if self.lost is not None:
                future.set_exception(ChainUnavailable(self.url, self.lost))
                return future
            number = self._next_id
            self._next_id += 1
            self._waiting[number] = (future, inbox)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        try:
            self._socket.send(json.dumps(request))
        except (WebSocketException, OSError) as error:
            self._fail(str(error))
        return future

    def forget(self, key: str) -> bool:
        """Drop a subscription; True when the other end should be told."""
        with self._lock:
            return self._inboxes.pop(key, None) is not None and self.lost is None

    def close(self) -> None:
        """End the connection and its thread."""
        self._stack.close()
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout=5.0)

    def _read(self) -> None:
        try:
            for text in self._socket:
                self._take(json.loads(text))
        except (WebSocketException, OSError) as error:
            self._fail(str(error))
        except (ValueError, RecursionError) as error:
            self._fail(f"it sent something that is no JSON-RPC: {error}")
            self._stack.close()
        finally:
            self._fail("the connection was closed")

    def _take(self, message: RawJson) -> None:
        if not isinstance(message, dict):
            raise ValueError("a message is no object")  # noqa: TRY004 - caught as bad JSON above
        if isinstance(message.get("id"), int):
            self._take_answer(message["id"], message)
        elif isinstance(message.get("params"), dict):
            params = message["params"]
            with self._lock:
                inbox = self._inboxes.get(str(params.get("subscription")))
            if inbox is not None:
                inbox.put(params.get("result"))

    def _take_answer(self, number: int, message: dict[str, RawJson]) -> None:
        with self._lock:
            future, inbox = self._waiting.pop(number, (None, None))
            if inbox is not None and "result" in message:
                # here, in the reader: a notification may be the very next message
                self._inboxes[str(message["result"])] = inbox
        if future is not None:
            future.set_result(message)

    def _fail(self, cause: str) -> None:
        with self._lock:
            if self.lost is not None:
                return
            self.lost = cause or "the connection broke"
            waiting, self._waiting = self._waiting, {}
            inboxes = list(self._inboxes.values())
        for future, _ in waiting.values():
            future.set_exception(ChainUnavailable(self.url, self.lost))
        for inbox in inboxes:
            inbox.put(Lost(self.lost))


def deadline(seconds: float) -> float:
    """Return the moment, on the monotonic clock, that lies this many seconds ahead."""
    return time.monotonic() + seconds


def remaining(moment: float) -> float:
    """Return the seconds left until a moment, at least 0."""
    return max(0.0, moment - time.monotonic())


def _refusal(method: str, error: RawJson) -> RpcRefused:
    if not isinstance(error, dict):
        return RpcRefused(method, 0, str(error))
    code, message = error.get("code"), str(error.get("message", ""))
    data = error.get("data")
    text = "" if data is None else data if isinstance(data, str) else json.dumps(data)
    cls = StateDiscarded if _STATE_DISCARDED in f"{message} {text}" else RpcRefused
    return cls(method, code if isinstance(code, int) else 0, message, text)
