"""Whether a run's model can be screened and judged: asked once, before any node trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.published.numbers import all_finite
from strategies.errors import UnreadableArray, UnsuitableModel
from strategies.messages.arrays import STYPE, to_numpy

if TYPE_CHECKING:
    from strategies._flower import Array, ArrayRecord

_OFF = 'or set bcfl.screen = "off"'
_WIDE = ("float128", "float96", "complex256", "complex192")
_NARROW = ("bfloat16", "float8", "float4", "float6", "int4", "int2", "uint4", "uint2")


def check_model(record: ArrayRecord, judge: str | None) -> None:
    """Refuse a model whose updates could not be screened, or not be judged.

    Parameters
    ----------
    record : ArrayRecord
        The model.
    judge : str or None
        Who compares the updates with each other, or None: they are only averaged.

    Raises
    ------
    UnsuitableModel
        Naming the array and what to do.
    """
    if not record:
        raise UnsuitableModel(
            "", "none", "the model has no arrays to compare a reply with", f"build it here, {_OFF}"
        )
    floats = 0
    for name, array in record.items():
        floats += _checked(name, array, judge)
    if judge is not None and not floats:
        raise UnsuitableModel(
            "",
            next(iter(record.values())).dtype,
            f"no array of the model holds floats, and {judge} compares floats only",
            f"send floats, or leave {judge} out",
        )


def _checked(name: str, array: Array, judge: str | None) -> int:
    """Return how many floats an array holds."""
    try:
        values = to_numpy(array)
    except UnreadableArray as error:
        problem = f"cannot be read: {error}"
        raise UnsuitableModel(name, array.dtype, problem, _cure(array)) from error
    if not all_finite({name: values}):
        raise UnsuitableModel(
            name,
            array.dtype,
            "holds NaN or infinity, and no reply with such values passes the screening",
            f"keep it out of what is sent (in torch: persistent=False), {_OFF}",
        )
    if judge is not None and values.dtype.kind == "c":
        raise UnsuitableModel(
            name,
            array.dtype,
            f"holds complex numbers, and {judge} compares real ones only",
            f"send real and imaginary part as floats (torch.view_as_real), or leave {judge} out",
        )
    return values.size if values.dtype.kind == "f" else 0


def _cure(array: Array) -> str:
    if array.stype != STYPE:
        return f"make it with Array(ndarray), {_OFF}"
    if array.dtype.startswith(_WIDE):
        return f"its bytes are other numbers on other machines; send float64 or complex128, {_OFF}"
    if array.dtype.startswith(_NARROW):
        return f"numpy has no such dtype; send float32 or int8 and cast on the nodes, {_OFF}"
    return f"send bools, integers, floats or complex numbers, {_OFF}"
