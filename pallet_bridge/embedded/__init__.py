"""A development chain inside the Python process: the real runtime, without a node.

`EmbeddedNode` serves it to any Substrate client over WebSocket; `Chain` is the chain itself.
"""

from __future__ import annotations

from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.node import EmbeddedNode
from pallet_bridge.embedded.sealing import Instant, Interval, Manual, Sealing

__all__ = ["Chain", "EmbeddedError", "EmbeddedNode", "Instant", "Interval", "Manual", "Sealing"]
