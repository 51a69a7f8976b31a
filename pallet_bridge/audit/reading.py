"""Which client an audit reads a node with: one that asks for proofs, where there are any."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.errors import BcflError, StateDiscarded
from pallet_bridge.runtime import known_runtimes

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient

_TIMEOUT = 30.0
_WORD = "what {} says of its blocks is its word: {}"
_STRANGE = (
    "the runtime at the newest final block of {} has the hash {} (BLAKE2-256) and is none that "
    "this project published. Whoever built it wrote the rules: it may pay, strike or slash "
    "anybody. Build it from sources that you have read, and compare the hash"
)


class Opened(NamedTuple):
    """A client of a node, whether it proves what it reads, and what an auditor must know of it."""

    client: ChainClient
    is_final: bool
    notes: tuple[str, ...]


def open_node(url: str, genesis: bytes) -> Opened:
    """Connect to a node, and find out what of it is proved.

    Raises
    ------
    ProofRefused
        When the node shows proofs, and they do not prove what they should.
    """
    from pallet_bridge.light.client import FinalClient, proves  # noqa: PLC0415 - see connect

    with closing(RpcClient(url, _TIMEOUT)) as rpc:
        offered = proves(rpc.request("rpc_methods"))
        is_ours = rpc.genesis == f"0x{genesis.hex()}"
    if not is_ours:
        return _on_its_word(url, "it is a node of another chain")
    if not offered:
        return _on_its_word(url, "it has no methods that prove what is final")
    try:
        client = FinalClient(url, genesis, timeout=_TIMEOUT)
    except StateDiscarded:
        reason = "it has pruned the state of block 0, from which proofs begin. Name an archive node"
        return _on_its_word(url, reason)
    try:
        runtime = client.runtime_hash().hex()
    except BcflError:
        client.close()
        raise
    strange = runtime not in known_runtimes()
    return Opened(client, is_final=True, notes=(_STRANGE.format(url, runtime),) if strange else ())


def _on_its_word(url: str, reason: str) -> Opened:
    from pallet_bridge.client.node import NodeClient  # noqa: PLC0415 - see connect

    return Opened(NodeClient(url), is_final=False, notes=(_WORD.format(url, reason),))
