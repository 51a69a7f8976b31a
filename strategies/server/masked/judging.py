"""What of masked replies may be summed, and the sum: a masked round's part between two hooks.

Plugins judge the sketches as they judge updates in other rounds. Who lies about masks is rejected
by the name of the plugin that masks. A sum that cannot be unmasked leaves the model as it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.secure.recovery import (
    CannotUnmask,
    FalseShares,
    false_claims,
    left_out_by,
    lied_about,
)
from bcfl_plugins.secure.sketches import Sketching
from pallet_bridge.run.judgements import Judgement
from strategies.server.judging import Judged
from strategies.server.masked.case import GAP, MaskCase
from strategies.server.masked.groups import GroupSums
from strategies.server.masked.halves_judging import HalvesSums
from strategies.server.masked.model import as_sketched, summed_reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.secure.recovery import Answers, Claims
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.types import ClientUpdate, Rejection, RoundContext, Verdict
    from pallet_bridge.types import AccountId
    from strategies._flower import Message
    from strategies.server.masked.halves import HalvesRound
    from strategies.server.masked.phases import MaskedRound
    from strategies.server.replies import Replies

    NDArray = np.ndarray[Any, np.dtype[Any]]

_FORMAT = "bcfl-masks/1"
_log = logging.getLogger("flwr.bcfl")


def judge_masked(
    messages: Iterable[Message],
    replies: Replies,
    hooks: PluginManager,
    masked: MaskedRound | HalvesRound,
) -> tuple[Judged, list[Message]]:
    """Judge masked replies, and unmask the sum of those that are accepted.

    Returns
    -------
    Judged, list of Message
        The verdicts, and one message with the model that the sum gives; none without a sum.
    """
    ctx = replies.training.ctx
    fit, unusable = replies.screen(messages)
    updates = tuple(replies.update(reply) for reply in fit)
    for one in unusable:
        _log.warning("bcfl: round %d: node %d is left out: %s", ctx.server_round, *_said(one))
    hooks.updates_received(ctx, updates, unusable)
    sent = {one.node.account: one for one in updates if one.node.account is not None}
    case = MaskCase({account: one.node.node_id for account, one in sent.items()})
    summing: _Summing | GroupSums | HalvesSums
    if masked.kind == "halves":
        said = {one.node.account: reply.message for one, reply in zip(updates, fit, strict=True)}
        known = {who: message for who, message in said.items() if who is not None}
        summing = HalvesSums(masked, ctx, sent, case, known)
    elif masked.grouping is None:
        summing = _Summing(masked, ctx, sent, case)
    else:
        summing = GroupSums(masked, ctx, sent, case)
    verdicts, total = summing.decide(hooks)
    own = summing.verdict(total is not None)
    judged = merge_verdicts(updates, (own, *verdicts))
    for update in judged:
        if not update.accepted:
            what = update.node.node_id, update.detail
            _log.warning("bcfl: round %d: node %d is rejected: %s", ctx.server_round, *what)
    every = (own, *verdicts)
    found = Judged(
        judged,
        unusable,
        MappingProxyType({one.plugin: one.note for one in every if one.note}),
        MappingProxyType({one.plugin: one.state for one in every if one.state}),
        updates,
        judgements=tuple(one.judgement or Judgement(one.plugin, gap=GAP) for one in every),
    )
    accepted = {one.node.node_id for one in judged if one.accepted}
    if total is None or not accepted:
        return found, []
    good = [reply for reply in fit if reply.node_id in accepted]
    return found, [
        summed_reply(good, replies.training.expected, ctx.reference, total, masked.scale)
    ]


@dataclass(frozen=True, slots=True)
class _Sketched:
    """A round whose masks are sketched."""

    sketching: Sketching
    claims: Claims
    sketches: Mapping[AccountId, NDArray]
    disputed: Iterable[frozenset[AccountId]]

    def refuted(self, answers: Answers, length: int) -> set[AccountId]:
        """Return the ends of disputed pairs that the pair's own seed refutes."""
        found = set()
        for pair in self.disputed:
            seed = answers.disputed_seed(*pair)
            if seed is not None:
                found |= lied_about(self.sketching, self.claims, pair, seed, length)
        return found

    def liars_in(
        self, answers: Answers, own: Mapping[AccountId, bytes], total: NDArray
    ) -> set[AccountId]:
        """Return whose claims are refuted by the seeds that unmasked the sum.

        The sketch of the sum shows whether any claim about a pair with a node outside is false.
        """
        liars = false_claims(self.sketching, self.claims, own, total.size)
        judged = np.zeros_like(next(iter(self.sketches.values())))
        for who in own:
            judged += self.sketches[who]
        if np.array_equal(judged, self.sketching.of_vector(total)):
            return liars
        for who in own:
            for other in answers.roster.others(who):
                if other.account not in own:
                    pair = who, other.account
                    seed = answers.pair_seed(*pair)
                    liars |= {who} & lied_about(self.sketching, self.claims, pair, seed, total.size)
        return liars


class _Summing:
    """The way from masked updates to their sum."""

    def __init__(
        self,
        masked: MaskedRound,
        ctx: RoundContext,
        sent: Mapping[AccountId, ClientUpdate],
        case: MaskCase,
    ) -> None:
        self._masked = masked
        self._ctx = ctx
        self._sent = sent
        self._case = case
        self._length = sum(one.size for one in ctx.reference.values())
        self._kept: bytes | None = None

    def verdict(self, is_summed: bool) -> Verdict:  # noqa: FBT001 - one question
        """Return the verdict of the plugin that masks."""
        kept = "" if self._kept is None else f"; what was said is 0x{self._kept.hex()}"
        names = len(self._masked.roster.members)
        what = "the sum was unmasked" if is_summed else "no sum was unmasked"
        return self._case.verdict(
            f"{what}; roster of {names}, {self._masked.needed} at least in a sum{kept}"
        )

    def decide(self, hooks: PluginManager) -> tuple[tuple[Verdict, ...], NDArray | None]:
        """Return the verdicts of the plugins, and the sum; what is against nodes is in the case."""
        case, masked = self._case, self._masked
        sealed = case.sealed(masked.masks, masked.opened.key)
        if sealed is None:
            return (), None
        inside = case.inside(sealed, masked.dealings, self._sent)
        verdicts: tuple[Verdict, ...] = ()
        sketched = self._sketched(sealed, inside)
        if sketched is not None:
            size, bits = sketched.sketching.size, masked.scale.bits
            told = self._ctx, self._sent, sketched.sketches, bits, size
            verdicts = hooks.judge_updates(*as_sketched(*told))
        rejected = {one.node_id for verdict in verdicts for one in verdict.rejections}
        accepted = frozenset(
            who
            for who in inside - case.against.keys()
            if self._sent[who].node.node_id not in rejected
        )
        total = self._summed(sealed, inside, accepted, sketched)
        self._keep(sealed, accepted, {} if sketched is None else sketched.sketches)
        return verdicts, total

    def _vector(self, account: AccountId) -> NDArray:
        return self._case.vector(self._sent[account], self._ctx)

    def _sketched(self, sealed: Sealed, inside: set[AccountId]) -> _Sketched | None:
        """Return the sketches of those who claimed theirs undisputed; None: nobody sketches."""
        case, masked = self._case, self._masked
        if masked.roster.sketch is None:
            return None
        claims, silent = masked.claims(sealed, inside)
        for who, why in silent.items():
            case.out(who, f"its masks were not sketched: {why}", strike=False)
        disputed = claims.disputes()
        for who in left_out_by(disputed):
            case.out(who, "it and another node differ about the mask of both", strike=False)
        sketching = Sketching(masked.roster.sketch, sealed.seed(masked.opened.key))
        sketches = {
            who: claims.of_update(who, sketching.of_vector(self._vector(who)))
            for who in sorted(claims.of.keys() - case.against.keys(), key=lambda one: case.ids[one])
        }
        return _Sketched(sketching, claims, sketches, disputed)

    def _summed(
        self,
        sealed: Sealed,
        inside: set[AccountId],
        accepted: frozenset[AccountId],
        sketched: _Sketched | None,
    ) -> NDArray | None:
        """Return the sum of the accepted updates, or say why there is none."""
        case, masked = self._case, self._masked
        if len(accepted) < masked.needed:
            case.all_out(
                f"{len(accepted)} updates are accepted, and nodes unmask a sum of {masked.needed} "
                f"at least: nobody's update is used"
            )
            return None
        (answers,) = masked.answers(sealed, inside, accepted)
        for who, why in answers.liars().items():
            self._liar(who, why)
        total = np.zeros(self._length, np.uint32)
        for who in sorted(accepted, key=lambda one: one.raw):
            total += self._vector(who)
        try:
            own = answers.unmask(total)
        except CannotUnmask as error:
            if isinstance(error, FalseShares):
                self._liar(error.dealer, "its shares are of another seed than it signed")
            case.all_out(str(error))
            return None
        if sketched is not None and self._has_liars(sketched, answers, own, total):
            case.all_out("the round is void: a node that lied is in its sum")
            return None
        if not masked.roster.scale.is_possible(total, len(accepted)):
            case.all_out("the sum is beyond what clipped updates can give: somebody cheated")
            return None
        return total

    def _has_liars(
        self,
        sketched: _Sketched,
        answers: Answers,
        own: Mapping[AccountId, bytes],
        total: NDArray,
    ) -> bool:
        """Name who lied about its masks; say whether anybody did who is in the sum."""
        for who in sketched.refuted(answers, self._length):
            self._liar(who, "the sketch that it claimed of a mask is not that of the seed")
        liars = sketched.liars_in(answers, own, total)
        for who in liars:
            self._liar(who, "a sketch that it claimed of its masks is false")
        return bool(liars)

    def _liar(self, account: AccountId, why: str) -> None:
        self._case.liar(self._masked.masks, account, why)

    def _keep(
        self,
        sealed: Sealed,
        accepted: frozenset[AccountId],
        sketches: Mapping[AccountId, NDArray],
    ) -> None:
        roster = self._masked.roster
        self._kept = self._masked.masks.keep(
            {
                "format": _FORMAT,
                "roster": tuple(str(one) for one in roster.accounts),
                "digest": roster.digest,
                "needed": roster.needed,
                "clip": roster.scale.clip,
                "bits": roster.scale.bits,
                "block": sealed.block,
                "number": sealed.number,
                "accepted": tuple(sorted(str(one) for one in accepted)),
                "sketches": {str(who): sketch for who, sketch in sketches.items()},
            }
        )


def _said(one: Rejection) -> tuple[int, str]:
    return one.node_id, one.detail
