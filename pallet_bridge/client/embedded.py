"""A client that brings its own chain: the embedded one, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded.node import EmbeddedNode

if TYPE_CHECKING:
    from pathlib import Path


class EmbeddedClient(NodeClient):
    """A `NodeClient` on an embedded chain that lives as long as the client.

    Parameters
    ----------
    timeout
        Seconds that each answer of the chain may take.
    node
        A chain that runs already and now belongs to this client; by default a new one.
    nonce
        What the genesis of a new one is made with, see `Chain.new`.
    """

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        node: EmbeddedNode | None = None,
        nonce: bytes | None = None,
    ) -> None:
        self._node = EmbeddedNode.start(nonce=nonce) if node is None else node
        try:
            super().__init__(self._node.url, timeout=timeout)
        except BaseException:
            self._node.close()
            raise

    @property
    def node(self) -> EmbeddedNode:
        """The chain: its blocks can be exported, sealed and reverted."""
        return self._node

    def export(self, path: Path) -> None:
        """Write all blocks to a file that `audit_run` executes again."""
        self._node.export(path)

    def close(self) -> None:
        """Give the connection back and end the chain."""
        super().close()
        self._node.close()
