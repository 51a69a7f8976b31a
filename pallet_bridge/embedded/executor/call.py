"""What one runtime call works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from pallet_bridge.embedded.state.storage import Overlay


class CallState:
    """What the running call reads and writes.

    Attributes
    ----------
    overlay
        Its storage.
    floor
        How many of the overlay's transactions are not the call's own to close.
    panic
        The last error that the runtime logged: its panic handler logs before it traps.
    """

    __slots__ = ("floor", "overlay", "panic")

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self.floor = overlay.depth
        self.panic: str | None = None

    def begin(self, overlay: Overlay) -> None:
        """Start a call on `overlay`."""
        self.overlay = overlay
        self.floor = overlay.depth
        self.panic = None

    def check_open(self) -> None:
        """Raise `EmbeddedError` unless the call has a transaction of its own to close."""
        if self.overlay.depth <= self.floor:
            raise EmbeddedError("the runtime closed a storage transaction that it never opened")
