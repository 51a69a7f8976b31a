"""Which chain, federation and key a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.config.run_config import is_remote
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.journal import RunHeader

KeySource = Annotated[
    str,
    typer.Option(
        "--key",
        help="Your key: env:NAME, file:PATH, or //Alice where the chain is on this machine.",
    ),
]
Url = Annotated[str, typer.Option("--chain", help="ws:// URL of a node.")]
MaybeUrl = Annotated[
    str | None,
    typer.Option("--chain", help="ws:// URL of a node, in place of the chain that the run names."),
]
FederationNumber = Annotated[
    int, typer.Option("--federation", min=0, help="The federation's number.")
]


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


def signer_of(source: str, url: str) -> Signer:
    """Load a key that pays on the chain at this URL.

    Raises
    ------
    ConfigError
        If it cannot be read, or is a public development key and the chain is elsewhere.
    """
    from pallet_bridge.keys import Signer  # noqa: PLC0415 (loads the crypto)

    if source.startswith("//") and is_remote(url):
        raise ConfigError(
            f"--key is the public development key {source} on {url}; anybody can sign with it. "
            f"Give env:NAME or file:PATH"
        )
    return Signer.from_source(source, "--key")
