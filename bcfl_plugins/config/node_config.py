"""What an operator says with ``--node-config``: the node's key, for whom it signs, its memory."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from pallet_bridge.errors import ConfigError, EncodingError
from pallet_bridge.memory.files import nodes_folder
from pallet_bridge.memory.pins import Pinned
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "bcfl-key-uri"
"""The key that says where the node's secret is."""
GENESIS = "bcfl-genesis"
FEDERATION = "bcfl-federation"
COORDINATOR = "bcfl-coordinator"
FOLDER = "bcfl-memory"
"""The key that names the folder in which the node remembers."""

CHAIN = "bcfl-memory-chain"
"""The key that names a node of the chain, which is asked what the server's word is not enough for.
"""

_HASH_BYTES = 32
_FEDERATIONS = 2**32
_PAIR = re.compile(r"(\S+?)=('[^']*'|\"[^\"]*\"|\S+)")


def parse_node_config(text: str) -> Mapping[str, object]:
    """Read the argument of ``flower-supernode --node-config`` as Flower reads it.

    Raises
    ------
    ConfigError
        If it is none.
    """
    try:
        return tomllib.loads("\n".join(f"{name} = {value}" for name, value in _PAIR.findall(text)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"--node-config cannot be read ({error}): write KEY=VALUE pairs with spaces between, "
            f"and quote the text among the values"
        ) from error


def pinned_by(node_config: Mapping[str, object]) -> Pinned:
    """Read what the operator pinned.

    Raises
    ------
    ConfigError
        If a value is no hash, number or account.
    """
    return Pinned(
        _genesis(node_config.get(GENESIS)),
        _federation(node_config.get(FEDERATION)),
        *_coordinators(node_config.get(COORDINATOR)),
    )


def folder_of(node_config: Mapping[str, object]) -> Path:
    """Return where the node remembers."""
    folder = node_config.get(FOLDER)
    return nodes_folder() if folder is None else Path(str(folder)).expanduser()


def _genesis(value: object) -> bytes | None:
    if value is None or value == "":
        return None
    try:
        raw = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != _HASH_BYTES:
        raise ConfigError(
            f"{GENESIS} in --node-config is {value!r}: 32 bytes in hex are needed, in quotes"
        )
    return raw


def _federation(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _FEDERATIONS:
        raise ConfigError(
            f"{FEDERATION} in --node-config is {value!r}: a federation's number is needed"
        )
    return value


def _coordinators(value: object) -> tuple[AccountId | None, tuple[AccountId, ...]]:
    """Read the coordinator, and with commas those that may follow it."""
    if value is None or value == "":
        return None, ()
    try:
        first, *others = (AccountId.parse(one.strip()) for one in str(value).split(","))
    except EncodingError as error:
        raise ConfigError(
            f"{COORDINATOR} in --node-config is {value!r}: an address or 32 bytes in hex are "
            f"needed, and with commas those of its successors ({error})"
        ) from error
    return first, tuple(others)
