"""Open a training round: on chain, with the nodes' masks, and in what the messages say."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bcfl_plugins.types import RoundContext, RunInfo
from strategies.messages.protection import guarded
from strategies.messages.records import to_arrays
from strategies.messages.wire import Instruction
from strategies.server.masked.halves import HalvesRound
from strategies.server.masked.phases import MaskedRound
from strategies.server.masked.rosters import CannotMask
from strategies.server.opening.instruct import check_carried, instruct
from strategies.server.reading.expectations import Model, expectations_of
from strategies.server.replies import Training
from strategies.server.sketched.phases import SketchedRound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bcfl_plugins.config.run_config import BcflConfig
    from strategies._flower import ArrayRecord, Message
    from strategies._flower import strategy as flower
    from strategies.server.open_run import OpenRun

_NO_RUN = RunInfo(0, 0)
_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class OpenedTraining:
    """A training round that is open.

    Parameters
    ----------
    training : Training
        What was fixed.
    messages : list of Message
        What goes out.
    masked : MaskedRound, HalvesRound or None
        How its updates are masked; `None`: they are not.
    untrained : str or None
        Why nobody is asked to train, where the strategy had somebody to ask.
    sketched : SketchedRound or None
        How nodes sign sketches of their updates; `None`: they do not.
    """

    training: Training
    messages: list[Message]
    masked: MaskedRound | HalvesRound | None = None
    untrained: str | None = None
    sketched: SketchedRound | None = None


def open_training(
    run: OpenRun | None,
    strategy: flower.Strategy,
    config: BcflConfig,
    sent: tuple[int, ArrayRecord],
    messages: Iterable[Message],
) -> OpenedTraining:
    """Open a round on chain if a plugin does, and say so in the messages.

    Parameters
    ----------
    run : OpenRun or None
        The run with the plugins.
    strategy : Strategy
        Whose messages they are.
    config : BcflConfig
        The checked config.
    sent : (int, ArrayRecord)
        Flower's round, and the model that goes out.
    messages : iterable of Message
        As the strategy made them.
    """
    server_round, arrays = sent
    listed, reference = list(messages), to_arrays(arrays)
    opened = None
    if run is not None and listed:
        run.asks(server_round, len(listed))
        opened = run.hooks.round_opening(run.info, server_round, reference)
    expected = expectations_of(strategy, config.max_examples, whole=opened is not None)
    ctx = RoundContext(_NO_RUN if run is None else run.info, server_round, opened, reference)
    if run is None:
        return OpenedTraining(Training(ctx, expected, _nodes(listed)), listed)
    ctx = replace(ctx, left_out=run.barred)
    if opened is None:
        if run.hooks.names:
            listed = guarded(listed, ", ".join(run.hooks.names))
        return OpenedTraining(Training(ctx, expected, _nodes(listed)), listed)
    check_carried(listed, arrays, opened.binding.base_model)
    instruction = Instruction(opened, expected.weight_key)
    try:
        length = sum(one.size for one in reference.values())
        masked = _masked_round(run, instruction, listed, length)
    except CannotMask as error:
        return OpenedTraining(Training(ctx, expected, frozenset()), [], untrained=str(error))
    if masked is not None:
        ctx = replace(ctx, left_out={**run.barred, **masked.left_out(run)})
        is_halved = isinstance(masked, HalvesRound)
        expected = replace(expected, model=Model.HALVES if is_halved else Model.MASKED)
        listed = masked.messages(listed)
    listed = instruct(listed, instruction)
    sketched = SketchedRound.of(run, instruction)
    if sketched is not None:
        listed = sketched.messages(listed)
    training = Training(ctx, expected, _nodes(listed))
    return OpenedTraining(training, listed, masked, sketched=sketched)


def _masked_round(
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


def _nodes(messages: Iterable[Message]) -> frozenset[int]:
    return frozenset(message.metadata.dst_node_id for message in messages)
