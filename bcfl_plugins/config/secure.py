"""What ``bcfl.secure`` may say, and what an operator says about masks with ``--node-config``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar

MASKING = "secure_aggregation"
"""The plugin that goes by the table ``bcfl.secure``."""

THRESHOLD = "secure_threshold"
"""The governed training parameter: the least threshold that the members agreed to."""

NODE_THRESHOLD = "bcfl-secure-threshold"
"""The key of ``--node-config``: the least threshold of this node; with it no update goes unmasked.
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
        "chain, whose means outliers judges. sum: nothing, and nobody is judged.",
        choices=("sketch", "groups", "sum"),
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
    tables: int = key(2, "sketch: tables of a sketch.", low=1, high=8)
    width: int = key(
        1024,
        "sketch: numbers of a table, a power of two. A node refuses sketches of more than a "
        "twentieth of the model's parameters.",
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
    if table.get("mode") == "two_servers":
        raise ConfigError(
            'bcfl.secure.mode is "two_servers", which this version does not have: take "sketch" '
            'or "groups", where outliers judges, or "sum"'
        )
    found = read_table(SecureConfig, "bcfl.secure", table)
    if found.width & (found.width - 1):
        raise ConfigError(
            f"bcfl.secure.width is {found.width}, which is no power of two; take "
            f"{1 << found.width.bit_length() - 1} or {1 << found.width.bit_length()}"
        )
    if found.mode == "groups" and found.threshold >= found.group:
        raise ConfigError(
            f"bcfl.secure.threshold is {found.threshold}, and a group of {found.group} has "
            f"{found.group - 1} other nodes: raise bcfl.secure.group, or lower the threshold"
        )
    return found


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
