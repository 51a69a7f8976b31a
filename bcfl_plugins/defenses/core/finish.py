"""Put a result into the form of one update, and a decision into the order of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Decision
from bcfl_plugins.defenses.core.arrays.buffers import weighted_medians
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import AnyArray, Flags, Floats
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.arrays.rows import Rows


def restore(rows: Rows, flat: AnyArray, kept: Flags, weights: Floats) -> Any:  # noqa: ANN401
    """Return a (d,) result as one update; the reference, if there is one, is added.

    Arrays of the result may be parts of `flat`.

    Parameters
    ----------
    rows : Rows
        The rows that were judged.
    flat : AnyArray
        (d,) numpy, or a tensor where there is a `rows.device`.
    kept : Flags
        (n,) which rows give the integer arrays: the lower median of their values, entry by entry.
        With none of them kept, all rows give it.
    weights : Floats
        (n,) how much each of these rows counts in the median of the buffers; (0,): all the same.
    """
    some = kept if kept.any() else np.ones(rows.n, dtype=np.bool_)
    voters = rows.take(some)
    counts = weights[some] if len(weights) else np.ones(voters.n)
    arrays = {
        layer.name: _result_layer(rows, layer, voter, flat, counts)
        for layer, voter in zip(rows.layers, voters.layers, strict=True)
    }
    if rows.form == "mapping":
        return arrays
    return list(arrays.values()) if rows.form == "list" else arrays[0]


def decide(
    rows: Rows,
    *,
    kept: Flags,
    weights: Floats,
    scores: Floats,
    reason: Reason | Sequence[Reason],
    note: str = "",
) -> Decision:
    """Return a decision over all updates from one over the rows that passed the screen.

    Parameters
    ----------
    rows : Rows
        n rows; updates that are not among them were thrown out for values that are not finite.
    kept, scores : Flags, Floats
        (n,) each.
    weights : Floats
        (n,), or empty.
    reason : Reason or sequence of Reason
        Why a row is not kept, one for all or one for each.
    note : str
        As in `Decision`.
    """
    reasons = [Reason.NON_FINITE] * rows.total
    each = [reason] * rows.n if isinstance(reason, Reason) else list(reason)
    for i, place in enumerate(rows.origin.tolist()):
        reasons[place] = Reason.NONE if kept[i] else each[i]
    far = float(scores.max(initial=0.0))
    return Decision(
        kept=_scatter(rows, kept, fill=False),
        weights=_scatter(rows, weights, fill=0.0) if len(weights) else np.zeros(0),
        scores=_scatter(rows, scores, fill=far),
        reasons=tuple(reasons),
        note=note,
    )


def aggregate(rows: Rows, flat: AnyArray, decision: Decision, state: object = None) -> Aggregate:
    """Return the answer; what is not judged comes from the updates that the decision keeps."""
    weights = decision.weights[rows.origin] if len(decision.weights) else decision.weights
    return Aggregate(restore(rows, flat, decision.kept[rows.origin], weights), decision, state)


def placed(rows: Rows, vector: Floats) -> AnyArray:
    """Return a (d,) numpy vector where the rows are, in the dtype of blocks."""
    if rows.device is not None:
        return rows.device.placed(rows, vector)
    return vector.astype(rows.dtype, copy=False)


def copied(rows: Rows, flat: AnyArray) -> Any:  # noqa: ANN401 - numpy
    """Return a (d,) result as numpy, in memory that nobody else writes to."""
    if rows.device is not None:
        return rows.device.host(flat)
    if rows.referenced:  # what is given out is the sum with the reference, in other memory
        return flat
    return flat.copy()


def _scatter(rows: Rows, values: np.ndarray[Any, Any], *, fill: float) -> np.ndarray[Any, Any]:
    out = np.full(rows.total, fill, dtype=values.dtype)
    out[rows.origin] = values
    return out


def _result_layer(
    rows: Rows, layer: Layer, voter: Layer, flat: AnyArray, counts: Floats
) -> AnyArray:
    if layer.floating:
        return _float_layer(rows, layer, flat)
    return _buffer_layer(rows, voter, counts) if layer.buffer else _median_layer(rows, voter)


def _buffer_layer(rows: Rows, layer: Layer, counts: Floats) -> AnyArray:
    arrays = layer.arrays if rows.device is None else map(rows.device.host, layer.arrays)
    middle = weighted_medians([array[:] for array in arrays], counts)
    if rows.device is not None:
        return rows.device.float_layer(layer, rows.device.placed(rows, middle))
    kind = layer.dtype if rows.library is None else rows.library.numpy_dtype(layer.dtype)
    array = middle.astype(kind).reshape(layer.shape)
    return array if rows.library is None else rows.library.tensor(array)


def _float_layer(rows: Rows, layer: Layer, flat: AnyArray) -> AnyArray:
    part = flat[layer.start : layer.stop]
    if rows.device is not None:
        return rows.device.float_layer(layer, part)
    kind = layer.dtype if rows.library is None else rows.library.numpy_dtype(layer.dtype)
    with np.errstate(over="ignore"):
        if layer.reference is None:
            value = part.astype(kind, copy=False)
        else:  # added in float64 and rounded once, with no float64 array in between
            value = np.empty(part.shape, kind)
            np.add(part, layer.reference[:], out=value, dtype=np.float64, casting="unsafe")
    array = value.reshape(layer.shape)
    return array if rows.library is None else rows.library.tensor(array)


def _median_layer(rows: Rows, layer: Layer) -> AnyArray:
    middle = (len(layer.arrays) - 1) // 2
    if rows.device is not None:
        return rows.device.median_layer(layer, middle)
    kind = layer.arrays[0][:0].dtype
    size = int(np.prod(layer.shape, dtype=np.int64))
    out = np.empty(size, kind)
    width = max(1, (1 << 18) // (len(layer.arrays) * kind.itemsize))
    for start in range(0, size, width):
        stop = min(start + width, size)
        block = np.stack([array[start:stop] for array in layer.arrays])
        block.sort(axis=0)
        out[start:stop] = block[middle]
    array = out.reshape(layer.shape)
    return array if rows.library is None else rows.library.tensor(array)
