"""Amounts, fractions and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from pallet_bridge.accounts import ss58
from pallet_bridge.errors import EncodingError

Planck = NewType("Planck", int)
"""An amount of the smallest unit of balance."""

Perbill = NewType("Perbill", int)
"""A fraction in parts of 10^9."""

UNIT = Planck(10**12)
"""One whole unit of balance in planck."""

PERBILL_ONE = Perbill(10**9)
"""The fraction one."""

SCORE_SCALE = 10**6
"""A score of 1.0 as the chain stores it."""

HASH_BYTES = 32
"""The length of every hash."""

_ACCOUNT_BYTES = 32


@dataclass(frozen=True, slots=True, order=True)
class AccountId:
    """A 32-byte account, ordered by its bytes; as text its SS58 address (prefix 42)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _ACCOUNT_BYTES:
            raise EncodingError(f"an account has {_ACCOUNT_BYTES} bytes, not {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> AccountId:
        """Read an SS58 address or ``0x`` and 64 hex digits.

        Raises
        ------
        EncodingError
            When it is neither.
        """
        if text.startswith("0x"):
            try:
                return cls(bytes.fromhex(text[2:]))
            except ValueError as error:
                raise EncodingError(f"{text[:70]!r} is no account in hex: {error}") from error
        return cls(ss58.decode(text))

    def __str__(self) -> str:
        return ss58.encode(self.raw)

    def __repr__(self) -> str:
        return f"AccountId({str(self)!r})"
