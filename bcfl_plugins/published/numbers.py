"""How numbers are brought to the model's dtypes: on the way in, and on the way out of an average.

What follows from published updates has to follow from them bit for bit, so who computes it first
and who computes it again do it by the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    NDArray = np.ndarray[Any, np.dtype[Any]]

_ROUNDED = 1e-9
"""How far an average of equal integers may be from them, relative to their size: float64 keeps 15
digits, and a sum over many replies loses some."""


def as_model(
    sent: Mapping[str, NDArray], reference: Mapping[str, NDArray]
) -> tuple[dict[str, NDArray], str]:
    """Bring arrays, which have the model's names and shapes, to its order and dtypes.

    Returns
    -------
    dict, str
        The arrays, read-only, and why they cannot be averaged; empty: they can.
    """
    if not all_finite(sent):
        return {}, "NaN or infinity among the values"
    arrays = {name: cast(sent[name], like.dtype) for name, like in reference.items()}
    if not all_finite({k: v for k, v in arrays.items() if v is not sent[k]}):
        return {}, "values beyond the range of the model's dtype"
    for array in arrays.values():
        array.flags.writeable = False
    return arrays, ""


def fits(dtype: np.dtype[Any], like: np.dtype[Any]) -> bool:
    """Say whether a dtype may stand for the model's.

    Any float for a float. Integers and bools for a float as well: a counter that the server
    averaged is a float in the model that went out, and what it was in the reply of a PyTorch node.
    """
    return dtype.kind in {"f": "fiub", "i": "iu", "u": "iu"}.get(like.kind, like.kind)


def cast(array: NDArray, dtype: np.dtype[Any]) -> NDArray:
    """Bring an array to a dtype.

    Averages of integers are rounded to the nearest, ties to even. What an integer dtype cannot
    hold becomes its least or greatest value; what a float cannot hold becomes infinite.
    """
    if array.dtype == dtype:
        return array
    if dtype.kind in "iu" and array.dtype.kind != "b":
        return _saturated(array, dtype)
    if dtype.kind == "b" and array.dtype.kind == "f":
        array = np.rint(array)
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def agreed(values: NDArray, plain: NDArray, sources: Sequence[NDArray]) -> NDArray:
    """Return rounded averages with what all sources say in the place of its rounded self."""
    if not sources or plain.dtype.kind not in "iu" or sources[0].shape != plain.shape:
        return plain
    first = sources[0]
    same = np.ones(plain.shape, np.bool_)
    for other in sources[1:]:
        same &= other == first
    exact = first.astype(np.float64)
    same &= np.abs(values - exact) <= np.maximum(0.5, _ROUNDED * np.abs(exact))
    return np.where(same, first, plain)


def all_finite(arrays: Mapping[str, NDArray]) -> bool:
    """Say whether no array holds a NaN or an infinity."""
    return all(
        bool(np.isfinite(array).all()) for array in arrays.values() if array.dtype.kind in "fc"
    )


def _saturated(array: NDArray, dtype: np.dtype[Any]) -> NDArray:
    least, greatest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if array.dtype.kind in "iu":
        held = np.iinfo(array.dtype)
        low, high = max(least, int(held.min)), min(greatest, int(held.max))
        bounded: NDArray = np.clip(array, low, high).astype(dtype)
        return bounded
    rounded = array.astype(np.float64)
    np.rint(rounded, out=rounded)
    with np.errstate(all="ignore"):
        whole = rounded.astype(dtype)
    # A float of 2^63 is one more than the greatest integer: compare before the conversion.
    whole[rounded >= float(greatest)] = greatest
    whole[rounded <= float(least)] = least
    return whole
