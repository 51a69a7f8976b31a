"""Checking sr25519 signatures, each once: a chain that is executed and its audit check the same."""

from __future__ import annotations

import threading
from hashlib import blake2b
from typing import Final

import sr25519  # type: ignore[import-untyped]

_LENGTH: Final = 64
_MOST: Final = 1 << 17


class Checked:
    """Signatures that held, by a digest of all that makes them hold; the oldest are forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: dict[bytes, None] = {}

    def holds(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether this is the signature of this public key over exactly this message.

        What is no signature or no public key is no match. Only what held is remembered.
        """
        if len(signature) != _LENGTH or len(public) != 32:  # noqa: PLR2004 - of every key
            return False
        place = blake2b(public + signature + message, digest_size=32).digest()
        if place in self._held:
            return True
        try:
            held = bool(sr25519.verify(signature, message, public))
        except ValueError:  # 64 bytes that are no signature, or 32 that are no public key
            return False
        if held:
            with self._lock:
                self._held[place] = None
                while len(self._held) > self._most:
                    del self._held[next(iter(self._held))]
        return held


_CHECKED: Final = Checked()


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """See `Checked.holds`; what this process has checked is known."""
    return _CHECKED.holds(public, message, signature)
