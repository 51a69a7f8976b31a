"""Blocks, events and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.errors import EncodingError
from pallet_bridge.types.base import AccountId, Planck

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by number and hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a block.

    `extrinsic` is the index in the block of the extrinsic that raised it, None outside of one.
    The fields of pallet-bcfl's events are typed (accounts `AccountId`, hashes `bytes`); those of
    other pallets are as the codec gives them.
    """

    pallet: str
    name: str
    fields: Mapping[str, object]
    extrinsic: int | None

    def integer(self, field: str) -> int:
        """Return a field that is an integer; `EncodingError` when it is not."""
        return self._typed(field, int)

    def hash(self, field: str) -> bytes:
        """Return a field that is a hash; `EncodingError` when it is not."""
        return self._typed(field, bytes)

    def account(self, field: str = "account") -> AccountId:
        """Return a field that is an account; `EncodingError` when it is not."""
        return self._typed(field, AccountId)

    def text(self, field: str) -> str:
        """Return a field that is a name; `EncodingError` when it is not."""
        return self._typed(field, str)

    def _typed(self, field: str, kind: type[T]) -> T:
        value = self.fields.get(field)
        if not isinstance(value, kind):
            raise EncodingError(f"event {self.pallet}.{self.name} has no {kind.__name__} {field!r}")
        return value


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a call was included and succeeded."""

    block: BlockRef
    extrinsic_hash: bytes
    extrinsic_index: int
    fee: Planck
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance: `held` is on hold for deposits and stake and cannot be spent."""

    free: Planck
    held: Planck
