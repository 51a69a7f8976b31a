"""What there is against nodes in one masked round, and what they sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.config.secure import MASKING
from bcfl_plugins.reasons import Reason
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.types import Rejection, Verdict
from pallet_bridge.run.judgements import Judgement

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.types import ClientUpdate, NodeId, RoundContext
    from pallet_bridge.types import AccountId, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]

GAP = "its rejections follow from what nodes signed about their masks, which the server checked"
"""Why the verdict of the plugin that masks cannot be decided again."""


@dataclass(slots=True)
class MaskCase:
    """What there is against nodes in one round, by account."""

    ids: Mapping[AccountId, NodeId]
    against: dict[AccountId, Rejection] = field(default_factory=dict)

    def out(
        self, account: AccountId, detail: str, reason: int = Reason.MALFORMED, *, strike: bool
    ) -> None:
        """Leave a node out; what costs a strike stands over what does not."""
        before = self.against.get(account)
        if account in self.ids and (before is None or (strike and not before.strike)):
            made = Rejection(self.ids[account], int(reason), detail, strike=strike)
            self.against[account] = made

    def liar(self, masks: Masks, account: AccountId, why: str) -> None:
        """Leave a node out that its own words refute: a strike, and for the rest of the run."""
        self.out(account, why, Reason.DIGEST_MISMATCH, strike=True)
        masks.bar(account, why)

    def all_out(self, detail: str) -> None:
        """Leave everybody out, without a strike."""
        for account in self.ids:
            self.out(account, detail, strike=False)

    def verdict(self, note: str, judgement: Judgement | None = None) -> Verdict:
        """Return it as the verdict of the plugin that masks."""
        rejections = sorted(self.against.values(), key=lambda one: one.node_id)
        told = judgement or Judgement(MASKING, gap=GAP)
        return Verdict(MASKING, tuple(rejections), note=note, judgement=told)

    def sealed(self, masks: Masks, place: RoundKey) -> Sealed | None:
        """Return the sealed round; None where the seal was not seen: everybody is out then."""
        try:
            return masks.sealed(place)
        except NotSealed as error:
            self.all_out(f"the seal of the round was not seen: {error}")
            return None

    def inside(
        self,
        sealed: Sealed,
        dealers: Container[AccountId],
        sent: Mapping[AccountId, ClientUpdate],
    ) -> set[AccountId]:
        """Return who dealt and is in the sealed round with what it sent; the others are out."""
        found = set()
        for account, update in sent.items():
            made = update.commitment
            is_sealed = made is not None and sealed.commitments.get(account) == made.commitment
            if account in dealers and is_sealed:
                found.add(account)
            else:
                self.out(account, "what it sent is not what is sealed on chain", strike=False)
        return found

    @staticmethod
    def vector(update: ClientUpdate, ctx: RoundContext) -> NDArray:
        """Return (d,) uint32 a masked update as one vector, in the model's order."""
        parts = [update.arrays[name].reshape(-1) for name in ctx.reference]
        return np.concatenate(parts).astype(np.uint32, copy=False)
