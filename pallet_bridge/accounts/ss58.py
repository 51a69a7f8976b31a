"""SS58 addresses: base58 text with a network prefix and a checksum.

The format is that of the Substrate reference "SS58 Address Format"; only 32-byte accounts and
one-byte prefixes (0 to 63) are supported, which covers the generic prefix 42 of this project.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from pallet_bridge.errors import EncodingError

PREFIX = 42
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_ACCOUNT_BYTES = 32
_CHECKSUM_BYTES = 2
_LONGEST = 64
_KNOWN = 16_384  # accounts that are written or read again and again need no arithmetic


@lru_cache(_KNOWN)
def encode(raw: bytes) -> str:
    """Return the address of a 32-byte account under the generic prefix 42."""
    payload = bytes([PREFIX]) + raw
    return base58(payload + _checksum(payload))


def base58(payload: bytes) -> str:
    """Return bytes in base 58; each zero byte in front is a digit of its own."""
    number = int.from_bytes(payload, "big")
    letters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        letters.append(_ALPHABET[digit])
    zeros = len(payload) - len(payload.lstrip(b"\x00"))
    return _ALPHABET[0] * zeros + "".join(reversed(letters))


@lru_cache(_KNOWN)
def decode(address: str) -> bytes:
    """Return the 32 bytes of an address under prefix 42.

    Raises
    ------
    EncodingError
        When a letter, the length, the prefix or the checksum is wrong.
    """
    if len(address) > _LONGEST:  # arithmetic on what is longer takes its square of time
        raise EncodingError(
            f"{address[:_LONGEST]!r}... is too long for an SS58 address of an account"
        )
    number = 0
    for letter in address:
        if letter not in _VALUES:
            raise EncodingError(f"{address!r} is no SS58 address: it has the letter {letter!r}")
        number = number * 58 + _VALUES[letter]
    length = 1 + _ACCOUNT_BYTES + _CHECKSUM_BYTES
    if number.bit_length() > length * 8:
        raise EncodingError(f"{address!r} is too long for an SS58 address of an account")
    payload = number.to_bytes(length, "big")
    body, checksum = payload[:-_CHECKSUM_BYTES], payload[-_CHECKSUM_BYTES:]
    if _checksum(body) != checksum:
        raise EncodingError(f"the checksum of the address {address!r} is wrong: is it complete?")
    if body[0] != PREFIX:
        raise EncodingError(f"{address!r} is an address of network {body[0]}, not of {PREFIX}")
    return body[1:]


def _checksum(payload: bytes) -> bytes:
    return blake2b(b"SS58PRE" + payload).digest()[:_CHECKSUM_BYTES]
