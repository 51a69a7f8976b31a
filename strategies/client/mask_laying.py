"""Lay a node's mask on what it trained: outside of all mods, so that nothing unmasked leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.client.mask_checks import must_mask
from strategies.client.mask_state import held, note_sent
from strategies.errors import MasksRefused, NothingSigned
from strategies.messages.masks import read_masked
from strategies.messages.records import to_arrays, to_record, without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.secure.masking import Masked
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import Context, Message, RecordDict
    from strategies.messages.wire import Instruction

    NDArray = np.ndarray[Any, np.dtype[Any]]


class Masking:
    """The mask of one round, laid on what the node trained.

    Parameters
    ----------
    masked : Masked
        The node in the round.
    base : RecordDict
        The app's own records of the training message: the model that came is in it.
    context : Context
        The node's.
    """

    def __init__(self, masked: Masked, base: RecordDict, context: Context) -> None:
        self._masked = masked
        self._context = context
        (record,) = base.array_records.values()
        self._base = to_arrays(record)

    def laid_on(self, reply: Message) -> RecordDict:
        """Return the reply's records with the update masked, as integers mod 2^32.

        Raises
        ------
        NothingSigned
            If the update is not of the model that came, or not finite.
        """
        content = without_ours(reply.content)
        names = [name for name, one in content.items() if name in content.array_records]
        if len(names) != 1:
            raise NothingSigned(f"the reply has {len(names)} ArrayRecords; an update is one")
        trained, base = to_arrays(content.array_records[names[0]]), self._base
        if {n: a.shape for n, a in trained.items()} != {n: a.shape for n, a in base.items()}:
            raise NothingSigned("the update does not have the arrays of the model that came")
        floats = all(one.dtype.kind == "f" for one in (*trained.values(), *base.values()))
        if not floats:
            raise NothingSigned("a masked update is of floats only; keep integers on the nodes")
        vector = np.empty(sum(one.size for one in base.values()), np.uint32)
        size = self._masked.roster.sketch
        if size is not None and not size.hides(vector.size):
            raise MasksRefused(
                f"a sketch of {size.cells} numbers of {vector.size} parameters tells too much: "
                f'lower bcfl.secure.width and tables, or take bcfl.secure.mode = "sum"'
            )
        try:
            self._masked.roster.scale.write([(base[n], trained[n]) for n in base], vector)
        except ValueError as error:
            raise NothingSigned(f"what was trained cannot be masked: {error}") from error
        self._masked.mask(vector)
        content[names[0]] = to_record(_parts(vector, base))
        return content

    def committed(self, made: CommittedUpdate) -> None:
        """Note what the node committed to: only with it in the round it answers about it."""
        length = sum(one.size for one in self._base.values())
        note_sent(self._context, length, made.commitment)


def masking_of(
    content: RecordDict,
    base: RecordDict,
    context: Context,
    instruction: Instruction,
    signer: Signer,
) -> Masking | None:
    """Return the mask of a round, before the training; None: the update goes as it is.

    Raises
    ------
    NothingSigned
        If it is to be masked by another roster than this node dealt to, or not at all where this
        node sends masked updates only.
    """
    opened, digest = instruction.opened, read_masked(content)
    if digest is None:
        why = must_mask(opened, context)
        if why is not None:
            raise MasksRefused(
                f"the server asks for an unmasked update, and {why}. Take secure_aggregation into "
                f"bcfl.plugins"
            )
        return None
    masked = held(context, opened.key, signer.account)
    if masked.roster.digest != digest:
        raise MasksRefused("the update is to be masked by another roster than this node dealt to")
    return Masking(masked, base, context)


def _parts(vector: NDArray, base: Mapping[str, NDArray]) -> dict[str, NDArray]:
    parts, place = {}, 0
    for name, array in base.items():
        parts[name] = vector[place : place + array.size].reshape(array.shape)
        place += array.size
    return parts
