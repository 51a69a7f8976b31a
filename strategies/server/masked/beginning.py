"""How a round is masked, if it is: with each other, or in halves for two servers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from strategies.server.masked.halves import HalvesRound
from strategies.server.masked.phases import MaskedRound
from strategies.server.masked.rosters import CannotMask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strategies._flower import Message
    from strategies.messages.wire import Instruction
    from strategies.server.open_run import OpenRun

_log = logging.getLogger("flwr.bcfl")


def masked_round(
    run: OpenRun, instruction: Instruction, messages: Sequence[Message], length: int
) -> MaskedRound | HalvesRound | None:
    """Begin a masked round, where a plugin masks it; None: none does.

    Parameters
    ----------
    run, instruction, messages
        The run, the round on chain, and the messages of the strategy.
    length
        Parameters of the model.

    Raises
    ------
    CannotMask
        If too few nodes take part, or the second server is away.
    """
    masks, grid = run.hooks.masking(instruction.opened), run.grid
    if masks is None or grid is None:
        return None
    asked = [message.metadata.dst_node_id for message in messages]
    second = masks.settings.second
    try:
        if second is not None:
            return HalvesRound.begin(masks, second, run, grid, instruction, asked, length)
        return MaskedRound.begin(masks, run, grid, instruction, asked)
    except CannotMask as error:
        _log.error("bcfl: round %d is not trained: %s", instruction.opened.round, error)
        raise
