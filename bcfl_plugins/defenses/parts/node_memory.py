"""What a rule remembers of each node between rounds, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.defenses.base import Floats, Key

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Past(Generic[T]):
    """What is remembered of one node.

    Parameters
    ----------
    kept : T
        What the rule keeps of it.
    seen : int
        The last round that it took part in.
    """

    kept: T
    seen: int


@dataclass(frozen=True, slots=True, eq=False)
class NodeMemory(Generic[T]):
    """The state of a rule that remembers nodes.

    Parameters
    ----------
    rule : str
        The rule whose state this is.
    round : int
        The rounds so far.
    nodes : Mapping
        The pasts of those that are remembered.
    """

    rule: str
    round: int = 0
    nodes: Mapping[Key, Past[T]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, ids: Sequence[Key]) -> list[T | None]:
        """Return what is kept of each node, ``None`` where nothing is."""
        pasts = [self.nodes.get(node) for node in ids]
        return [None if past is None else past.kept for past in pasts]

    def after(self, news: Mapping[Key, T], rounds: int) -> NodeMemory[T]:
        """Return the memory after a round: its nodes, and those seen in the `rounds` before."""
        alive = {n: past for n, past in self.nodes.items() if self.round - past.seen < rounds}
        alive |= {node: Past(kept, self.round) for node, kept in news.items()}
        return NodeMemory(self.rule, self.round + 1, MappingProxyType(alive))


def recalled(state: object, rule: str) -> NodeMemory[Any]:
    """Return the memory in the state of a call; an empty one at first.

    Raises
    ------
    BadUpdates
        If it is the state of another rule.
    """
    if state is None:
        return NodeMemory(rule)
    if not isinstance(state, NodeMemory) or state.rule != rule:
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    return state


def stacked(vectors: Sequence[Floats | None], size: int) -> Floats:
    """Return (n, size) remembered vectors in rows of their own; zeros where there is none.

    Raises
    ------
    BadUpdates
        If one has another size, as the model had then.
    """
    found = np.zeros((len(vectors), size))
    for row, vector in enumerate(vectors):
        if vector is None:
            continue
        if vector.shape != (size,):
            raise BadUpdates("state", "the model has another size than before; start without state")
        found[row] = vector
    return found
