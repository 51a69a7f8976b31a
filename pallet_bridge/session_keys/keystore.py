"""The folder in which a node keeps its secrets: which keys it holds, without starting the node.

A file has the kind and the public key as its name, in hex, and the secret URI as JSON in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import read_secret_file
from pallet_bridge.session_keys.keys import AURA, GRANDPA, public_key
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {kind.encode().hex(): kind for kind in (AURA, GRANDPA)}
_KIND_DIGITS = 8


def secrets_in(folder: Path) -> dict[str, set[bytes]]:
    """Return the public keys of which a keystore holds the secret, by kind.

    Each secret is read, and has to make the key that its file is named by: a damaged copy is found.

    Raises
    ------
    ConfigError
        When the folder cannot be read, other users may read a secret, or a secret makes another
        key than its name says. No message repeats a secret.
    """
    found: dict[str, set[bytes]] = {AURA: set(), GRANDPA: set()}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(
            f"the keystore {folder} cannot be read: {error.strerror}; it is the folder "
            f"BASE/chains/ID/keystore of a node"
        ) from None
    for path in paths:
        kind = _KINDS.get(path.name[:_KIND_DIGITS])
        public = _public(path.name[_KIND_DIGITS:])
        if kind is not None and public is not None:
            _check(path, kind, public)
            found[kind].add(public)
    return found


def _public(digits: str) -> bytes | None:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    return raw if len(raw) == HASH_BYTES else None


def _check(path: Path, kind: str, public: bytes) -> None:
    try:
        secret = json.loads(read_secret_file(path, "the session key"))
        made = public_key(kind, secret) if isinstance(secret, str) else b""
    except (ValueError, RecursionError) as error:  # a ConfigError is one, and says what to do
        if isinstance(error, ConfigError) and str(path) in str(error):
            raise
        made = b""
    if made != public:
        raise ConfigError(
            f"the session key {path} is damaged, or has a password: its secret does not make the "
            f"key of its name. Take another copy"
        )
