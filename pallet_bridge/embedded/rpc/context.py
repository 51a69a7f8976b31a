"""What a JSON-RPC method can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge.embedded.rpc.errors import STATE_CLIENT_ERROR, RpcError
from pallet_bridge.embedded.rpc.params import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.rpc.subscriptions import Feed, Peer, Subscriptions
    from pallet_bridge.embedded.service import Service

    Method: TypeAlias = Callable[["Context", Params], Json]
    Methods: TypeAlias = Mapping[str, Method]

NO_STATE = "UnknownBlock: Header was not found in the database: 0x{}"
NO_NUMBER = "UnknownBlock: Expect block number from id: Hash(0x{})"
NO_RUNTIME = "Api called for an unknown Block: Header was not found in the database: 0x{}"


@dataclass(frozen=True, slots=True)
class Context:
    """One request's surroundings; methods run with the service's lock held."""

    service: Service
    subscriptions: Subscriptions
    peer: Peer

    def block(self, params: Params, unknown: str = NO_STATE) -> bytes:
        """Read an optional block hash; the head by default.

        A block that does not exist is answered with `unknown`, in a node's words.
        """
        block = params.optional(Params.hash)
        if block is None:
            return self.service.chain.head
        if self.service.chain.header(block) is None:
            raise RpcError(STATE_CLIENT_ERROR, f"Client error: {unknown.format(block.hex())}")
        return block

    def subscribe(self, method: str, feed: Feed) -> str:
        """Open a subscription and send what the head means for it; give its id."""
        identifier = self.subscriptions.add(self.peer, method, feed)
        result = feed.on_head(self.service.chain.head)
        if result is not None:
            self.subscriptions.send(identifier, result)
        return identifier


def unsubscribe(context: Context, params: Params) -> Json:
    """Close the subscription whose id is the parameter; false when there is none."""
    identifier = params.optional(Params.text)
    return identifier is not None and context.subscriptions.close(context.peer, identifier)
