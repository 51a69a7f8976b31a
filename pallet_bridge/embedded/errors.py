"""What can go wrong in the embedded chain and in the node that serves it.

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
    ├── MigrationFailed      the runtime could not rewrite its records after an upgrade
    ├── BadExport            a file is no chain export, or not one of this blob
    ├── NotExportable        no blocks lead from a genesis to this chain
    ├── RuntimeMissing       the runtime that an export was made with is not at hand
    ├── RuntimeDiffers       a file is not the runtime that an export was made with
    ├── DecodeError          bytes that are not the SCALE value they should be
    ├── CannotListen         the address is not free
    ├── NothingToSeal        a block with extrinsics was wanted, none is ready
    └── PoolRefusal          the pool did not take an extrinsic
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


class MigrationFailed(EmbeddedError):
    """After an upgrade the runtime could not rewrite its records: no block takes a call any more.

    Attributes
    ----------
    block
        The hash of the block from which on it is so, or of a later one.
    """

    def __init__(self, block: bytes) -> None:
        super().__init__(block)
        self.block = block

    def __str__(self) -> str:
        return (
            f"at block 0x{self.block.hex()} the runtime gave up to rewrite its records after an "
            "upgrade (MultiBlockMigrations.Cursor is Stuck), so its records cannot be read. Use a "
            "mended runtime; docs/how-to/upgrade-a-chain.md says how"
        )


class BadExport(EmbeddedError):
    """A file is not the export of a chain, or is one of another runtime."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class NotExportable(EmbeddedError):
    """No blocks lead from a genesis to this chain: it began as a copy, or was upgraded by hand."""

    def __str__(self) -> str:
        return (
            "the chain began as a copy of a state, or its runtime was replaced by hand: executing "
            "its blocks again would not lead to it. Export the chain that it was made from."
        )


class RuntimeMissing(EmbeddedError):
    """The runtime that an export was made with is not at hand.

    Attributes
    ----------
    path
        The export.
    hash
        The BLAKE2-256 hash of the runtime, in hex, as the export says it.
    spec_version, version
        Which of the project's runtimes that is, and the package that it came with; None when it is
        none of them.
    place
        Where the file is looked for.
    """

    def __init__(
        self, path: str, hash_: str, spec_version: int | None, version: str | None, place: str
    ) -> None:
        super().__init__(path, hash_, spec_version, version, place)
        self.path = path
        self.hash = hash_
        self.spec_version = spec_version
        self.version = version
        self.place = place

    def __str__(self) -> str:
        if self.spec_version is None:
            what, where = "which is none that this project published", "whoever made the run has it"
        else:
            what = f"the project's of spec_version {self.spec_version}"
            where = (
                f"it came with package version {self.version}, as pallet_bridge/runtime/"
                "bcfl_runtime.compact.compressed.wasm"
            )
        return (
            f"{self.path} was made with the runtime {self.hash} (BLAKE2-256), {what}. It is not "
            f"the one of this package, so its file is needed: {where}. Put it at {self.place}, or "
            "name it with --runtime FILE."
        )


class RuntimeDiffers(EmbeddedError):
    """A file is not the runtime that an export was made with."""

    def __init__(self, path: str, found: str, wanted: str) -> None:
        super().__init__(path, found, wanted)
        self.path = path
        self.found = found
        self.wanted = wanted

    def __str__(self) -> str:
        return (
            f"{self.path} has the hash {self.found} (BLAKE2-256), and the run was made with the "
            f"runtime {self.wanted}. Give that file as it was shipped, compressed."
        )


class DecodeError(EmbeddedError, ValueError):
    """The bytes are not the SCALE value that they should be."""


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
