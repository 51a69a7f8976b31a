"""Which chain, federation and key a command is about."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.config.run_config import is_remote
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.keys import Signer
    from pallet_bridge.run.journal import RunHeader
    from pallet_bridge.types import AccountId

KEY, CHAIN, FEDERATION = "BCFL_KEY", "BCFL_CHAIN", "BCFL_FEDERATION"
"""Environment variables that stand for the options of these names."""

KeySource = Annotated[
    str,
    typer.Option(
        "--key",
        envvar=KEY,
        help=f"Your key: env:NAME, file:PATH, or //Alice where the chain is on this machine. "
        f"Default: {KEY}.",
    ),
]
MaybeKey = Annotated[
    str | None,
    typer.Option("--key", envvar=KEY, help=f"Your key, which is not used. Default: {KEY}."),
]
Url = Annotated[
    str, typer.Option("--chain", envvar=CHAIN, help=f"ws:// URL of a node. Default: {CHAIN}.")
]
MaybeUrl = Annotated[
    str | None,
    typer.Option("--chain", help="ws:// URL of a node, in place of the chain that the run names."),
]
FederationNumber = Annotated[
    int,
    typer.Option(
        "--federation",
        min=0,
        envvar=FEDERATION,
        help=f"The federation's number. Default: {FEDERATION}.",
    ),
]


def here() -> str:
    """Return an address of this machine: for commands that ask no chain."""
    return "ws://localhost"


def url_of(header: RunHeader, chain: str | None) -> str:
    """Return the chain to talk to.

    Raises
    ------
    ConfigError
        If the run's chain lives in another process and no URL is given.
    """
    url = chain or header.chain
    if not url.startswith(("ws://", "wss://")):
        raise ConfigError(
            f"the run's chain is {header.chain!r}, which lives in the run's own process; give its "
            f"ws:// URL with --chain"
        )
    return url


def usual_place(chain: str | None, federation: int | None) -> tuple[str, int]:
    """Return the chain and federation that are given, or that the environment names.

    Raises
    ------
    ConfigError
        If one of them is not named.
    """
    url, number = chain or os.environ.get(CHAIN), federation
    text = os.environ.get(FEDERATION, "")
    if number is None and text.isascii() and text.isdecimal():
        number = int(text)
    if not url or number is None:
        raise ConfigError(
            f"give a run's folder, or --chain and --federation (or set {CHAIN} and {FEDERATION})"
        )
    return url, number


def signer_of(source: str, url: str) -> Signer:
    """Load a key that pays on the chain at this URL.

    On a terminal the password of an encrypted key is asked for where the environment names none.

    Raises
    ------
    ConfigError
        If it cannot be read, or is a public development key and the chain is elsewhere.
    """
    from pallet_bridge.keys import Signer  # noqa: PLC0415 (loads the crypto)

    _refuse_public(source, url)
    return Signer.from_source(source, "--key", ask=_ask_password())


def account_of(source: str, url: str) -> AccountId:
    """Return whose key it is. That of an encrypted file is read from its address, unproved.

    Raises
    ------
    ConfigError
        As of `signer_of`.
    """
    from pallet_bridge import keystore  # noqa: PLC0415 (loads the crypto)
    from pallet_bridge.keys import Signer, read_secret_file  # noqa: PLC0415
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    _refuse_public(source, url)
    if source.startswith("file:"):
        path = Path(source.removeprefix("file:"))
        text = read_secret_file(path, "the key file")
        if keystore.is_encrypted(text):
            try:
                return AccountId.parse(keystore.address(text))
            except ConfigError as error:
                raise ConfigError(f"the key file {path}: {error}") from None
    return Signer.from_source(source, "--key").account


def _refuse_public(source: str, url: str) -> None:
    if source.startswith("//") and is_remote(url):
        raise ConfigError(
            f"--key is the public development key {source} on {url}; anybody can sign with it. "
            f"Give env:NAME or file:PATH"
        )


def _ask_password() -> Callable[[], str] | None:
    if not sys.stdin.isatty():
        return None
    return lambda: str(typer.prompt("Password of the key", hide_input=True, err=True))
