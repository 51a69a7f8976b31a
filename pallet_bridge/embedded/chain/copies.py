"""Going on from a copy of a chain's state, to try an upgrade on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.block import Block
from pallet_bridge.embedded.chain.chain import DEFAULT_START_TIME_MS, Chain
from pallet_bridge.embedded.chain.clock import SlotClock
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.history import History
from pallet_bridge.embedded.executor.executor import Runtimes
from pallet_bridge.embedded.state.storage import Overlay, State
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pallet_bridge.embedded.chain.block import Header


def copy_of(
    entries: Mapping[bytes, bytes],
    header: Header,
    genesis_hash: bytes,
    *,
    blob: bytes | None = None,
    cache_dir: Path | None = None,
) -> Chain:
    """Start a chain from a copy of a state, with this runtime.

    It cannot be exported: no blocks lead to it.

    Parameters
    ----------
    entries
        All of the storage; what stands under ``:code`` gives way to the runtime.
    header
        That of the copied block. Its number counts on; blocks before it are not here.
    genesis_hash
        The hash of block 0, which transactions are signed for.
    blob
        The runtime of the next block, compressed or plain; None is the package's. When it is newer
        than the state, the next block runs its migrations.
    cache_dir
        Folder for compiled modules; None is the user's cache folder.

    Raises
    ------
    BadBlob
        The blob is no runtime that can run here.
    """
    runtimes = Runtimes(cache_dir)
    runtime = runtimes.of(load_blob() if blob is None else blob)
    overlay = Overlay(State(None))
    for key, value in entries.items():
        overlay.set(key, value)
    overlay.set(CODE, runtime.blob)
    history = History(Block(header, ()), overlay.result())
    clock = SlotClock(DEFAULT_START_TIME_MS)
    return Chain(history, genesis_hash, None, clock, runtimes)
