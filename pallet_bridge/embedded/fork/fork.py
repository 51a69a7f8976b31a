"""A chain that goes on from a block of a live node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.block import Block
from pallet_bridge.embedded.chain.chain import DEFAULT_START_TIME_MS, Chain
from pallet_bridge.embedded.chain.clock import SlotClock
from pallet_bridge.embedded.chain.history import History
from pallet_bridge.embedded.executor.executor import Runtimes
from pallet_bridge.embedded.fork.state import ForkedState

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.embedded.fork.remote import RemoteState


def fork_of(remote: RemoteState, *, cache_dir: Path | None = None) -> Chain:
    """Start a chain on a block of a node. What it stores is read from there when it is needed.

    The node is never written to. The chain has its runtime, its genesis hash and its accounts, and
    one author. An empty block stands on the forked one, as clients read a head by its parent. What
    was before, blocks and states, is read from the node too. The chain cannot be exported.

    Parameters
    ----------
    remote
        The state of the block. It has to stay open as long as the chain is used.
    cache_dir
        Folder for compiled modules; None is the user's cache folder.

    Raises
    ------
    BadBlob
        The runtime there cannot run here.
    """
    history = History(Block(remote.header, ()), ForkedState(remote), by_hand=True, elder=remote)
    clock = SlotClock(DEFAULT_START_TIME_MS)
    chain = Chain(history, remote.genesis_hash, None, clock, Runtimes(cache_dir))
    chain.author()
    return chain
