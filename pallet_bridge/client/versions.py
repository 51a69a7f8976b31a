"""Which runtime a chain has, as its node tells it: an upgrade is noticed before the next use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields
from pallet_bridge.errors import ChainUnavailable

if TYPE_CHECKING:
    from pallet_bridge.client.rpc import RawJson, RpcClient, Subscription


class Versions:
    """The versions that a node tells; after a lost connection they are asked for anew.

    Parameters
    ----------
    rpc
        The connection.
    """

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        self._watch: Subscription | None = None
        self._told = 0

    def latest(self) -> int:
        """Return the specVersion that was told last; it waits only on a new connection."""
        if self._watch is None:
            self._listen()
        else:
            try:
                while (news := self._watch.poll()) is not None:
                    self._told = _version(news)
            except ChainUnavailable:
                self._watch = None
                self._listen()
        return self._told

    def _listen(self) -> None:
        watch = self._rpc.subscribe(
            "state_subscribeRuntimeVersion", [], "state_unsubscribeRuntimeVersion"
        )
        self._told = _version(watch.next(self._rpc.timeout))
        self._watch = watch


def _version(answer: RawJson) -> int:
    return Fields("runtime version", answer).integer("specVersion")
