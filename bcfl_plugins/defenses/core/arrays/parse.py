"""Read updates in any of their forms into `Rows`, or say what is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.base import require_ids
from bcfl_plugins.defenses.core.arrays.buffers import is_buffer
from bcfl_plugins.defenses.core.arrays.layer import Layer
from bcfl_plugins.defenses.core.arrays.rows import InputForm, Rows
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import AnyArray, Extras, Updates

SAMPLE = 1024
"""Entries of each array that are looked at first to put updates in order."""

_WIDEST = 8
"""Bytes of an entry: wider floats are other numbers on other machines."""

Named = Mapping[str | int, Any]


def parse(updates: Updates, extras: Extras) -> Rows:
    """Return the updates as rows in canonical order: by id, or without ids by content.

    Parameters
    ----------
    updates : Updates
        n updates in one of the forms of `base.Updates`, or a sequence of n arrays.
    extras : Extras
        Its `reference` is checked and subtracted when rows are read; its `ids` order the rows.

    Raises
    ------
    BadUpdates
        If there are no updates, their names, shapes or dtypes differ, an array is neither float
        nor integer nor bool, or the reference does not fit or is not finite.
    """
    form, named = _unify(updates, "updates")
    library = _torch() if _is_torch(next(iter(named[0].values()), None)) else None
    names = _names(named)
    reference = _reference(extras.reference, form, named[0])
    order = _order(named, names, extras)
    named = [named[i] for i in order]
    device = library if library and library.stays([named[0][n] for n in names]) else None
    stays = device is not None
    layers: list[Layer] = []
    end = 0
    for name in names:
        first = named[0][name]
        buffer = _kind(first) and is_buffer(name, extras.buffers)
        floating = _kind(first) and not buffer
        size = int(np.prod(tuple(first.shape), dtype=np.int64)) if floating else 0
        layers.append(
            Layer(
                name,
                tuple(first.shape),
                first.dtype,
                end if floating else 0,
                end + size if floating else 0,
                floating,
                buffer,
                tuple(_flat(update[name], stays=stays) for update in named),
                _flat(reference[name], stays=stays) if reference and floating else None,
            )
        )
        end += size
    wide = any(layer.floating and layer.dtype.itemsize > np.float32().itemsize for layer in layers)
    rows = Rows(
        form,
        tuple(layers),
        np.array(order, dtype=np.int64),
        len(named),
        library,
        device,
        np.dtype(np.float64 if wide else np.float32),
        reference is not None,
    )
    _check_reference(rows)
    return rows


def flatten(rows: Rows, update: Any, field: str) -> np.ndarray[Any, np.dtype[np.float64]]:  # noqa: ANN401
    """Return one more update, such as the trusted one, as a (d,) float64 vector.

    It is given as the updates are: a model when there is a reference, else a delta.

    Raises
    ------
    BadUpdates
        If it does not fit, or is not finite; `field` names it.
    """
    named = _single(update, rows.form, field)
    _fits(named, {layer.name: layer for layer in rows.layers}, field)
    vector = np.empty(rows.d)
    for layer in rows.judged:
        piece = _numbers(_flat(named[layer.name], stays=rows.device is not None))
        if layer.reference is not None:
            piece = piece - _numbers(layer.reference)
        vector[layer.start : layer.stop] = piece
    if not np.isfinite(vector).all():
        raise BadUpdates(field, "a value is not finite")
    return vector


def _numbers(flat: AnyArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    host = flat if isinstance(flat, np.ndarray | np.flatiter) else _torch().host(flat)
    return np.asarray(host[:], dtype=np.float64)


def _torch() -> Any:  # noqa: ANN401 - a module
    from bcfl_plugins.defenses.core.arrays import _torch as backend  # noqa: PLC0415 - torch is optional

    return backend


def _is_torch(value: object) -> bool:
    return any(kind.__module__.partition(".")[0] == "torch" for kind in type(value).__mro__)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or _is_torch(value)


def _unify(updates: Any, field: str) -> tuple[InputForm, list[Named]]:  # noqa: ANN401 - untrusted
    if _is_array(updates):
        _require_plain(updates, field, "the matrix")
        if updates.ndim != 2:  # noqa: PLR2004 - a matrix
            raise BadUpdates(field, f"a matrix has one update in each row, not {updates.ndim} axes")
        form: InputForm = "matrix"
        named: list[Named] = [{0: updates[i]} for i in range(len(updates))]
    elif not isinstance(updates, Sequence):
        raise BadUpdates(field, "pass a matrix, or a sequence of updates")
    elif all(isinstance(one, Mapping) for one in updates):
        form, named = "mapping", list(updates)
    elif all(_is_array(one) for one in updates):
        form, named = "array", [{0: one} for one in updates]
    elif all(isinstance(one, Sequence) for one in updates):
        form, named = "list", [dict(enumerate(one)) for one in updates]
    else:
        raise BadUpdates(field, "pass all updates in one form: mappings, lists, or arrays")
    if not named:
        raise BadUpdates(field, "there are none")
    return form, named


def _single(update: Any, form: InputForm, field: str) -> Named:  # noqa: ANN401 - untrusted
    if form in {"matrix", "array"}:
        if not _is_array(update):
            raise BadUpdates(field, "it must be one array, as an update is")
        return {0: update}
    given, named = _unify([update], field)
    if given != form:
        raise BadUpdates(field, f"it must be a {form}, as an update is")
    return named[0]


def _names(named: list[Named]) -> list[str | int]:
    first = list(named[0])
    if any(set(update) != set(first) for update in named):
        raise BadUpdates("updates", "they must have the same arrays")
    for name in first:
        kinds = {_signature(update[name], name) for update in named}
        if len(kinds) > 1:
            raise BadUpdates("updates", f"array {name!r} must have one shape and dtype: {kinds}")
    if any(list(update) != first for update in named):
        return sorted(first, key=str)
    return first


def _signature(array: Any, name: str | int) -> tuple[tuple[int, ...], object, str]:  # noqa: ANN401
    if not _is_array(array):
        raise BadUpdates("updates", f"{name!r} must be a numpy array or a torch tensor")
    _require_plain(array, "updates", f"array {name!r}")
    return tuple(array.shape), array.dtype, str(getattr(array, "device", "cpu"))


def _require_plain(array: Any, field: str, called: str) -> None:  # noqa: ANN401 - untrusted
    problem = _problem(array)
    if problem is not None:
        raise BadUpdates(field, f"{called} {problem}")


def _problem(array: Any) -> str | None:  # noqa: ANN401 - untrusted
    """Say why an array cannot be read as plain numbers in rows, or None."""
    if not isinstance(array, np.ndarray):
        problem: str | None = _torch().problem(array)
        return problem
    if type(array) not in {np.ndarray, np.memmap}:
        return f"is a {type(array).__name__}; pass a plain array, as np.asarray gives it"
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > _WIDEST:
        return f"has dtype {array.dtype}; use floats of 16 to 64 bits"
    return None


def _kind(array: AnyArray) -> bool:
    """Whether an array is of floats."""
    return bool(
        (array.dtype.kind if isinstance(array, np.ndarray) else _torch().kind(array)) == "f"
    )


def _flat(array: AnyArray, *, stays: bool) -> Any:  # noqa: ANN401 - an array or an iterator of one
    if not isinstance(array, np.ndarray):
        array = array.detach()
        if stays:
            return array.reshape(-1)
        array = array.numpy()
    if array.ndim <= 1 or array.flags.c_contiguous:
        return array.reshape(-1)
    return array.flat  # slices are copied, the whole is not


def _reference(reference: Any, form: InputForm, first: Named) -> Named | None:  # noqa: ANN401
    if reference is None:
        return None
    named = _single(reference, form, "reference")
    _fits(named, first, "reference")
    return named


def _fits(named: Named, like: Mapping[str | int, Any], field: str) -> None:
    if set(named) != set(like):
        raise BadUpdates(field, "it must have the arrays that the updates have")
    for name, array in named.items():
        if _is_array(array):
            _require_plain(array, field, f"array {name!r}")
        if not _is_array(array) or tuple(array.shape) != tuple(like[name].shape):
            raise BadUpdates(field, f"array {name!r} must be an array of an update's shape")
        if _is_torch(array) != _is_torch_dtype(like[name].dtype):
            raise BadUpdates(field, f"array {name!r} must be of the updates' library")


def _is_torch_dtype(dtype: object) -> bool:
    return not isinstance(dtype, np.dtype)


def _check_reference(rows: Rows) -> None:
    for layer in rows.judged:
        if layer.reference is not None:
            for start in range(0, layer.stop - layer.start, 1 << 16):
                piece = layer.reference[start : start + (1 << 16)]
                numbers = piece if isinstance(piece, np.ndarray) else _torch().host(piece)
                if not np.isfinite(numbers).all():
                    raise BadUpdates("reference", f"array {layer.name!r} has a value not finite")


def _order(named: list[Named], names: list[str | int], extras: Extras) -> list[int]:
    n = len(named)
    if extras.ids is not None:
        ids: Sequence[Any] = require_ids(extras, n)
        return sorted(range(n), key=lambda i: ids[i])
    keys = [_digest(update, names, SAMPLE) for update in named]
    twice = {key for key in keys if keys.count(key) > 1}
    full = [
        _digest(u, names, None) if k in twice else b"" for u, k in zip(named, keys, strict=True)
    ]
    return sorted(range(n), key=lambda i: (keys[i], full[i]))


def _digest(update: Named, names: list[str | int], sample: int | None) -> bytes:
    """Hash an update's content, or about `sample` entries of each of its arrays."""
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        array = update[name]
        flat = _flat(array, stays=not isinstance(array, np.ndarray))
        size = int(np.prod(tuple(array.shape), dtype=np.int64))
        chunk = 1 << 16
        if sample is not None:
            digest.update(_content(flat[:: max(1, size // sample)]))
        else:
            for start in range(0, size, chunk):
                digest.update(_content(flat[start : start + chunk]))
    return digest.digest()


def _content(piece: AnyArray) -> bytes:
    if isinstance(piece, np.ndarray):
        return piece.tobytes()
    content: bytes = _torch().content(piece)
    return content
