"""Sr25519 keys: who signs transactions and commitments.

A key never appears in a log, an error or a ``repr``, and cannot be pickled.
"""

from __future__ import annotations

import os
import re
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import bip39  # type: ignore[import-untyped]
import sr25519  # type: ignore[import-untyped]

from pallet_bridge.accounts import signatures
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ConfigError
from pallet_bridge.keystore import decrypt, encrypt, is_encrypted
from pallet_bridge.scale import scale_str
from pallet_bridge.types.base import AccountId

if TYPE_CHECKING:
    from collections.abc import Callable

DEV_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk"
"""The published phrase of development keys such as ``//Alice``: never a secret."""

_JUNCTION = re.compile(r"(//?)([^/]+)")
_URI = re.compile(r"(?P<phrase>[^/]*)(?P<path>(?://?[^/]+)*)")
_JUNCTION_BYTES = 32
_U64_DIGITS = 20
_SEED = re.compile(r"0x[0-9a-fA-F]{64}")
_SECRET = re.compile(r"0x[0-9a-fA-F]{128}")
_WORDS = frozenset({12, 15, 18, 21, 24})

PASSWORD, PASSWORD_FILE = "BCFL_KEY_PASSWORD", "BCFL_KEY_PASSWORD_FILE"
"""Environment variables with the password of an encrypted key file, or the name of its file."""


class Signer:
    """An sr25519 key pair.

    Build one with `from_uri` or `from_file`.
    """

    __slots__ = ("_pair", "account")

    account: AccountId

    def __init__(self, pair: tuple[bytes, bytes]) -> None:
        self._pair = pair
        self.account = AccountId(pair[0])

    @classmethod
    def from_uri(cls, uri: str) -> Signer:
        """Make a key from a secret URI, as `subkey` and a node read it.

        Parameters
        ----------
        uri
            A BIP-39 phrase, or ``0x`` and 64 hex digits of a seed or 128 of a secret key, followed
            by any ``//hard`` and ``/soft`` derivations. Without a phrase the development phrase is
            meant: ``//Alice``.

        Raises
        ------
        ConfigError
            When the URI cannot be read. The message does not repeat it.
        """
        phrase, steps = junctions(uri)
        pair = _root_pair(phrase)
        for hard, code in steps:
            derive = sr25519.hard_derive_keypair if hard else sr25519.derive_keypair
            _, public, private = derive((code, *pair), b"")
            pair = (public, private)
        return cls(pair)

    @classmethod
    def from_file(cls, path: Path, *, ask: Callable[[], str] | None = None) -> Signer:
        """Read a file with a secret URI and nothing else, or an encrypted key of polkadot.js.

        Parameters
        ----------
        path
            The file.
        ask
            Gives the password of an encrypted key where the environment does not name it.

        Raises
        ------
        ConfigError
            When the file cannot be read, other users may read it, it holds no key, or its
            password is another or not given.
        """
        text = read_secret_file(path, "the key file")
        if is_encrypted(text):
            password = _password(path, ask)
        try:
            return cls(decrypt(text, password)) if is_encrypted(text) else cls.from_uri(text)
        except ConfigError as error:
            raise ConfigError(f"the key file {path}: {error}") from None

    @classmethod
    def from_source(
        cls, source: str, setting: str, *, ask: Callable[[], str] | None = None
    ) -> Signer:
        """Find a key where a setting says it is.

        Parameters
        ----------
        source
            ``env:NAME`` (an environment variable that holds a secret URI), ``file:PATH`` (as
            `from_file` reads it), or a public development key such as ``//Alice``. A secret itself
            is refused: settings end up in logs.
        setting
            The setting's name, for messages.
        ask
            As of `from_file`.

        Raises
        ------
        ConfigError
            When it is none of the three, the variable is not set, or the key cannot be read. The
            message repeats the source only where it is no secret.
        """
        match source.partition(":"):
            case ("env", ":", name):
                secret = os.environ.get(name)
                if not secret:
                    raise ConfigError(
                        f"{setting} is env:{name}, but that variable is not set; export it with "
                        f"the key's secret phrase"
                    )
                return cls.from_uri(secret)
            case ("file", ":", path):
                return cls.from_file(Path(path), ask=ask)
            case _ if source.startswith("//"):
                return cls.from_uri(source)
            case _:
                raise ConfigError(
                    f"{setting} must be env:NAME, file:PATH or a development key like //Alice; "
                    f"a phrase or seed does not belong in a setting"
                )

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over exactly these bytes.

        Sr25519 signatures are randomised: two signatures over one message differ.
        """
        signature: bytes = sr25519.sign(self._pair, message)
        return signature

    def encrypted(self, password: str, name: str) -> bytes:
        """Return the key as an encrypted file of polkadot.js; `from_file` reads it."""
        return encrypt(self._pair, password, name)

    def uri(self) -> str:
        """Return the secret key itself, as a secret URI: whoever reads it is this account."""
        return "0x" + self._pair[1].hex()

    def __repr__(self) -> str:
        return f"Signer({str(self.account)!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Signer holds a secret and is not pickled: pass its URI by a key file")


def verify(account: AccountId, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` is `account`'s sr25519 signature over exactly `message`."""
    return signatures.holds(account.raw, message, signature)


def junctions(uri: str) -> tuple[str, list[tuple[bool, bytes]]]:
    """Return the phrase or seed of a secret URI, and each step: is it hard, and its chain code.

    Raises
    ------
    ConfigError
        When the URI cannot be read. The message does not repeat it.
    """
    match = _URI.fullmatch(uri.strip())
    if match is None:
        raise ConfigError("the key URI is not `phrase//hard/soft`; passwords are not supported")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in uri):  # noqa: PLR2004 - surrogates
        raise ConfigError("the key URI has half of a character in it; write it anew")
    path = match["path"]
    steps = [(mark == "//", _chain_code(name)) for mark, name in _JUNCTION.findall(path)]
    return match["phrase"] or (DEV_PHRASE if path else ""), steps


def new_phrase(words: int = 12) -> str:
    """Return a fresh BIP-39 phrase of 12, 15, 18, 21 or 24 words; it is a secret URI."""
    if words not in _WORDS:
        raise ConfigError(f"a phrase has 12, 15, 18, 21 or 24 words, not {words}")
    return str(bip39.bip39_generate(words, "en"))


def read_seed(secret: str) -> bytes:
    """Return the 32 bytes of a seed in hex, or those that a BIP-39 phrase stands for.

    Raises
    ------
    ConfigError
        When it is neither. The message does not repeat it.
    """
    if _SEED.fullmatch(secret):
        return bytes.fromhex(secret[2:])
    phrase = " ".join(secret.split())
    if not bip39.bip39_validate(phrase, "en"):
        raise ConfigError("the key URI holds neither a seed nor a valid BIP-39 phrase")
    return bytes(bip39.bip39_to_mini_secret(phrase, "", "en"))


def read_secret_file(path: Path, what: str) -> str:
    """Return the text of a file that only its owner may read.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it is, for messages.

    Raises
    ------
    ConfigError
        When it cannot be read, is no text, or other users may read it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{what} {path} cannot be read: {reason}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"other users may read {what} {path}: run `chmod 600 {path}`")
    return text


def named_password() -> str | None:
    """Return the password that the environment names, None when it names none.

    Raises
    ------
    ConfigError
        When it names a file that cannot be used, or the password is empty.
    """
    given, place = os.environ.get(PASSWORD), os.environ.get(PASSWORD_FILE)
    if given is None and not place:
        return None
    text = read_secret_file(Path(place), "the password file") if place else given
    password = (text or "").removesuffix("\n").removesuffix("\r")
    if not password:
        raise ConfigError(f"the password of {PASSWORD_FILE if place else PASSWORD} is empty")
    return password


def _password(path: Path, ask: Callable[[], str] | None) -> str:
    password = named_password()
    if password is None and ask is not None:
        password = ask()
    if password is None:
        raise ConfigError(
            f"the key file {path} is encrypted; name a file with its password in {PASSWORD_FILE}, "
            f"or set {PASSWORD}"
        )
    return password


def _root_pair(secret: str) -> tuple[bytes, bytes]:
    if _SECRET.fullmatch(secret):
        return _pair_of_secret(bytes.fromhex(secret[2:]))
    if secret == DEV_PHRASE:
        return _development_pair()
    public, private = sr25519.pair_from_seed(read_seed(secret))
    return public, private


@cache
def _development_pair() -> tuple[bytes, bytes]:
    """Return the key of the published phrase: a millisecond of work, and no secret to keep."""
    public, private = sr25519.pair_from_seed(read_seed(DEV_PHRASE))
    return public, private


def _pair_of_secret(raw: bytes) -> tuple[bytes, bytes]:
    try:
        public = bytes(sr25519.public_from_secret_key(raw))
    except ValueError:
        public = bytes(len(raw) // 2)
    if not any(public):
        raise ConfigError("the 128 hex digits of the key URI are no secret key")
    return public, raw


def _chain_code(name: str) -> bytes:
    """Return the chain code of a derivation step as sp-core's `DeriveJunction` makes it."""
    digits = name.lstrip("0") or "0"
    # a longer number is none of 64 bits, and Python reads none of thousands of digits
    if name.isdecimal() and name.isascii() and len(digits) <= _U64_DIGITS and int(digits) < 2**64:
        code = int(digits).to_bytes(8, "little")
    else:
        code = scale_str(name)
    if len(code) > _JUNCTION_BYTES:
        return blake2_256(code)
    return code.ljust(_JUNCTION_BYTES, b"\x00")
