"""Lay a node's mask on what it trained: outside of all mods, so that nothing unmasked leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.client.halving import Halving
from strategies.client.mask_checks import must_mask
from strategies.client.mask_state import held, note_sent
from strategies.client.whole_numbers import as_words
from strategies.errors import MasksRefused
from strategies.messages.halves import read_halves
from strategies.messages.masks import read_masked
from strategies.messages.records import to_arrays, to_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from bcfl_plugins.secure.masking import Masked
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import ConfigRecord, Context, Message, RecordDict
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
        roster = self._masked.roster
        content, name, vector = as_words(reply, self._base, roster.scale, roster.sketch)
        self._masked.mask(vector)
        content[name] = to_record(_parts(vector, self._base))
        return content

    def committed(self, made: CommittedUpdate) -> None:
        """Note what the node committed to: only with it in the round it answers about it."""
        length = sum(one.size for one in self._base.values())
        note_sent(self._context, length, made.commitment)

    @staticmethod
    def records() -> dict[str, ConfigRecord]:
        """Return what goes with the reply besides: nothing."""
        return {}


def masking_of(
    content: RecordDict,
    base: RecordDict,
    context: Context,
    instruction: Instruction,
    signer: Signer,
) -> Masking | Halving | None:
    """Return the mask of a round, before the training; None: the update goes as it is.

    Raises
    ------
    NothingSigned
        If it is to be masked by another roster than this node dealt to, or not at all where this
        node sends masked updates only.
    """
    opened, digest = instruction.opened, read_masked(content)
    asked = read_halves(content)
    if asked is not None and digest is None:
        return Halving.of(asked, base, context, opened, signer)
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
