"""What can go wrong in the embedded node, beyond its chain.

::

    EmbeddedError
    ├── CannotListen          the address is not free
    ├── NothingToSeal         a block with extrinsics was wanted, none is ready
    └── PoolRefusal           the pool did not take an extrinsic
        ├── InvalidExtrinsic
        ├── UnknownValidity
        ├── TemporarilyBanned
        ├── AlreadyImported
        ├── PriorityTooLow
        ├── CycleDetected
        ├── ImmediatelyDropped
        └── NoTagsProvided

The causes of a refusal are those that a Substrate node tells apart; `rpc_errors` gives each its
code. Facts are attributes, and ``args``, so that every error can be pickled.
"""

from __future__ import annotations

from pallet_bridge.embedded.errors import EmbeddedError


class CannotListen(EmbeddedError, OSError):
    """The address is taken or is not one of this machine."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(host, port, reason)
        self.host = host
        self.port = port
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot listen on {self.host}:{self.port}: {self.reason}; port 0 takes a free one"


class NothingToSeal(EmbeddedError):
    """A block was wanted only if it has extrinsics, and none is ready."""

    def __str__(self) -> str:
        return "no extrinsic is ready; submit one, or allow empty blocks"


class PoolRefusal(EmbeddedError):
    """The pool did not take an extrinsic."""


class InvalidExtrinsic(PoolRefusal):
    """The runtime calls the extrinsic invalid; `text` says why, in the runtime's words."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"invalid extrinsic: {self.text}; sign it anew for the state of the head"


class UnknownValidity(PoolRefusal):
    """The runtime cannot tell whether the extrinsic is valid; `text` is its reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"the runtime cannot judge the extrinsic: {self.text}"


class TemporarilyBanned(PoolRefusal):
    """The very same bytes were refused, or included in a block, a short while ago."""

    def __init__(self, extrinsic_hash: bytes) -> None:
        super().__init__(extrinsic_hash)
        self.extrinsic_hash = extrinsic_hash

    def __str__(self) -> str:
        return (
            f"0x{self.extrinsic_hash.hex()} was invalid or included lately; if it was not "
            "included, sign the call again"
        )


class AlreadyImported(PoolRefusal):
    """The pool holds this very extrinsic."""

    def __init__(self, extrinsic_hash: bytes) -> None:
        super().__init__(extrinsic_hash)
        self.extrinsic_hash = extrinsic_hash

    def __str__(self) -> str:
        return f"0x{self.extrinsic_hash.hex()} is in the pool; wait for its block"


class PriorityTooLow(PoolRefusal):
    """Another extrinsic with this sender and nonce has at least this priority."""

    def __init__(self, old: int, new: int) -> None:
        super().__init__(old, new)
        self.old = old
        self.new = new

    def __str__(self) -> str:
        return f"priority {self.new} does not beat {self.old}; add a tip or use the next nonce"


class CycleDetected(PoolRefusal):
    """The extrinsic would unlock extrinsics that replace it."""

    def __str__(self) -> str:
        return "the extrinsic would be replaced by those that it unlocks"


class ImmediatelyDropped(PoolRefusal):
    """The pool is full of extrinsics with a higher priority."""

    def __str__(self) -> str:
        return "the pool is full; submit again after the next block"


class NoTagsProvided(PoolRefusal):
    """The runtime gives the extrinsic no tag, so the pool cannot tell it from others."""

    def __str__(self) -> str:
        return "the extrinsic provides no tag, so it cannot wait in the pool"
