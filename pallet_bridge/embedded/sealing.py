"""When the embedded node authors a block."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.store.errors import NotKept
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    import asyncio

    from pallet_bridge.embedded.service import Service

_LOG = logging.getLogger(__name__)

# A stream of submissions is cut into blocks of about this many extrinsics.
_GATHER = 128


@dataclass(frozen=True, slots=True)
class Instant:
    """A block as soon as the pool has something; what is pipelined shares a block."""


@dataclass(frozen=True, slots=True)
class Manual:
    """A block on `EmbeddedNode.seal` or ``engine_createBlock`` only."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A block every `seconds` (wall time), empty or not."""

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ConfigError(f"a sealing interval is over 0 seconds, not {self.seconds}")


Sealing: TypeAlias = Instant | Manual | Interval


class InstantSealer:
    """Seals on the event loop once a pass over it has brought no further extrinsic.

    Requests that wait in the sockets are answered before a block is made, so that a client
    which does not wait for each extrinsic gets one block for many.
    """

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop
        self._scheduled = False

    def wake(self) -> None:
        """Note that the pool has something ready; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn, 0)

    def _turn(self, seen: int) -> None:
        ready = self._service.pool.ready_count
        if seen < ready < _GATHER:
            self._loop.call_soon(self._turn, ready)
            return
        self._scheduled = False
        if ready and not self._service.by_hand:
            seal(self._service)


class IntervalSealer:
    """Seals at a fixed pace on the event loop."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._service = service
        self._loop = loop
        self._seconds = seconds
        self._due = loop.time() + seconds
        loop.call_at(self._due, self._turn)

    def _turn(self) -> None:
        if not self._service.by_hand:
            seal(self._service)
        self._due = max(self._due + self._seconds, self._loop.time())
        self._loop.call_at(self._due, self._turn)


def seal(service: Service) -> None:
    """Make a block; what the chain refuses goes to the log, for there is no caller to tell."""
    try:
        service.seal()
    except NotKept:
        _LOG.exception("no block can be written down; its extrinsics are dropped")
        service.give_up()
    except EmbeddedError:
        _LOG.exception("no block could be authored; the pool keeps its extrinsics")
