"""What is remembered of each node between rounds, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.defenses.base import Floats, Key


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is remembered of one node.

    Parameters
    ----------
    vector : Floats
        (m,) a sketch; 8 * m bytes.
    seen : int
        The last round it took part in.
    number : float
        One number more, whose meaning is the rule's.
    """

    vector: Floats
    seen: int
    number: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The state of a rule that remembers nodes. The round is counted from 0."""

    round: int = 0
    nodes: Mapping[Key, Past] = field(default_factory=lambda: MappingProxyType({}))


def recalled(state: object, rule: str) -> Memory:
    """Return the memory in a call's extras; an empty one at first.

    Raises
    ------
    BadUpdates
        If it is the state of another rule.
    """
    if state is None:
        return Memory()
    if not isinstance(state, Memory):
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    return state


def vectors(memory: Memory, ids: Sequence[Key], size: int) -> Floats:
    """Return (n, m) what is remembered of the nodes; zeros for nodes without a past.

    Raises
    ------
    BadUpdates
        If the model had another size.
    """
    found = np.zeros((len(ids), size))
    for row, node in enumerate(ids):
        past = memory.nodes.get(node)
        if past is None:
            continue
        if past.vector.shape != (size,):
            raise BadUpdates("state", "the model has another size than before; start without state")
        found[row] = past.vector
    return found


def remembered(memory: Memory, news: Mapping[Key, Past], keep: int) -> Memory:
    """Return the memory after a round: the nodes of this round, and others seen lately."""
    alive = {
        node: past for node, past in memory.nodes.items() if memory.round - past.seen < keep
    } | dict(news)
    return Memory(memory.round + 1, MappingProxyType(alive))
