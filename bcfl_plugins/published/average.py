"""The average of a round as Flower's FedAvg and its like compute it: a function of the updates.

`weighted_mean` says what a strategy gets of the accepted updates and what it makes of them, number
by number, so that whoever has the updates gets the very same mean; `in_dtypes_of` makes a model of
it. A server that averages says so in its report once these have given the model that it settles.
What an optimizer makes of the mean is in `steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.defenses.core.arrays.buffers import weighted_medians
from bcfl_plugins.defenses.core.clipped import room_around
from bcfl_plugins.published.numbers import agreed, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from bcfl_plugins.types import ClientUpdate, NodeId

    NDArray = np.ndarray[Any, np.dtype[Any]]
    Limits = Mapping[str, tuple[NDArray, NDArray]]

NO_LIMITS: Limits = MappingProxyType({})
WEIGHTED_MEAN = "weighted_mean/1"
"""How reports call `weighted_mean`. Other arithmetic is another number."""


class NodeArrays(Protocol):
    """One node's update."""

    @property
    def node_id(self) -> NodeId:
        """Whose."""
        ...

    @property
    def arrays(self) -> Mapping[str, NDArray]:
        """In the model's order and dtypes."""
        ...


@dataclass(frozen=True, slots=True)
class AveragedUpdate:
    """An accepted update.

    Parameters
    ----------
    node_id : NodeId
        Whose.
    sent : Mapping[str, NDArray]
        As it came, in its own dtypes.
    arrays : Mapping[str, NDArray]
        In the model's order and dtypes.
    claim : int
        The claimed number of examples.
    """

    node_id: NodeId
    sent: Mapping[str, NDArray]
    arrays: Mapping[str, NDArray]
    claim: int


def weighted_mean(
    reference: Mapping[str, NDArray],
    updates: Sequence[AveragedUpdate],
    parts: Mapping[NodeId, int],
    named: Iterable[str],
    room: Limits = NO_LIMITS,
) -> dict[str, NDArray]:
    """Return the mean of the accepted updates as the strategy gets it: numpy chooses the dtypes.

    Parameters
    ----------
    reference
        The model that went out.
    updates
        One at least, ascending by node id.
    parts
        Of each update, in parts of 10^9; what is missing to 10^9 is the reference. Empty: they
        are weighed by their claims.
    named
        Arrays of which the mean is the median.
    room
        The least and greatest entries of some arrays.
    """
    settled = medians(named, updates, parts)
    mixed = mixed_dtypes([update.sent for update in updates])
    given = sum(parts.values()) if parts else ONE
    weights = [parts[one.node_id] if parts else one.claim for one in updates]
    total = sum(weights)
    means: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for update, weight in zip(updates, weights, strict=True):
            factor = weight / total
            for name, own in drawn(within(update.arrays, room), reference, given).items():
                array, sent = settled.get(name, own), update.sent[name]
                if array is update.arrays[name] and goes_as_sent(array, sent, name, mixed):
                    array = sent
                if name in means:
                    means[name] += array * factor
                else:
                    means[name] = array * factor
    return {name: np.asarray(mean) for name, mean in means.items()}


def in_dtypes_of(
    reference: Mapping[str, NDArray],
    model: Mapping[str, NDArray],
    updates: Sequence[AveragedUpdate],
) -> dict[str, NDArray]:
    """Return a model in the dtypes of the one that went out."""
    return {
        name: _restored(array, reference[name], [one.arrays[name] for one in updates])
        for name, array in model.items()
    }


def limits(
    reach: float,
    updates: Sequence[ClientUpdate],
    reference: Mapping[str, NDArray],
    settled: Iterable[str],
) -> Limits:
    """Return the least and greatest entries that the strategy gets of each array of floats.

    Parameters
    ----------
    reach : float
        As `Verdict.clip`.
    updates : sequence of ClientUpdate
        All that were judged.
    reference : Mapping[str, NDArray]
        The model that went out.
    settled : iterable of str
        Arrays that are not averaged anyway.
    """
    left = [name for name in reference if reference[name].dtype.kind == "f"]
    return {
        name: room_around([one.arrays[name] for one in updates], reference[name], reach)
        for name in left
        if name not in settled
    }


def within(arrays: Mapping[str, NDArray], room: Limits) -> Mapping[str, NDArray]:
    """Return a model with no entry outside of its room."""
    if not room:
        return arrays
    return {
        name: np.clip(array, *room[name]).astype(array.dtype) if name in room else array
        for name, array in arrays.items()
    }


def drawn(
    arrays: Mapping[str, NDArray], reference: Mapping[str, NDArray], given: int
) -> Mapping[str, NDArray]:
    """Return a model drawn to the reference by what is missing to 10^9 parts.

    All are drawn equally far: weights alone cannot say that an average counts less.
    """
    if given >= ONE:
        return arrays
    return {name: _between(reference[name], array, given / ONE) for name, array in arrays.items()}


def medians(
    names: Iterable[str], updates: Sequence[NodeArrays], parts: Mapping[NodeId, int]
) -> Mapping[str, NDArray]:
    """Return the medians of some arrays of the accepted updates, entry by entry.

    Parameters
    ----------
    names : iterable of str
        Which; those that the model does not have are left out.
    updates : sequence of NodeArrays
        One at least.
    parts : Mapping[NodeId, int]
        How much each counts; empty: all the same.
    """
    weights = np.array([parts.get(one.node_id, 1) for one in updates], dtype=np.float64)
    first = updates[0].arrays
    return {
        name: _median([one.arrays[name] for one in updates], weights)
        for name in sorted({*names} & first.keys())
    }


def mixed_dtypes(sent: Sequence[Mapping[str, NDArray]]) -> set[str]:
    """Return the arrays about whose dtype updates, as they came, disagree."""
    dtypes: dict[str, set[np.dtype[Any]]] = {}
    for arrays in sent:
        for name, array in arrays.items():
            dtypes.setdefault(name, set()).add(array.dtype)
    return {name for name, kinds in dtypes.items() if len(kinds) > 1}


def goes_as_sent(array: NDArray, sent: NDArray, name: str, mixed: AbstractSet[str]) -> bool:
    """Say whether a strategy gets an array, which nothing has changed, in the dtype it came in."""
    return array is sent or (array.dtype != sent.dtype and name not in mixed)


def _restored(mean: NDArray, like: NDArray, sources: Sequence[NDArray]) -> NDArray:
    if mean.dtype == like.dtype:
        return mean
    return agreed(mean, cast(mean, like.dtype), sources)


def _median(arrays: Sequence[NDArray], weights: NDArray) -> NDArray:
    if arrays[0].dtype.kind in "iub":
        middle: NDArray = np.sort(np.stack(arrays), axis=0)[(len(arrays) - 1) // 2]
        return middle
    found = weighted_medians([array.reshape(-1) for array in arrays], weights)
    return found.reshape(arrays[0].shape).astype(arrays[0].dtype)


def _between(start: NDArray, end: NDArray, part: float) -> NDArray:
    if end.dtype.kind not in "fc":
        return end
    wide = np.result_type(end.dtype, np.float64)
    first = start.astype(wide)
    between: NDArray = (first + part * (end.astype(wide) - first)).astype(end.dtype)
    return between
