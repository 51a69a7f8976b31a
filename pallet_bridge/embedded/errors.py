"""What can go wrong in the embedded chain.

::

    EmbeddedError
    ├── BadBlob              bytes that are no runtime this executor can run
    ├── GenesisRefused       the runtime does not accept the preset or the patch
    ├── RuntimePanic         the runtime trapped; carries the message that it logged
    ├── MethodMissing        the runtime has no API function of that name
    ├── HostFunctionMissing  the runtime calls a host function that is not provided
    ├── UnknownBlock         no block with that hash
    ├── UnknownSnapshot      no such snapshot, or it was undone
    ├── BlockRefused         a block does not re-execute to the roots in its header
    ├── BadExport            a file is no chain export, or not one of this blob
    └── DecodeError          bytes that are not the SCALE value they should be
"""

from __future__ import annotations

from pallet_bridge.errors import BcflError


class EmbeddedError(BcflError):
    """Root of the embedded chain's errors."""


class BadBlob(EmbeddedError):
    """The bytes are not a Wasm runtime that this executor can run."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"not a usable runtime blob: {self.reason}. Rebuild it: `make wasm`."


class GenesisRefused(EmbeddedError):
    """The runtime does not know the preset, or does not accept the patched configuration."""

    def __init__(self, preset: str, reason: str) -> None:
        super().__init__(preset, reason)
        self.preset = preset
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the runtime refused the genesis from preset {self.preset!r}: {self.reason}. "
            "Use a preset that the runtime names and patch only fields of its configuration."
        )


class RuntimePanic(EmbeddedError):
    """The runtime trapped. The state is as it was before the call.

    Attributes
    ----------
    method
        The runtime API function that was called.
    message
        What the runtime logged as it panicked, else the text of the trap.
    """

    def __init__(self, method: str, message: str) -> None:
        super().__init__(method, message)
        self.method = method
        self.message = message

    def __str__(self) -> str:
        return f"the runtime panicked in {self.method}: {self.message}"


class MethodMissing(EmbeddedError):
    """The runtime exports no API function with this name."""

    def __init__(self, method: str) -> None:
        super().__init__(method)
        self.method = method

    def __str__(self) -> str:
        return f"the runtime exports no {self.method}; its metadata lists the API it has"


class HostFunctionMissing(EmbeddedError):
    """The runtime called a host function that the embedded chain does not provide."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"the runtime called host function {self.name}, which the embedded chain lacks"


class UnknownBlock(EmbeddedError):
    """There is no block with this hash."""

    def __init__(self, hash_: bytes) -> None:
        super().__init__(hash_)
        self.hash = hash_

    def __str__(self) -> str:
        return f"no block 0x{self.hash.hex()}; blocks after a snapshot are gone once reverted"


class UnknownSnapshot(EmbeddedError):
    """There is no snapshot with this number."""

    def __init__(self, snapshot: int) -> None:
        super().__init__(snapshot)
        self.snapshot = snapshot

    def __str__(self) -> str:
        return (
            f"no snapshot {self.snapshot}; a revert also drops the snapshots taken after the one "
            "it returns to"
        )


class BlockRefused(EmbeddedError):
    """A block does not follow from its parent by the rules of the runtime."""

    def __init__(self, number: int, hash_: bytes, reason: str) -> None:
        super().__init__(number, hash_, reason)
        self.number = number
        self.hash = hash_
        self.reason = reason

    def __str__(self) -> str:
        return f"block {self.number} (0x{self.hash.hex()}) refused: {self.reason}"


class BadExport(EmbeddedError):
    """A file is not the export of a chain, or is one of another runtime."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class DecodeError(EmbeddedError, ValueError):
    """The bytes are not the SCALE value that they should be."""
