"""Bytes that only some can read: the format and the keys of age, https://age-encryption.org/v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pallet_bridge.copies.errors import NoIdentity
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NEEDS = "pip install 'bcfl-plugins[copies]'"


class Recipients:
    """Those who can read.

    Parameters
    ----------
    keys
        Public keys of age (``age1...``).

    Raises
    ------
    ConfigError
        If a key is none, or the package is not there.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        self._made = []
        for key in self.keys:
            pyrage = _pyrage()
            try:
                self._made.append(pyrage.x25519.Recipient.from_str(key))
            except pyrage.RecipientError as error:
                message = (
                    f"{key[:80]!r} is no public key of age ({error}): name what `age-keygen` calls "
                    "the public key, age1..."
                )
                raise ConfigError(message) from None

    def seal(self, data: bytes) -> bytes:
        """Return the bytes encrypted to all of them."""
        sealed: bytes = _pyrage().encrypt(data, self._made)
        return sealed


class AgeIdentities:
    """Secret keys, of which one may open what is sealed.

    Parameters
    ----------
    path
        A file as ``age-keygen`` writes it; ``None``: there are none.

    Raises
    ------
    ConfigError
        If the file cannot be read or has no identity in it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._made: list[Any] = [] if path is None else _read(path)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._made)

    def open(self, data: bytes, where: str) -> bytes:
        """Return what is sealed.

        Raises
        ------
        NoIdentity
            When none of them opens it.
        """
        pyrage = _pyrage()
        try:
            opened: bytes = pyrage.decrypt(data, self._made)
        except pyrage.DecryptError as error:
            raise NoIdentity(where, str(error)) from None
        return opened


def _read(path: Path) -> list[Any]:
    pyrage = _pyrage()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the identities in {path} cannot be read: {error}") from error
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        made = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError:
        made = []
    if not made:
        raise ConfigError(f"{path} is no file of age identities: make one with `age-keygen`")
    return made


def _pyrage() -> Any:  # noqa: ANN401 - a module without types
    try:
        import pyrage  # type: ignore[import-untyped] # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(f"encrypting copies needs pyrage: {_NEEDS}") from error
    return pyrage
