"""The door to a chain. Heavy libraries are loaded here, when a chain is asked for, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.client.protocol import ChainClient

EMBEDDED = "embedded"
"""The target that means a chain inside this process."""


@overload
def connect(
    target: Literal["embedded"],
    *,
    timeout: float = ...,
    nonce: bytes | None = ...,
    state: Path | None = ...,
) -> EmbeddedClient: ...
@overload
def connect(
    target: str, *, timeout: float = ..., nonce: bytes | None = ..., state: Path | None = ...
) -> ChainClient: ...
def connect(
    target: str,
    *,
    timeout: float = 30.0,
    nonce: bytes | None = None,
    state: Path | None = None,
) -> ChainClient:
    """Connect to a chain.

    Parameters
    ----------
    target
        ``embedded`` starts a chain in this process, which ends with the client; a URL
        (``ws://HOST:PORT``, ``wss://HOST``) names a node, which is believed:
        `pallet_bridge.trusted.opening.open_checked` asks for proofs, and several nodes.
    timeout
        Seconds that connecting, and each answer of the chain, may take.
    nonce
        For ``embedded`` only. Each embedded chain has a genesis of its own; equal nonces give the
        same one again.
    state
        For ``embedded`` only. A folder that keeps the chain: with a chain there, this one goes on
        from its last block, whatever ended the process before. Without a folder nothing of the
        chain stays.

    Returns
    -------
    A client, also a context manager; for ``embedded`` it has the chain as ``client.node``.

    Raises
    ------
    ConfigError
        When the target is neither.
    ChainUnavailable
        When nothing answers at the URL.
    MetadataMismatch
        When the chain there does not carry the pallet that this version speaks.
    StateInUse, StateDamaged, StateDiffers
        When the folder `state` cannot be gone on with.

    Examples
    --------
    >>> with connect("embedded") as chain:
    ...     chain.head().number
    0
    """
    if target == EMBEDDED:
        from pallet_bridge.client.embedded import EmbeddedClient  # noqa: PLC0415 - loads scalecodec
        from pallet_bridge.embedded.node import EmbeddedNode  # noqa: PLC0415 - loads wasmtime

        return EmbeddedClient(EmbeddedNode.start(nonce=nonce, state=state), timeout=timeout)
    if not target.startswith(("ws://", "wss://")):
        raise ConfigError(
            f"{target!r} names no chain: write 'embedded', ws://HOST:PORT or wss://HOST"
        )
    if "," in target:
        raise ConfigError(
            f"{target!r} names several nodes, and one is asked here: name one of them"
        )
    from pallet_bridge.client.node import NodeClient  # noqa: PLC0415 - loads scalecodec

    return NodeClient(target, timeout=timeout)
