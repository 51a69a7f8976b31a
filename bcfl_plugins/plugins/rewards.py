"""Plugin ``rewards``: share each round's reward by what the accepted nodes contributed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.apportion import split
from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.contribution import (
    Contribution,
    Ratings,
    Sampling,
    by_cosine,
    by_examples,
    by_rating,
    leave_one_out,
    of_loss,
    rate,
    shapley_monte_carlo,
    uniform,
)
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.gram import gram
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.hooks.markers import hookimpl
from bcfl_plugins.published.validation import losses_of, name_of
from bcfl_plugins.rounds.posted_roots import PostedRoots
from bcfl_plugins.types import SCORE_ONE
from pallet_bridge.errors.pallet import NothingToClaim, OffencePending, RoundExpired
from pallet_bridge.settlement.claims import all_claims, last_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import (
        ClientUpdate,
        NodeId,
        RoundResult,
        RunInfo,
        Scalar,
        Validation,
    )

    Losses = Callable[[Floats], Floats]

_log = logging.getLogger("flwr.bcfl")

_MEASURED = ("leave_one_out", "shapley", "rating")


@dataclass(frozen=True, slots=True)
class RewardsSettings:
    """Settings under ``bcfl.rewards``."""

    method: str = key(
        "auto",
        "How a round's reward is shared among the accepted nodes. auto is shapley where the "
        "strategy has its argument validation, and uniform elsewhere. influence pays each "
        "update's share in the average. The last three need validation.",
        choices=("auto", "uniform", "examples", "influence", "cosine", *_MEASURED),
    )
    clip: int = key(
        2, "examples: a claim counts up to this many times the median claim.", low=1, high=1000
    )
    permutations: int = key(
        16, "shapley: orders of the nodes that are drawn in each round.", low=1, high=100_000
    )
    claim: bool = key(
        default=False,
        doc="Pay the members what they earned at the end of the run. Without it each claims for "
        "itself, or anybody for it: bcfl claim.",
    )
    wait_blocks: int = key(
        -1,
        "claim: blocks to wait at the end of a run until the last reward is vested and past its "
        "dispute window. -1: as many as it takes on the embedded chain, none elsewhere.",
        low=-1,
        unit="blocks",
    )


class Rewards:
    """Weighs the accepted nodes of each round.

    Parameters
    ----------
    settings : RewardsSettings
        Checked settings.
    validation : callable or None
        The server's own measure of a model.

    Raises
    ------
    ConfigError
        If the method needs a measure and there is none.
    """

    def __init__(self, settings: RewardsSettings, validation: Validation | None) -> None:
        if settings.method in _MEASURED and validation is None:
            raise ConfigError(
                f"bcfl.rewards.method is {settings.method!r}, which measures models: give the "
                f"strategy validation=, a function from a model to the losses of your own examples"
            )
        self._settings = settings
        self._method = settings.method
        if settings.method == "auto":
            self._method = "uniform" if validation is None else "shapley"
        self._validation = validation
        self._ratings = Ratings()

    @hookimpl
    def bcfl_run_started(self, run: RunInfo) -> None:
        """Forget the ratings of earlier runs."""
        del run
        self._ratings = Ratings()

    @hookimpl
    def bcfl_state_kept(self) -> object:
        """Keep the ratings."""
        return self._ratings

    @hookimpl
    def bcfl_state_restored(self, state: object) -> None:
        """Go on from there."""
        if not isinstance(state, Ratings):
            raise ConfigError("what was kept holds no ratings")
        self._ratings = state

    @hookimpl
    def bcfl_reward_weights(
        self, result: RoundResult, updates: tuple[ClientUpdate, ...]
    ) -> Mapping[NodeId, int]:
        """Return shares in parts of 10^9; evenly when nobody contributed by the method."""
        accepted = {update.node.node_id for update in result.judged if update.accepted}
        kept = [update for update in updates if update.node.node_id in accepted]
        if not kept:
            return {}
        shares = self._contribution(result, kept).shares
        if not any(shares):
            shares = (1,) * len(kept)
        return {update.node.node_id: share for update, share in zip(kept, shares, strict=True)}

    def _contribution(self, result: RoundResult, kept: list[ClientUpdate]) -> Contribution:
        reference = result.ctx.reference
        if self._validation is not None and self._method in _MEASURED:
            return self._measured(result, kept, losses_of(self._validation, reference, kept))
        everyone = np.ones(len(kept), np.bool_)
        match self._method:
            case "examples":
                claims = [update.num_examples for update in kept]
                return by_examples(claims, everyone, self._settings.clip)
            case "influence":
                shares = [update.share or 0 for update in result.judged if update.accepted]
                return Contribution(split(shares), tuple(shares))
            case "cosine":
                ids = [update.node.node_id for update in kept]  # ascending, as rows are
                rows = parse([update.arrays for update in kept], Extras(reference, ids))
                return by_cosine(gram(rows), everyone / len(kept))
        return uniform(everyone)

    def _measured(
        self, result: RoundResult, kept: list[ClientUpdate], losses: Losses
    ) -> Contribution:
        match self._method:
            case "leave_one_out":
                return leave_one_out(of_loss(losses), len(kept))
            case "shapley":
                seed = [result.ctx.run.run_id % 2**32, result.ctx.server_round]
                return shapley_monte_carlo(
                    of_loss(losses),
                    len(kept),
                    rng=np.random.default_rng(seed),
                    sampling=Sampling(self._settings.permutations),
                )
        return self._rated(kept, losses)

    def _rated(self, kept: list[ClientUpdate], losses: Losses) -> Contribution:
        """Rank the nodes by how much the update of each alone lowers the loss."""
        alone = np.eye(len(kept))
        start = losses(np.zeros(len(kept))).mean()
        names = tuple(name_of(update.node) for update in kept)
        gains = {
            name: round(SCORE_ONE * float(start - losses(one).mean()))
            for name, one in zip(names, alone, strict=True)
        }
        self._ratings = rate(self._ratings, gains)
        return by_rating(self._ratings, names)


class PaidRewards(Rewards):
    """The same, and the members are paid at the end of the run.

    Parameters
    ----------
    settings : RewardsSettings
        Checked settings.
    validation : callable or None
        The server's own measure of a model.
    chain : ChainServices
        The federation's chain; the coordinator's key pays the fees.
    """

    def __init__(
        self, settings: RewardsSettings, validation: Validation | None, chain: ChainServices
    ) -> None:
        super().__init__(settings, validation)
        self._chain = chain
        self._limit = settings.wait_blocks
        self._roots = PostedRoots(chain)

    @hookimpl
    def bcfl_run_finished(self, run: RunInfo, error: BaseException | None) -> None:
        """Wait until all is vested as far as the settings allow, and pay what may be paid."""
        del run
        if error is None:
            self._chain.work.do("paying rewards", self._pay)

    def _pay(self) -> None:
        chain, client, work = self._chain, self._chain.checked, self._chain.work
        self._roots.finish(self._limit)
        block = chain.caught_up()
        until = work.reading(lambda: last_window(client, chain.federation, at=block.hash))
        blocks = until - block.number
        if blocks > 0 and chain.may_wait(blocks, self._limit):
            chain.wait_until_block(until, blocks)
        elif blocks > 0:
            _log.warning(
                "bcfl: the last rewards can be claimed after block %d, %d blocks from now: bcfl "
                "claim %s",
                until,
                blocks,
                chain.run_dir,
            )
        at = chain.believed().hash
        due = work.reading(lambda: all_claims(client, chain.federation, at=at))
        for account, listed in due.items():
            for call in listed:
                try:
                    chain.send(call)
                except (NothingToClaim, OffencePending, RoundExpired) as error:
                    # Claiming and reporting are open to anyone, and somebody was faster.
                    _log.info("bcfl: nothing is paid to %s: %s", account, error)


def create(settings: Mapping[str, Scalar], services: Services) -> Rewards:
    """Make the plugin from its table."""
    checked = read_table(RewardsSettings, "bcfl.rewards", settings)
    if not checked.claim:
        return Rewards(checked, services.validation)
    return PaidRewards(checked, services.validation, services.need_chain("rewards"))
