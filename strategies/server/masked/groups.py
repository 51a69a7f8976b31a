"""Sums of groups: unmasked one by one, judged by their means, and added up where they are accepted.

A group stands or falls as a whole, and its members without a strike: most of them may be honest.
Who cheats shows over rounds, in which groups are drawn anew.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.published.grouped import RULE, VERSION, GroupRecord, SummedGroup
from bcfl_plugins.secure.groups import LEAST_GROUPS
from bcfl_plugins.secure.recovery import CannotUnmask, FalseShares
from pallet_bridge.encoding import blake2_256
from pallet_bridge.run.judgements import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.secure.recovery import Answers
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.types import ClientUpdate, RoundContext, Verdict
    from pallet_bridge.types import AccountId
    from strategies.server.masked.case import MaskCase
    from strategies.server.masked.phases import MaskedRound

    NDArray = np.ndarray[Any, np.dtype[Any]]


class GroupSums:
    """The way from masked updates to the sum of the groups that are accepted.

    Parameters
    ----------
    masked : MaskedRound
        The round, with its groups.
    ctx : RoundContext
        What was fixed before.
    sent : Mapping[AccountId, ClientUpdate]
        The masked updates.
    case : MaskCase
        Takes what there is against nodes.
    """

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
        self._members: dict[int, tuple[AccountId, ...]] = {}
        self._sums: dict[int, NDArray] = {}
        self._sealed: Sealed | None = None

    def verdict(self, is_summed: bool) -> Verdict:  # noqa: FBT001 - one question
        """Return the verdict of the plugin that masks, with what the groups follow from."""
        what = "a sum was made" if is_summed else "no sum was made"
        count = len(self._masked.parties)
        own = self._case.verdict(f"{what}; {len(self._sums)} of {count} groups were unmasked")
        return replace(own, judgement=self._judgement(own) or own.judgement)

    def decide(self, hooks: PluginManager) -> tuple[tuple[Verdict, ...], NDArray | None]:
        """Return the verdicts of the plugins, and the sum; what is against nodes is in the case."""
        case, masked = self._case, self._masked
        sealed = case.sealed(masked.masks, masked.opened.key)
        if sealed is None:
            return (), None
        self._sealed = sealed
        inside = case.inside(sealed, masked.dealings, self._sent)
        self._unmask(sealed, inside)
        verdicts: tuple[Verdict, ...] = ()
        if len(self._sums) < LEAST_GROUPS:
            case.all_out(
                f"{len(self._sums)} groups were unmasked, and {LEAST_GROUPS} at least are judged: "
                f"nobody's update is used"
            )
        else:
            verdicts = hooks.judge_updates(self._ctx, self._means())
        return verdicts, self._total(verdicts)

    def _unmask(self, sealed: Sealed, inside: set[AccountId]) -> None:
        """Unmask the sum of each group that has enough of its members in the round."""
        case, masked = self._case, self._masked
        accepted: set[AccountId] = set()
        for party in masked.parties:
            theirs = inside.intersection(party.roster.accounts)
            if len(theirs) >= party.needed:
                accepted |= theirs
                continue
            for who in theirs:
                few = f"{len(theirs)} of its group are in the round, and {party.needed} must be"
                case.out(who, few, strike=False)
        answered = masked.answers(sealed, inside & accepted, frozenset(accepted))
        for number, answers in enumerate(answered):
            if answers.accepted:
                self._open(number, answers)

    def _open(self, number: int, answers: Answers) -> None:
        """Unmask the sum of one group, or say why it stays hidden."""
        case, masks = self._case, self._masked.masks
        for who, why in answers.liars().items():
            case.liar(masks, who, why)
        members = tuple(sorted(answers.accepted, key=lambda one: one.raw))
        total = np.zeros(sum(one.size for one in self._ctx.reference.values()), np.uint32)
        for who in members:
            total += case.vector(self._sent[who], self._ctx)
        problem = ""
        try:
            answers.unmask(total)
        except CannotUnmask as error:
            if isinstance(error, FalseShares):
                case.liar(masks, error.dealer, "its shares are of another seed than it signed")
            problem = str(error)
        if not problem and not answers.roster.scale.is_possible(total, len(members)):
            problem = "the sum is beyond what clipped updates can give: somebody in it cheated"
        if problem:
            for who in members:
                case.out(who, f"its group is not counted: {problem}", strike=False)
            return
        self._members[number], self._sums[number] = members, total

    def _means(self) -> tuple[ClientUpdate, ...]:
        """Return what plugins judge: of each node the model that is the mean of its group."""
        reference = self._ctx.reference
        found = []
        for number, members in self._members.items():
            scale, place = self._masked.parties[number].roster.scale, 0
            mean = {}
            for name, start in reference.items():
                mean[name] = scale.mean(self._sums[number], len(members), start, place)
                mean[name].flags.writeable = False
                place += start.size
            arrays = MappingProxyType(mean)
            found += [
                replace(self._sent[who], arrays=arrays, sent=None, group=number) for who in members
            ]
        return tuple(sorted(found, key=lambda one: one.node.node_id))

    def _total(self, verdicts: tuple[Verdict, ...]) -> NDArray | None:
        """Return the sum of the groups that nothing is held against; None: there is none."""
        case = self._case
        rejected = {one.node_id for verdict in verdicts for one in verdict.rejections}
        total: NDArray | None = None
        for number, members in self._members.items():
            against = {who for who in members if who in case.against}
            against |= {who for who in members if self._sent[who].node.node_id in rejected}
            if not against:
                total = self._sums[number] if total is None else total + self._sums[number]
                continue
            for who in {*members} - against:
                case.out(who, "its group is not counted in this round", strike=False)
        return total

    def _judgement(self, own: Verdict) -> Judgement | None:
        """Keep what the round's groups and sums follow from; None: it is not kept."""
        grouping, sealed, roster = self._masked.grouping, self._sealed, self._masked.roster
        if grouping is None or sealed is None:
            return None
        record = GroupRecord(
            grouping,
            tuple(
                SummedGroup(
                    members,
                    self._masked.parties[number].needed,
                    blake2_256(self._sums[number].astype("<u4").tobytes()),
                )
                for number, members in self._members.items()
            ),
            roster.scale.clip,
            roster.scale.bits,
            (sealed.number, sealed.block),
            tuple(
                sorted(
                    ((one.node, one.num_examples) for one in self._sent.values()),
                    key=lambda pair: pair[0].node_id,
                )
            ),
            own.rejections,
            own.note,
        )
        kept = self._masked.masks.keep(record.plain())
        if kept is None:
            return None
        return Judgement(own.plugin, RULE, VERSION, inputs=kept)
