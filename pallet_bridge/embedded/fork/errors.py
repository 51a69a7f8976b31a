"""What can go wrong with the node that a chain was forked from."""

from __future__ import annotations

from pallet_bridge.embedded.errors import EmbeddedError


class ForkUnreadable(EmbeddedError):
    """The node that a chain was forked from does not answer, or not what it was asked for.

    Attributes
    ----------
    url
        The node.
    reason
        What went wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the state behind this chain cannot be read from {self.url}: {self.reason}. The node "
            "has to run, and to keep the state of the block that was forked (--state-pruning "
            "archive)"
        )
