"""A chain in this process can be looked into, sealed and reverted; a remote one cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.embedded.node import EmbeddedNode


@runtime_checkable
class InProcess(Protocol):
    """What `pallet_bridge.client.embedded.EmbeddedClient` has besides `ChainClient`.

    The machine asks for this and not for the class, so that it loads no executor for other clients.
    """

    @property
    def node(self) -> EmbeddedNode:
        """The chain: its blocks can be sealed and reverted."""
        ...

    def export(self, path: Path) -> None:
        """Write all blocks to a file."""
        ...
