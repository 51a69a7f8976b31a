"""Keys as polkadot.js keeps them: a JSON file whose content is encrypted with a password.

The format is its version 3: PKCS#8 of an sr25519 key, in XSalsa20-Poly1305 under a key that
scrypt makes from the password. `subkey` and wallets read and write the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sr25519  # type: ignore[import-untyped]
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from pallet_bridge.accounts import ss58
from pallet_bridge.errors import ConfigError, EncodingError
from pallet_bridge.jsonio import parse

if TYPE_CHECKING:
    from pallet_bridge.jsonio import Record

_HEADER = bytes([48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32])
_DIVIDER = bytes([161, 35, 3, 33, 0])
_SECRET_BYTES, _PUBLIC_BYTES, _SALT_BYTES = 64, 32, 32
_VERSION = "3"
_CONTENT, _TYPE = ["pkcs8", "sr25519"], ["scrypt", "xsalsa20-poly1305"]
_MOST_MEMORY = 1 << 28


@dataclass(frozen=True, slots=True)
class _Scrypt:
    """How much work it is to make a key from a password."""

    n: int
    p: int
    r: int

    def key(self, password: str, salt: bytes) -> bytes:
        return hashlib.scrypt(
            password.encode(), salt=salt, n=self.n, r=self.r, p=self.p, dklen=32,
            maxmem=_MOST_MEMORY,
        )  # fmt: skip

    def __bytes__(self) -> bytes:
        return b"".join(number.to_bytes(4, "little") for number in (self.n, self.p, self.r))


_OURS = _Scrypt(n=1 << 15, p=1, r=8)  # the most that substrate-interface reads
# those of polkadot.js, and no others: a file must not choose how long it keeps its reader
_KNOWN = frozenset(
    {
        _OURS,
        *(_Scrypt(1 << n, p, 8) for n, p in ((13, 10), (14, 5), (15, 3), (16, 2), (17, 1))),
    }
)


def is_encrypted(text: str) -> bool:
    """Say whether this is such a file rather than a secret URI."""
    return text.lstrip().startswith("{")


def encrypt(pair: tuple[bytes, bytes], password: str, name: str) -> bytes:
    """Return the file of a key pair.

    Parameters
    ----------
    pair : tuple of bytes
        Public key, and secret key as sr25519 has it.
    password : str
        What opens it again.
    name : str
        What a wallet shows.
    """
    public, secret = pair
    plain = _HEADER + sr25519.convert_secret_key_to_ed25519(secret) + _DIVIDER + public
    salt = os.urandom(_SALT_BYTES)
    sealed = SecretBox(_OURS.key(password, salt)).encrypt(plain)
    record = {
        "address": ss58.encode(public),
        "encoded": base64.b64encode(salt + bytes(_OURS) + bytes(sealed)).decode(),
        "encoding": {"content": _CONTENT, "type": _TYPE, "version": _VERSION},
        "meta": {"name": name},
    }
    return json.dumps(record, indent=2).encode() + b"\n"


def address(text: str) -> str:
    """Return the address that such a file states; only `decrypt` proves it.

    Raises
    ------
    ConfigError
        When it is no such file.
    """
    try:
        stated = _record(text).text("address")
        return ss58.encode(ss58.decode(stated))
    except EncodingError as error:
        raise ConfigError(f"it has no address of this network: {error}") from None


def decrypt(text: str, password: str) -> tuple[bytes, bytes]:
    """Return the key pair in such a file: public key, and secret key as sr25519 has it.

    Raises
    ------
    ConfigError
        When it is no such file, or the password is another.
    """
    stated = address(text)
    salt, work, sealed = _parts(_record(text))
    try:
        plain = SecretBox(work.key(password, salt)).decrypt(sealed)
    except (CryptoError, ValueError):
        raise ConfigError("its password is another, or the file is damaged") from None
    public, secret = _pair(plain)
    if ss58.encode(public) != stated:
        raise ConfigError(f"it holds another key than that of the address {stated} in it")
    return public, secret


def _record(text: str) -> Record:
    try:
        record = parse(text.encode())
        encoding = record.values("encoding")
    except (EncodingError, UnicodeEncodeError):
        raise ConfigError("it is no key file of polkadot.js") from None
    kinds = (encoding.get("content"), encoding.get("type"), encoding.get("version"))
    if kinds != (_CONTENT, _TYPE, _VERSION):
        raise ConfigError(
            "it is not an encrypted sr25519 key of version 3; export it from the wallet again"
        )
    return record


def _parts(record: Record) -> tuple[bytes, _Scrypt, bytes]:
    try:
        text = record.text("encoded")
        is_hex = text.startswith("0x")  # as polkadot.js wrote it once
        raw = bytes.fromhex(text[2:]) if is_hex else base64.b64decode(text, validate=True)
    except (EncodingError, binascii.Error, ValueError):
        raise ConfigError("it is no key file of polkadot.js") from None
    end = _SALT_BYTES + 12
    n, p, r = (
        int.from_bytes(raw[start : start + 4], "little") for start in range(_SALT_BYTES, end, 4)
    )
    work = _Scrypt(n, p, r)
    if work not in _KNOWN:
        raise ConfigError("it asks for work that polkadot.js never asks for; export it again")
    return raw[:_SALT_BYTES], work, raw[end:]


def _pair(plain: bytes) -> tuple[bytes, bytes]:
    head, secret_end = len(_HEADER), len(_HEADER) + _SECRET_BYTES
    public_start = secret_end + len(_DIVIDER)
    is_ours = (
        len(plain) == public_start + _PUBLIC_BYTES
        and plain[:head] == _HEADER
        and plain[secret_end:public_start] == _DIVIDER
    )
    if not is_ours:
        raise ConfigError("its content is no sr25519 key")
    try:
        public, secret = sr25519.pair_from_ed25519_secret_key(plain[head:secret_end])
    except ValueError:
        raise ConfigError("its content is no sr25519 key") from None
    if public != plain[public_start:]:
        raise ConfigError("its two halves are of different keys")
    return bytes(public), bytes(secret)
