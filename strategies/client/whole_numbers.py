"""What a node trained as integers mod 2^32, as a masked or halved update is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.errors import MasksRefused, NothingSigned
from strategies.messages.records import to_arrays, without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.sketches import SketchSize
    from strategies._flower import Message, RecordDict

    NDArray = np.ndarray[Any, np.dtype[Any]]


def as_words(
    reply: Message, base: Mapping[str, NDArray], scale: MaskScale, size: SketchSize | None
) -> tuple[RecordDict, str, NDArray]:
    """Return a reply's records, the name of its ArrayRecord, and how far it moved the model.

    Parameters
    ----------
    reply
        What the node trained.
    base
        The model that came.
    scale
        How entries become integers.
    size
        Of the sketches that there will be; `None`: of none.

    Returns
    -------
    RecordDict, str, array
        The array is (d,) uint32.

    Raises
    ------
    NothingSigned
        If the update is not of the model that came, or not finite, or a sketch would tell it.
    """
    content = without_ours(reply.content)
    names = [name for name, one in content.items() if name in content.array_records]
    if len(names) != 1:
        raise NothingSigned(f"the reply has {len(names)} ArrayRecords; an update is one")
    trained = to_arrays(content.array_records[names[0]])
    if {n: a.shape for n, a in trained.items()} != {n: a.shape for n, a in base.items()}:
        raise NothingSigned("the update does not have the arrays of the model that came")
    floats = all(one.dtype.kind == "f" for one in (*trained.values(), *base.values()))
    if not floats:
        raise NothingSigned("a masked update is of floats only; keep integers on the nodes")
    vector = np.empty(sum(one.size for one in base.values()), np.uint32)
    if size is not None and not size.hides(vector.size):
        raise MasksRefused(
            f"a sketch of {size.cells} numbers of {vector.size} parameters tells too much: "
            f'lower bcfl.secure.width and tables, or take bcfl.secure.mode = "sum"'
        )
    try:
        scale.write([(base[n], trained[n]) for n in base], vector)
    except ValueError as error:
        raise NothingSigned(f"what was trained cannot be masked: {error}") from error
    return content, names[0], vector
