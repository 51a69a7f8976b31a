"""Metadata that this process has read already, found by its bytes.

To read metadata takes longer than most of what is then done by it, and the nodes of one chain all
have the same. What was read is only looked at afterwards, so that connections can share it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scalecodec.base import RuntimeConfigurationObject

    from pallet_bridge.client.rpc import RawJson
    from pallet_bridge.client.substrate.decoder import Decoder

_MOST = 4  # a chain has two at an upgrade; a node that sends others each time fills no memory


@dataclass(frozen=True, slots=True)
class Reading:
    """What metadata came to: the types, the metadata that they read, its words, and a decoder."""

    types: RuntimeConfigurationObject
    metadata: Any
    items: Mapping[str, str]
    prefix: int
    has_two_weights: bool
    decoder: Decoder


class ReadBefore(Exception):
    """These bytes were read before."""

    def __init__(self, reading: Reading) -> None:
        super().__init__("this metadata was read before")
        self.reading = reading


class Readings:
    """The newest readings. A reading is found by all of its bytes, so none passes for another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[RawJson, RawJson], Reading] = {}

    def find(self, version: RawJson, data: RawJson) -> Reading | None:
        """Return what these bytes of this runtime's version came to, if they were read."""
        with self._lock:
            return self._known.get((version, data))

    def keep(self, version: RawJson, data: RawJson, reading: Reading) -> None:
        """Keep a reading, and drop those that are the longest unused."""
        with self._lock:
            self._known.pop((version, data), None)
            self._known[version, data] = reading
            while len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
