"""What `cluster_guard` remembers of each node between rounds."""

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
    course : Floats
        (s,) decayed sum of the sketches of its updates, each of length one at most.
    agreement : float
        Decayed sum of its agreement with the others times the median agreement of that round.
    evidence : float
        Decayed sum of squared median agreements: how much its rounds could tell.
    seen : int
        The last round it took part in.
    """

    course: Floats
    agreement: float
    evidence: float
    seen: int


@dataclass(frozen=True, slots=True, eq=False)
class GuardState:
    """The state of `cluster_guard`: 8 s bytes a node and a few numbers; s is 4096 at most."""

    round: int = 0
    nodes: Mapping[Key, Past] = field(default_factory=lambda: MappingProxyType({}))


def recall(state: object) -> GuardState:
    """Return the state of a call; an empty one at first.

    Raises
    ------
    BadUpdates
        If it is the state of another rule.
    """
    if state is None:
        return GuardState()
    if not isinstance(state, GuardState):
        raise BadUpdates("state", "cluster_guard did not return it; pass what it last returned")
    return state


def pasts(state: GuardState, ids: Sequence[Key], size: int) -> tuple[Floats, Floats, Floats]:
    """Return (n, s) courses, (n,) agreements and (n,) evidence; zeros for new nodes.

    Raises
    ------
    BadUpdates
        If the model had another size.
    """
    courses, agreements, evidence = (
        np.zeros((len(ids), size)),
        np.zeros(len(ids)),
        np.zeros(len(ids)),
    )
    for row, node in enumerate(ids):
        past = state.nodes.get(node)
        if past is None:
            continue
        if past.course.shape != (size,):
            raise BadUpdates("state", "the model has another size than before; start without state")
        courses[row], agreements[row], evidence[row] = past.course, past.agreement, past.evidence
    return courses, agreements, evidence


def after(
    state: GuardState,
    ids: Sequence[Key],
    courses: Floats,
    agreements: Floats,
    evidence: Floats,
    *,
    memory: int,
) -> GuardState:
    """Return the state after a round: its nodes, and those seen in the `memory` rounds before."""
    alive = {node: past for node, past in state.nodes.items() if state.round - past.seen < memory}
    for row, node in enumerate(ids):
        alive[node] = Past(
            courses[row].copy(), float(agreements[row]), float(evidence[row]), state.round
        )
    return GuardState(state.round + 1, MappingProxyType(alive))
