"""Building a block through the runtime's own API, as a node's author does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pallet_bridge.embedded.chain.block import Block, Header, aura_pre_digest
from pallet_bridge.embedded.chain.outcome import (
    ApplyOutcome,
    Invalid,
    InvalidKind,
    decode_outcome,
)
from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob, vector
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.embedded.state.storage import Overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.embedded.executor.executor import Runtime
    from pallet_bridge.embedded.state.storage import State

_TIMESTAMP_INHERENT = b"timstap0"
_NO_ROOT = bytes(32)
# what Core_initialize_block returns (`ExtrinsicInclusionMode`); older runtimes return nothing
_ONLY_INHERENTS = b"\x01"
# no more and no less than what a full block says
_LATER = ApplyOutcome(rejected=Invalid(InvalidKind.EXHAUSTS_RESOURCES))


class Built(NamedTuple):
    """A block that is on no chain yet; see `Authored`."""

    block: Block
    outcomes: tuple[ApplyOutcome, ...]
    only_inherents: bool


@dataclass(frozen=True, slots=True)
class Authored:
    """A block that was built here.

    Attributes
    ----------
    only_inherents
        Whether the runtime took nothing that was offered, as it rewrites its records: a later block
        takes it.
    hash
        The block's hash.
    outcomes
        What became of each extrinsic that was offered, in that order; inherents are not among
        them. Rejected extrinsics are not in the block.
    """

    block: Block
    hash: bytes
    outcomes: tuple[ApplyOutcome, ...]
    only_inherents: bool = False


def last_timestamp(state: State) -> int:
    """Return the time of the state's block in milliseconds since 1970; 0 at genesis."""
    return int.from_bytes(state.get(storage_prefix("Timestamp", "Now")) or b"", "little")


def slot_duration(runtime: Runtime, state: State) -> int:
    """Return the length of an Aura slot in milliseconds."""
    return int.from_bytes(runtime.call("AuraApi_slot_duration", b"", Overlay(state)), "little")


def build_block(
    runtime: Runtime,
    overlay: Overlay,
    parent: Header,
    extrinsics: Sequence[bytes],
    *,
    timestamp: int,
    slot: int,
) -> Built:
    """Build the block after `parent`; `overlay` is over its state and takes the changes.

    Parameters
    ----------
    extrinsics
        Offered in this order. One that the runtime rejects leaves no trace. None is taken while the
        runtime rewrites its records after an upgrade: such a block has inherents only.
    timestamp
        Milliseconds since 1970.
    slot
        The Aura slot that the author claims; it must be the timestamp's.
    """
    draft = Header(parent.hash, parent.number + 1, _NO_ROOT, _NO_ROOT, (aura_pre_digest(slot),))
    mode = runtime.call("Core_initialize_block", draft.encode(), overlay)
    only_inherents = mode == _ONLY_INHERENTS
    included: list[bytes] = []
    for inherent in _inherents(runtime, overlay, timestamp):
        outcome = _apply(runtime, overlay, inherent)
        if not outcome.ok:
            raise EmbeddedError(f"the runtime does not apply its own inherent: {outcome}")
        included.append(inherent)
    outcomes: list[ApplyOutcome] = []
    for extrinsic in extrinsics:
        outcome = _LATER if only_inherents else _apply(runtime, overlay, extrinsic)
        outcomes.append(outcome)
        if outcome.included:
            included.append(extrinsic)
    header = Header.decode(runtime.call("BlockBuilder_finalize_block", b"", overlay))
    return Built(Block(header, tuple(included)), tuple(outcomes), only_inherents)


def _inherents(runtime: Runtime, overlay: Overlay, timestamp: int) -> tuple[bytes, ...]:
    data = vector([_TIMESTAMP_INHERENT + blob(timestamp.to_bytes(8, "little"))])
    overlay.start()
    reader = ScaleReader(runtime.call("BlockBuilder_inherent_extrinsics", data, overlay))
    overlay.rollback()
    found = (reader.blob() for _ in range(reader.compact()))
    return tuple(blob(extrinsic) for extrinsic in found)


def _apply(runtime: Runtime, overlay: Overlay, extrinsic: bytes) -> ApplyOutcome:
    overlay.start()
    outcome = decode_outcome(runtime.call("BlockBuilder_apply_extrinsic", extrinsic, overlay))
    if outcome.included:
        overlay.commit()
    else:
        overlay.rollback()
    return outcome
