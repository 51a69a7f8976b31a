"""One door to a chain: the protocol of a client, and what speaks it to a node or in process."""

from __future__ import annotations

from pallet_bridge.client.connect import connect
from pallet_bridge.client.protocol import ChainClient, SignedCall, Submission

__all__ = ["ChainClient", "SignedCall", "Submission", "connect"]
