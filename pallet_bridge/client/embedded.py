"""A client that brings its own chain: the embedded one, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.store.errors import NotKept

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.protocol import SignedCall
    from pallet_bridge.embedded.node import EmbeddedNode


class EmbeddedClient(NodeClient):
    """A `NodeClient` on an embedded chain that lives as long as the client.

    Parameters
    ----------
    node
        A chain that runs already and now belongs to this client; `connect` starts a new one.
    timeout
        Seconds that each answer of the chain may take.
    """

    def __init__(self, node: EmbeddedNode, *, timeout: float = 30.0) -> None:
        self._node = node
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

    def runtime(self) -> bytes:
        """Return the runtime that the chain began with, as it was shipped."""
        with self._node.locked() as chain:
            return chain.get(CODE, chain.genesis_hash) or b""

    def close(self) -> None:
        """Give the connection back and end the chain."""
        super().close()
        self._node.close()

    def _forget_nonce(self, signed: SignedCall) -> None:
        """Say of a call that came to nothing why the chain made no block, when it made none.

        Raises
        ------
        NotKept
            When the folder of the chain cannot be written.
        """
        super()._forget_nonce(signed)
        trouble = self._node.trouble
        if trouble is not None:
            raise NotKept(trouble.path, trouble.cause)
