"""The chain side: the pallet's types, a client, reports and the audit. Knows nothing of Flower."""

from pallet_bridge import errors, types
from pallet_bridge.__about__ import __version__
from pallet_bridge.client import ChainClient
from pallet_bridge.connect import connect

__all__ = ["ChainClient", "__version__", "connect", "errors", "types"]
