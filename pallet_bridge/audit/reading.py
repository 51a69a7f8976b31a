"""Which client an audit reads a node with: one that asks for proofs, where there are any."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.errors import StateDiscarded

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient

_TIMEOUT = 30.0
_WORD = "what {} says of its blocks is its word: {}"


def open_node(url: str, genesis: bytes) -> tuple[ChainClient, str | None]:
    """Connect to a node; return the client, and why what it reads is not proved, if it is not.

    Raises
    ------
    ProofRefused
        When the node shows proofs, and they do not prove what they should.
    """
    from pallet_bridge.client.node import NodeClient  # noqa: PLC0415 - see connect
    from pallet_bridge.light.client import FinalClient, proves  # noqa: PLC0415

    with closing(RpcClient(url, _TIMEOUT)) as rpc:
        offered = proves(rpc.request("rpc_methods"))
        is_ours = rpc.genesis == f"0x{genesis.hex()}"
    if not is_ours:
        return NodeClient(url), _WORD.format(url, "it is a node of another chain")
    if not offered:
        return NodeClient(url), _WORD.format(url, "it has no methods that prove what is final")
    try:
        return FinalClient(url, genesis, timeout=_TIMEOUT), None
    except StateDiscarded:
        reason = "it has pruned the state of block 0, from which proofs begin. Name an archive node"
        return NodeClient(url), _WORD.format(url, reason)
