"""What ``bcfl.secure`` may say, and what an operator says about masks with ``--node-config``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar

MASKING = "secure_aggregation"
"""The plugin that goes by the table ``bcfl.secure``."""

SKETCHED = ("sketch", "two_servers")
"""The modes in which sketches of updates are judged."""

THRESHOLD = "secure_threshold"
"""The governed training parameter: the least threshold that the members agreed to."""

NODE_THRESHOLD = "bcfl-secure-threshold"
"""The key of ``--node-config``: the least threshold of this node; with it no update goes unmasked.
"""
NODE_AGGREGATOR = "bcfl-secure-aggregator"
"""The key of ``--node-config``: the account of the second server to which this node sends halves.
"""
PROOFS = "bcfl-secure-proofs"
"""The key of ``--node-config`` that says whom the node believes about the chain."""


@dataclass(frozen=True, slots=True)
class SecureConfig:
    """The table ``bcfl.secure``, which the plugin ``secure_aggregation`` goes by."""

    mode: str = key(
        "sketch",
        "What the server learns besides the sum. sketch: exact sketches of the masked updates, by "
        "which outliers judges. groups: the sums of small groups, drawn anew each round from the "
        "chain, whose means outliers judges. sum: nothing, and nobody is judged. two_servers: as "
        "sketch, with a second server in place of masks between nodes.",
        choices=("sketch", "groups", "sum", "two_servers"),
    )
    group: int = key(
        5,
        "groups: members that a group has at least. Smaller ones hide less and tell poison better. "
        "Of 5 one may drop out, of 3 or 4 none.",
        low=3,
        high=85,
    )
    clip: float = key(
        1.0,
        "An entry of an update moves no farther than this: what is beyond is cut off on the node.",
        low=1e-9,
        high=1e6,
    )
    tables: int = key(2, "sketch, two_servers: tables of a sketch.", low=1, high=8)
    width: int = key(
        1024,
        "sketch, two_servers: numbers of a table, a power of two. A node refuses sketches of more "
        "than a twentieth of the model's parameters.",
        low=32,
        high=65536,
    )
    threshold: int = key(
        0,
        "How many other nodes, of the round or of the group, must answer before an update is in a "
        "sum; 0: two thirds of them and one. Nodes refuse less than that.",
        low=0,
        high=254,
    )
    aggregator: str = key(
        "",
        "two_servers: where the second server is, an http:// or https:// URL that all nodes reach.",
    )
    aggregator_account: str = key(
        "", "two_servers: the account of the second server, which signs its key and its answers."
    )
    answer_s: float = key(
        120.0,
        "Longest wait for the answers to each question about masks.",
        low=0.1,
        high=86400,
        unit="seconds",
    )


def read_secure(table: Mapping[str, Scalar]) -> SecureConfig:
    """Read the table.

    Raises
    ------
    ConfigError
        If a key or a value is wrong.
    """
    found = read_table(SecureConfig, "bcfl.secure", table)
    if found.width & (found.width - 1):
        raise ConfigError(
            f"bcfl.secure.width is {found.width}, which is no power of two; take "
            f"{1 << found.width.bit_length() - 1} or {1 << found.width.bit_length()}"
        )
    _check_aggregator(found)
    if found.mode == "groups" and found.threshold >= found.group:
        raise ConfigError(
            f"bcfl.secure.threshold is {found.threshold}, and a group of {found.group} has "
            f"{found.group - 1} other nodes: raise bcfl.secure.group, or lower the threshold"
        )
    return found


def _check_aggregator(config: SecureConfig) -> None:
    is_named = bool(config.aggregator or config.aggregator_account)
    if config.mode != "two_servers":
        if is_named:
            raise ConfigError(
                f'bcfl.secure.mode is "{config.mode}", and bcfl.secure.aggregator is of '
                f'"two_servers": take that mode, or leave the aggregator out'
            )
        return
    if not config.aggregator.startswith(("http://", "https://")):
        raise ConfigError(
            f"bcfl.secure.aggregator is {config.aggregator!r}: the http:// or https:// URL of the "
            f"second server is needed"
        )
    try:
        AccountId.parse(config.aggregator_account)
    except EncodingError as error:
        raise ConfigError(
            f"bcfl.secure.aggregator_account is {config.aggregator_account!r}: the address of the "
            f"second server's account is needed, which `bcfl aggregator` says ({error})"
        ) from error


def pinned_aggregator(node_config: Mapping[str, object]) -> AccountId | None:
    """Return which second server the node's operator takes; None: it says nothing.

    Raises
    ------
    ConfigError
        If it is no account.
    """
    value = node_config.get(NODE_AGGREGATOR)
    if value is None or value == "":
        return None
    try:
        return AccountId.parse(str(value))
    except EncodingError as error:
        raise ConfigError(
            f"{NODE_AGGREGATOR} in --node-config is {value!r}: an address is needed ({error})"
        ) from error


def threshold_of(node_config: Mapping[str, object]) -> int:
    """Return the least threshold that the node's operator takes; 0: it says nothing.

    Raises
    ------
    ConfigError
        If it is no number of nodes.
    """
    value = node_config.get(NODE_THRESHOLD, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{NODE_THRESHOLD} in --node-config is {value!r}: a number is needed")
    return value


def proofs_of(node_config: Mapping[str, object], *, public_key: bool) -> str:
    """Return whom the node believes about the chain: ``light``, ``node`` or ``coordinator``.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    value = node_config.get(PROOFS, "coordinator" if public_key else "light")
    if value not in {"light", "node", "coordinator"}:
        raise ConfigError(
            f"{PROOFS} in --node-config is {value!r}; it can be light, node or coordinator"
        )
    return str(value)
