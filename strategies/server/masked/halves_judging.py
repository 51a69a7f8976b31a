"""From updates in two halves to their sum: both servers sketch, the sketches are judged.

Faults are named: by what the aggregator and the nodes signed. Whoever else fails costs nobody a
strike, and a sum that cannot be made leaves the model as it was.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.aggregator.errors import AggregatorUnusable
from bcfl_plugins.config.secure import MASKING
from bcfl_plugins.published.halved import RULE, VERSION, HalvesRecord, SketchedHalf
from bcfl_plugins.secure.halves import (
    COMMITTED,
    Halved,
    first_halves,
    receipt_payload,
    seed_digest,
    total_digest,
)
from bcfl_plugins.secure.sketches import Sketching
from pallet_bridge.keys import verify
from pallet_bridge.run.judgements import Judgement
from strategies.messages.fields import WireError
from strategies.messages.halves import read_half
from strategies.server.masked.model import as_sketched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.types import ClientUpdate, RoundContext, Verdict
    from pallet_bridge.types import AccountId
    from strategies._flower import Message
    from strategies.server.masked.case import MaskCase
    from strategies.server.masked.halves import HalvesRound

    NDArray = np.ndarray[Any, np.dtype[Any]]

GAP = (
    "whose halves came and fit, and which node says that a sketch is false, is the coordinator's "
    "word; of what both servers signed the signatures are checked"
)
"""Why a round in two halves cannot be decided again."""

_WHOSE = {1: "the coordinator", 2: "the aggregator", 3: "both servers"}
_log = logging.getLogger("flwr.bcfl")


class HalvesSums:
    """The way from halves to the sum of the updates that are accepted.

    Parameters
    ----------
    masked : HalvesRound
        The round.
    ctx : RoundContext
        What was fixed before.
    sent : Mapping[AccountId, ClientUpdate]
        What nodes committed to.
    case : MaskCase
        Takes what there is against nodes.
    messages : Mapping[AccountId, Message]
        Their replies, with the seeds.
    """

    def __init__(
        self,
        masked: HalvesRound,
        ctx: RoundContext,
        sent: Mapping[AccountId, ClientUpdate],
        case: MaskCase,
        messages: Mapping[AccountId, Message],
    ) -> None:
        self._masked, self._ctx, self._sent, self._case = masked, ctx, sent, case
        self._messages = messages
        self._kept: bytes | None = None
        self._halved: Mapping[AccountId, Halved] = {}
        self._digest = b""

    def verdict(self, is_summed: bool) -> Verdict:  # noqa: FBT001 - one question
        """Return the verdict of the plugin that masks."""
        kept = "" if self._kept is None else f"; what was said is 0x{self._kept.hex()}"
        what = "both sums were added" if is_summed else "no sum was made"
        note = f"{what}; the aggregator is {self._masked.second.account}{kept}"
        told = Judgement(MASKING, RULE, VERSION, inputs=self._kept, gap=GAP)
        return self._case.verdict(note, told)

    def decide(self, hooks: PluginManager) -> tuple[tuple[Verdict, ...], NDArray | None]:
        """Return the verdicts of the plugins, and the sum; what is against nodes is in the case."""
        case, masked = self._case, self._masked
        sealed = case.sealed(masked.masks, masked.opened.key)
        if sealed is None:
            return (), None
        try:
            return self._decided(hooks, sealed)
        except AggregatorUnusable as error:
            _log.error("bcfl: round %d: %s", masked.opened.round, error)
            case.all_out(f"the round is void: {error}")
            return (), None

    def _decided(
        self, hooks: PluginManager, sealed: Sealed
    ) -> tuple[tuple[Verdict, ...], NDArray | None]:
        case, masked, way = self._case, self._masked, self._masked.way
        halved, seeds = self._halves(case.inside(sealed, self._sent, self._sent))
        self._halved = halved
        second = masked.second_sketches(sealed, halved)
        for who in halved.keys() - second.keys():
            self._missing(sealed, who)
        there = sorted(second, key=lambda one: one.raw)
        sketching = Sketching(way.sketch, sealed.seed(masked.opened.key))
        made = sketching.of_seeds([seeds[who] for who in there], way.length)
        first = dict(zip(there, made, strict=True))
        shown = {who: (first[who], second[who]) for who in there}
        for who, said in masked.complaints(sealed, halved, shown).items():
            text = f"it signed that {_WHOSE[said]} signed a false sketch of its half"
            _log.error("bcfl: round %d: %s: %s", masked.opened.round, who, text)
            case.out(who, text, strike=False)
        judged = {
            who: first[who] + second[who][0]
            for who in sorted(there, key=lambda one: case.ids[one])
            if who not in case.against
        }
        size, bits = way.sketch, way.scale.bits
        verdicts = hooks.judge_updates(*as_sketched(self._ctx, self._sent, judged, bits, size))
        rejected = {one.node_id for verdict in verdicts for one in verdict.rejections}
        accepted = self._asking_no_more(
            frozenset(who for who in judged if case.ids[who] not in rejected), halved
        )
        total = None
        if len(accepted) < masked.needed:
            case.all_out(
                f"{len(accepted)} updates are accepted, and a sum is of {masked.needed} at least: "
                f"nobody's update is used"
            )
        else:
            of_second = {who: second[who][0] for who in accepted}
            total = self._summed(sealed, seeds, of_second, sketching)
        self._keep(sealed, accepted, shown)
        return verdicts, total

    def _asking_no_more(
        self, accepted: frozenset[AccountId], halved: Mapping[AccountId, Halved]
    ) -> frozenset[AccountId]:
        """Leave out who asks for more updates in a sum than there are: it ends no round."""
        while True:
            more = {who for who in accepted if halved[who].least > len(accepted)}
            if not more:
                return accepted
            for who in more:
                text = f"it asks for {halved[who].least} updates in a sum, and there are fewer"
                self._case.out(who, text, strike=False)
            accepted -= more

    def _missing(self, sealed: Sealed, who: AccountId) -> None:
        """Leave a node out whose half the aggregator does not have; say whose fault that is."""
        masked, (_, receipt) = self._masked, read_half(self._messages[who].content)
        kept = receipt_payload(masked.opened.key, who, sealed.commitments[who])
        text = "the aggregator does not have its half"
        if verify(masked.second.account, kept, receipt):
            text = f"{masked.second.account} signed that it keeps its half, and does not have it"
            _log.error("bcfl: round %d: %s: %s", masked.opened.round, who, text)
        self._case.out(who, text, strike=False)

    def _halves(
        self, inside: set[AccountId]
    ) -> tuple[dict[AccountId, Halved], dict[AccountId, bytes]]:
        """Return what nodes committed to, and the seeds that go with it; the others are out."""
        masked, place = self._masked, self._masked.opened.key
        halved: dict[AccountId, Halved] = {}
        seeds: dict[AccountId, bytes] = {}
        for who in inside:
            made = Halved.read(self._sent[who].arrays[COMMITTED])
            try:
                seed, _ = read_half(self._messages[who].content)
            except WireError as error:
                self._case.out(who, f"its first half cannot be read: {error}", strike=False)
                continue
            if made.way != masked.way.digest or made.seed != seed_digest(place, who, seed):
                text = "it committed to another first half than it sent, or to another way"
                self._case.out(who, text, strike=False)
                continue
            halved[who], seeds[who] = made, seed
        return halved, seeds

    def _summed(
        self,
        sealed: Sealed,
        seeds: Mapping[AccountId, bytes],
        second: Mapping[AccountId, NDArray],
        sketching: Sketching,
    ) -> NDArray | None:
        """Return the sum of both servers' sums, or say why there is none.

        Raises
        ------
        AggregatorUnusable
            If the aggregator gives no sum, or one that its own sketches refute.
        """
        masked = self._masked
        total = masked.second_total(sealed, frozenset(second))
        wanted = np.zeros_like(next(iter(second.values())))
        for sketch in second.values():
            wanted += sketch
        if not np.array_equal(wanted, sketching.of_vector(total)):
            raise AggregatorUnusable(
                masked.second.url,
                f"{masked.second.account} contradicts itself: its signed sum does not have the "
                f"sketch that its signed sketches add up to",
            )
        self._digest = total_digest(total)
        total += first_halves((seeds[who] for who in second), total.size)
        if not masked.scale.is_possible(total, len(second)):
            self._case.all_out("the sum is beyond what clipped updates can give: somebody cheated")
            return None
        return total

    def _keep(
        self,
        sealed: Sealed,
        accepted: frozenset[AccountId],
        shown: Mapping[AccountId, tuple[NDArray, tuple[NDArray, bytes]]],
    ) -> None:
        """Keep what both servers signed."""
        masked = self._masked
        signed = masked.signed_sketches
        halves = {
            who: SketchedHalf(self._halved[who], (first, signed[who][0]), (second, signed[who][1]))
            for who, (first, (second, _)) in shown.items()
        }
        record = HalvesRecord(
            masked.way,
            (sealed.number, sealed.block),
            halves,
            tuple(sorted(accepted)),
            (self._digest, masked.signed_total if self._digest else b""),
        )
        self._kept = masked.masks.keep(record.plain())
