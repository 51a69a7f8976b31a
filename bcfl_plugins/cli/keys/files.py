"""Key files: written once, for their owner only; and where their secrets come from."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import typer

from bcfl_plugins.errors import ConfigError
from pallet_bridge.keys import PASSWORD, PASSWORD_FILE, named_password

if TYPE_CHECKING:
    from pathlib import Path


def refuse_existing(path: Path) -> None:
    """Refuse a path that is taken: a key that is overwritten is lost.

    Raises
    ------
    ConfigError
        When something is there.
    """
    if path.exists() or path.is_symlink():
        raise ConfigError(f"{path} exists, and a key that is overwritten is lost; name another")


def write_key(path: Path, data: bytes) -> None:
    """Write a file that must not exist, for its owner only.

    Raises
    ------
    ConfigError
        When there is such a file, or it cannot be written whole; nothing of it stays then.
    """
    refuse_existing(path)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigError(f"the key file {path} cannot be written: {error.strerror}") from None


def new_password() -> str:
    """Return the password of a new file: what the environment names, or what a person types twice.

    Raises
    ------
    ConfigError
        When the environment names none and nobody can be asked.
    """
    password = named_password()
    if password is not None:
        return password
    if not sys.stdin.isatty():
        raise ConfigError(
            f"a key is encrypted with a password; name a file with it in {PASSWORD_FILE}, or set "
            f"{PASSWORD}, or run this in a terminal (--plain writes the key itself)"
        )
    typed = typer.prompt(
        "Password of the new file", hide_input=True, confirmation_prompt=True, err=True
    )
    return str(typed)


def typed_secret() -> str:
    """Return a secret URI that a person types, or that is piped in."""
    if sys.stdin.isatty():
        return str(typer.prompt("Phrase or seed", hide_input=True, err=True))
    return sys.stdin.readline().strip()
