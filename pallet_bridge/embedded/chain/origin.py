"""What a chain here begins with: a genesis that its runtime builds, or a copy of a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.genesis import genesis

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.block import Block
    from pallet_bridge.embedded.chain.export import Spec
    from pallet_bridge.embedded.executor.executor import Runtime
    from pallet_bridge.embedded.state.storage import State


@dataclass(frozen=True, slots=True)
class Origin:
    """The first block that a chain here has.

    Attributes
    ----------
    block, state
        The block, and the state after it.
    genesis_hash
        The hash of block 0, which transactions are signed for.
    spec
        What the genesis was made from; None for a copy, to which no blocks lead.
    """

    block: Block
    state: State
    genesis_hash: bytes
    spec: Spec | None

    @classmethod
    def built(cls, runtime: Runtime, spec: Spec) -> Origin:
        """Build a genesis; see `genesis` for what it raises."""
        block, state = genesis(runtime, spec.preset, spec.patch, spec.nonce)
        return cls(block, state, block.hash, spec)
