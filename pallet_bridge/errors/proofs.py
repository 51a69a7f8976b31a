"""What is wrong with what a node of a chain shows as a proof."""

from __future__ import annotations

from pallet_bridge.errors import ChainError


class ProofRefused(ChainError):
    """A node's proof does not prove what it should."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the proof of {self.what} is refused: {self.reason}. Nothing of it was used. The node "
            "lies, or its answer was changed on the way: name another node with --chain."
        )
