"""Who listens to what over JSON-RPC, and what they are told of a new head."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pallet_bridge.embedded.rpc.errors import INTERNAL_ERROR, RpcError
from pallet_bridge.embedded.rpc.limits import (
    SUBSCRIPTIONS,
    WATCHED_KEYS,
    too_many_keys,
    too_many_subscriptions,
)
from pallet_bridge.embedded.rpc.render import header_json, hex0x, runtime_version_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.service import Service


class Peer(Protocol):
    """The far end of a connection."""

    @property
    def lets_unsafe(self) -> bool:
        """Whether it may call methods that change the node itself, or keep it busy."""

    def post(self, text: str) -> None:
        """Queue a message; never blocks and may be called from any thread."""


class Unheard:
    """Somebody who asks and hangs up: a client over HTTP. It cannot subscribe."""

    def __init__(self, *, lets_unsafe: bool) -> None:
        self.lets_unsafe = lets_unsafe

    def post(self, text: str) -> None:
        """Throw a message away."""


class Feed(Protocol):
    """Turns new heads into messages for one subscriber."""

    def on_head(self, block: bytes) -> Json | None:
        """Give the result to send for this head, or None for nothing."""


@dataclass(frozen=True, slots=True)
class HeadFeed:
    """Every head's header."""

    service: Service

    def on_head(self, block: bytes) -> Json | None:
        """Give the header."""
        header = self.service.chain.header(block)
        return None if header is None else header_json(header)


class StorageFeed:
    """The values of some keys, whenever one of them differs from what was told last."""

    def __init__(self, service: Service, keys: Sequence[bytes]) -> None:
        self._service = service
        self._told: dict[bytes, bytes | None] = {}
        self._keys = tuple(dict.fromkeys(keys))

    @property
    def cost(self) -> int:
        """How many keys are read at each block."""
        return len(self._keys)

    def on_head(self, block: bytes) -> Json | None:
        """Give the change set: the keys whose value changed."""
        changes: list[Json] = []
        for key in self._keys:
            value = self._service.chain.get(key, block)
            if key not in self._told or self._told[key] != value:
                self._told[key] = value
                changes.append([hex0x(key), None if value is None else hex0x(value)])
        return {"block": hex0x(block), "changes": changes} if changes else None


class VersionFeed:
    """The runtime's version, when it changes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._told: bytes | None = None

    def on_head(self, block: bytes) -> Json | None:
        """Give the version if it is another one."""
        version = self._service.version(block)
        if version == self._told:
            return None
        self._told = version
        return runtime_version_json(version)


@dataclass(frozen=True, slots=True)
class _Subscription:
    peer: Peer
    method: str
    feed: Feed | None
    cancel: Callable[[], None]


class Subscriptions:
    """All subscriptions of a node. Use with the service's lock held."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._open: dict[str, _Subscription] = {}
        self._of: dict[Peer, set[str]] = {}

    def add(
        self,
        peer: Peer,
        method: str,
        feed: Feed | None = None,
        cancel: Callable[[], None] = lambda: None,
    ) -> str:
        """Open a subscription whose messages carry `method`; give its id.

        Raises
        ------
        RpcError
            When the peer has too many, watches too many keys, or cannot be told.
        """
        if isinstance(peer, Unheard):
            raise RpcError(INTERNAL_ERROR, "Internal error")
        mine = self._of.setdefault(peer, set())
        if len(mine) >= SUBSCRIPTIONS:
            raise too_many_subscriptions()
        if isinstance(feed, StorageFeed):
            feeds = [self._open[identifier].feed for identifier in mine]
            watched = sum(one.cost for one in feeds if isinstance(one, StorageFeed))
            if watched + feed.cost > WATCHED_KEYS:
                raise too_many_keys()
        identifier = f"{next(self._ids):016x}"
        self._open[identifier] = _Subscription(peer, method, feed, cancel)
        mine.add(identifier)
        return identifier

    def send(self, identifier: str, result: Json) -> None:
        """Send one result to the subscriber; nothing happens when it has gone."""
        subscription = self._open.get(identifier)
        if subscription is not None:
            subscription.peer.post(_note(identifier, subscription.method, _encode(result)))

    def end(self, identifier: str, result: Json) -> None:
        """Send a last result and close the subscription, whoever's it is."""
        subscription = self._open.get(identifier)
        if subscription is not None:
            self.send(identifier, result)
            self.close(subscription.peer, identifier)

    def feed(self, peer: Peer, identifier: str) -> Feed | None:
        """Give the feed of a subscription of this peer; None when it has none with that id."""
        return self._open[identifier].feed if identifier in self._of.get(peer, ()) else None

    def feeds(self, peer: Peer) -> list[Feed]:
        """Give the feeds of all subscriptions of this peer."""
        found = (self._open[identifier].feed for identifier in self._of.get(peer, ()))
        return [feed for feed in found if feed is not None]

    def close(self, peer: Peer, identifier: str) -> bool:
        """Close a subscription of this peer; False when it has none with that id."""
        if identifier not in self._of.get(peer, ()):
            return False
        self._of[peer].discard(identifier)
        self._open.pop(identifier).cancel()
        return True

    def disconnect(self, peer: Peer) -> None:
        """Close everything that this peer had."""
        for identifier in tuple(self._of.get(peer, ())):
            self.close(peer, identifier)
        self._of.pop(peer, None)

    def on_head(self, block: bytes) -> None:
        """Tell every subscriber what the new head means for it."""
        shared: dict[HeadFeed, str] = {}  # put into words once, however many listen
        for identifier, subscription in tuple(self._open.items()):
            feed = subscription.feed
            if feed is None:
                continue
            text = shared.get(feed) if isinstance(feed, HeadFeed) else None
            if text is None:
                result = feed.on_head(block)
                if result is None:
                    continue
                text = _encode(result)
                if isinstance(feed, HeadFeed):
                    shared[feed] = text
            subscription.peer.post(_note(identifier, subscription.method, text))


def _note(identifier: str, method: str, result: str) -> str:
    params = f'{{"subscription":"{identifier}","result":{result}}}'
    return f'{{"jsonrpc":"2.0","method":"{method}","params":{params}}}'


def _encode(result: Json) -> str:
    return json.dumps(result, separators=(",", ":"))
