"""Put into a run's store what its level of evidence asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.published.average import (
    NO_LIMITS,
    WEIGHTED_MEAN,
    AveragedUpdate,
    in_dtypes_of,
    limits,
    weighted_mean,
)
from bcfl_plugins.published.listing import ListedUpdate, plain_listing
from bcfl_plugins.published.sketches import SKETCHED_SUM
from bcfl_plugins.published.steps import in_order, same_memory, stepped, texts_of
from bcfl_plugins.published.stops import DoesNotHold
from pallet_bridge.encoding import update_digest
from pallet_bridge.run.content import arrays_bytes, value_bytes
from pallet_bridge.run.judgements import Evidence, Level, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.types import (
        Array,
        ClientUpdate,
        JudgedUpdate,
        RoundContext,
        RoundResult,
        ServerStep,
    )
    from pallet_bridge.run.store import ContentStore

TOLD: Mapping[Level, str] = {
    Level.BOOKKEEPING: "verdicts and signatures: what was decided, and nothing to decide it again",
    Level.DECISION: "the statistics that rules read, and what they remember: who has them decides "
    "again; that they are those of the updates stays the server's word",
    Level.SKETCH: "the statistics that rules read, sketches that nodes sign once a round is "
    "sealed, and models: who has them decides again, and sees to within a tolerance whether "
    "statistics and models are those of the updates",
    Level.UPDATES: "the updates and models themselves: who has them does everything again",
}
"""What a run says at its start."""


@dataclass(frozen=True, slots=True)
class EvidenceKeeper:
    """Keeps what a level asks for.

    Parameters
    ----------
    level : Level
        How much.
    store : ContentStore
        Where.
    """

    level: Level
    store: ContentStore

    def value(self, value: object) -> bytes | None:
        """Keep a value that a decision follows from; return its address, if the level asks for it.

        Raises
        ------
        EncodingError
            If it holds something that cannot be written.
        """
        if self.level is Level.BOOKKEEPING:
            return None
        return self.store.put(value_bytes(value))

    def round(self, ctx: RoundContext, updates: Sequence[ClientUpdate]) -> bytes | None:
        """Keep the model that went out, and the updates as they came, if the level asks for it.

        Returns
        -------
        bytes or None
            The address of the list of the updates.
        """
        if self.level is not Level.UPDATES:
            return None
        self.model(ctx.reference)
        digests = [self.store.put(arrays_bytes(one.sent or one.arrays)) for one in updates]
        listed = [
            ListedUpdate(update.node, update.num_examples, digest)
            for update, digest in zip(updates, digests, strict=True)
        ]
        return self.store.put(value_bytes(plain_listing(listed)))

    def model(self, model: Mapping[str, Array]) -> None:
        """Keep a model, if the level asks for it."""
        if self.level in {Level.SKETCH, Level.UPDATES}:
            self.store.put(arrays_bytes(model))


def evidence_of(
    keeper: EvidenceKeeper,
    result: RoundResult,
    updates: Sequence[ClientUpdate],
    listed: bytes | None,
) -> Evidence:
    """Keep the model, and return what a round's report offers.

    Parameters
    ----------
    keeper
        Of the run.
    result
        The round, which gave a model.
    updates
        What was judged.
    listed
        Where the list of the updates is.
    """
    if keeper.level is Level.SKETCH and result.model is not None:
        keeper.model(result.ctx.reference)
        keeper.model(result.model)
        address, is_sum = result.sketches or (None, False)
        how = SKETCHED_SUM if is_sum else ""
        return Evidence(keeper.level, result.judgements, how, sketches=address)
    if keeper.level is not Level.UPDATES or result.model is None:
        return Evidence(keeper.level, result.judgements, "", listed)
    keeper.model(result.model)
    average, is_stepped = average_of(result, updates)
    step = _kept_step(keeper, result.step) if is_stepped and result.step is not None else None
    return Evidence(keeper.level, result.judgements, average, listed, step)


def average_of(result: RoundResult, updates: Sequence[ClientUpdate]) -> tuple[str, bool]:
    """Say how a round's model follows from its updates, after having done it again.

    Returns
    -------
    method : str
        Of the average; empty: none is known by which the model follows.
    is_stepped : bool
        Whether the strategy's step has made the model of it.
    """
    mean = mean_of(result.ctx.reference, result.judged, updates, result.medians, result.clip)
    if mean is None or result.model is None:
        return "", False
    digest = update_digest(result.model)
    if update_digest(mean.model()) == digest:
        return WEIGHTED_MEAN, False
    step = result.step
    if step is None:
        return "", False
    try:
        model, after = stepped(step.method, step.settings, step.before, mean.base, mean.wide)
    except DoesNotHold:
        return "", False
    same = update_digest(mean.restored(model)) == digest and same_memory(after, step.after)
    return (WEIGHTED_MEAN, True) if same else ("", False)


def _kept_step(keeper: EvidenceKeeper, step: ServerStep) -> Step:
    memories = in_order(step.before), in_order(step.after)
    before, after = (keeper.store.put(value_bytes(one)) for one in memories)
    return Step(step.method, texts_of(step), before, after)


@dataclass(frozen=True, slots=True)
class RoundMean:
    """The mean of what was accepted in a round.

    Parameters
    ----------
    base : Mapping[str, Array]
        The model that went out.
    wide : Mapping[str, Array]
        The mean, as the strategy got it.
    updates : sequence of AveragedUpdate
        What was accepted.
    """

    base: Mapping[str, Array]
    wide: Mapping[str, Array]
    updates: Sequence[AveragedUpdate]

    def model(self) -> Mapping[str, Array]:
        """Return the mean in the dtypes of the model."""
        return self.restored(self.wide)

    def restored(self, model: Mapping[str, Array]) -> Mapping[str, Array]:
        """Return what was made of the mean in the dtypes of the model."""
        return in_dtypes_of(self.base, model, self.updates)


def mean_of(
    reference: Mapping[str, Array],
    judged: Sequence[JudgedUpdate],
    updates: Sequence[ClientUpdate],
    medians: Sequence[str],
    clip: float | None = None,
) -> RoundMean | None:
    """Return the weighted mean of what was accepted; ``None`` where nothing was.

    Parameters
    ----------
    reference
        The model that went out.
    judged
        The verdicts, ascending by node id.
    updates
        What was judged.
    medians
        Arrays of which it is the median.
    clip
        As `Verdict.clip`.
    """
    by_node = {update.node.node_id: update for update in updates}
    accepted = [one for one in judged if one.accepted]
    if not accepted:
        return None
    parts = {one.node.node_id: one.share for one in accepted if one.share is not None}
    averaged = [_averaged(by_node[one.node.node_id]) for one in accepted]
    room = NO_LIMITS if clip is None else limits(clip, updates, reference, medians)
    return RoundMean(reference, weighted_mean(reference, averaged, parts, medians, room), averaged)


def _averaged(update: ClientUpdate) -> AveragedUpdate:
    sent = update.arrays if update.sent is None else update.sent
    return AveragedUpdate(update.node.node_id, sent, update.arrays, update.num_examples)
