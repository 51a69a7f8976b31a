"""Plugin ``secure_aggregation``: the server gets sums of masked updates, and sketches to judge by.

How updates are masked says the table ``bcfl.secure``; the protocol runs in `strategies`. The plugin
knows the chain: who is in a round is what was sealed there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.config.secure import MASKING, SKETCHED, SecureConfig
from bcfl_plugins.config.tables import read_table
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.registry import ALL_RULES
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.hooks.markers import hookimpl, needs_chain
from bcfl_plugins.secure.service import MaskSettings, SecondServer
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.session.sealing import drawn_groups, sealed_round
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.judgements import Level
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import NodeId, NodeRef, OpenedRound, Scalar
    from pallet_bridge.types import RoundKey

_BY_SKETCHES = ("gram", "norms")
_BLIND = ("auto", "examples", "influence", "uniform")
_log = logging.getLogger("flwr.bcfl")


class SecureAggregation:
    """Secure aggregation of one run.

    Parameters
    ----------
    config : SecureConfig
        Checked settings.
    chain : ChainServices
        The federation's chain.
    """

    def __init__(self, config: SecureConfig, chain: ChainServices) -> None:
        sketch = SketchSize(config.tables, config.width) if config.mode in SKETCHED else None
        group = config.group if config.mode == "groups" else 0
        second = None
        if config.mode == "two_servers":
            account = AccountId.parse(config.aggregator_account)
            second = SecondServer(config.aggregator, account)
        how = config.clip, sketch, config.threshold, config.answer_s
        self.settings = MaskSettings(*how, group, second)
        self._chain = chain
        self._barred: dict[AccountId, str] = {}

    @hookimpl
    def bcfl_masking(self, opened: OpenedRound) -> SecureAggregation:
        """Mask every round."""
        del opened
        return self

    @hookimpl
    def bcfl_eligible_nodes(self, nodes: tuple[NodeRef, ...]) -> Mapping[NodeId, str]:
        """Leave out who lied about its masks, and who has no account to sign a mask key."""
        found = {}
        for node in nodes:
            if node.account is None:
                found[node.node_id] = "it has not proved an account, which signs a mask key"
            elif node.account in self._barred:
                found[node.node_id] = self._barred[node.account]
        return found

    @hookimpl
    def bcfl_state_kept(self) -> object:
        """Keep who lied."""
        return {str(account): why for account, why in self._barred.items()}

    @hookimpl
    def bcfl_state_restored(self, state: object) -> None:
        """Go on without them."""
        if not isinstance(state, dict):
            raise ConfigError("what was kept does not say who lied about masks")
        self._barred = {AccountId.parse(str(who)): str(why) for who, why in state.items()}

    def sign(self, payload: bytes) -> bytes:
        """See `Masks.sign`."""
        return self._chain.coordinator.sign(payload)

    def sealed(self, place: RoundKey) -> Sealed:
        """See `Masks.sealed`."""
        return sealed_round(self._chain, place)

    def grouping(self, place: RoundKey) -> Grouping:
        """See `Masks.grouping`."""
        return drawn_groups(self._chain, place, self.settings.group)

    def bar(self, account: AccountId, why: str) -> None:
        """See `Masks.bar`."""
        _log.warning("bcfl: %s is left out for the rest of the run: %s", account, why)
        self._barred[account] = f"it lied about its masks: {why}"

    def keep(self, transcript: object) -> bytes | None:
        """See `Masks.keep`."""
        try:
            return self._chain.keeper.value(transcript)
        except EncodingError as error:
            _log.warning("bcfl: what was said about masks cannot be kept: %s", error)
            return None


@needs_chain
def create(settings: Mapping[str, Scalar], services: Services) -> SecureAggregation:
    """Make the plugin; its table is ``bcfl.secure``.

    Raises
    ------
    ConfigError
        If another setting needs to see updates.
    """
    if settings:
        raise ConfigError(f"the settings of {MASKING} stand in the table bcfl.secure")
    config = services.config.secure or read_table(SecureConfig, "bcfl.secure", {})
    problem = what_cannot_act(config, services)
    if problem is not None:
        raise ConfigError(problem)
    return SecureAggregation(config, services.need_chain(MASKING))


def what_cannot_act(config: SecureConfig, services: Services) -> str | None:
    """Say which setting cannot work where the server sees no update, and what to change."""
    whole = services.config
    coordinator = None if services.chain is None else services.chain.coordinator.account
    problems = _about_seeing(services), _about_mode(config, whole.plugin_names, coordinator)
    found = next((one for one in problems if one is not None), None)
    if found is None and config.mode != "sum":
        return _about_outliers(config, whole.table("outliers"))
    return found


def _about_seeing(services: Services) -> str | None:
    whole = services.config
    if whole.evidence.level is Level.UPDATES:
        return (
            'bcfl.evidence.publish is "updates", and the server sees none of them: set it to '
            '"decision", which publishes the sketches\' statistics'
        )
    if whole.evidence.level is Level.SKETCH:
        return (
            'bcfl.evidence.publish is "sketch", for which nodes sketch updates that are not '
            f'masked: set it to "decision", or take {MASKING} out of bcfl.plugins'
        )
    if services.validation is not None:
        return (
            "the strategy has validation=, which measures updates one by one, and the server sees "
            f"none of them: leave it out, or take {MASKING} out of bcfl.plugins"
        )
    method = str(whole.table("rewards").get("method", "auto"))
    if "rewards" in whole.plugin_names and method not in _BLIND:
        return (
            f'bcfl.rewards.method is "{method}", which looks at updates, and the server sees none '
            f"of them: take uniform or examples"
        )
    return None


def _about_mode(
    config: SecureConfig, named: tuple[str, ...], coordinator: AccountId | None
) -> str | None:
    if "round_log" not in named:
        return f"{MASKING} takes who is in a round from the chain: put round_log into bcfl.plugins"
    if config.mode == "two_servers":
        own = AccountId.parse(config.aggregator_account)
        if own == coordinator:
            return (
                "bcfl.secure.aggregator_account is the coordinator's own account: two servers of "
                "one party are one, which learns each update"
            )
    if config.mode == "sum" and "outliers" in named:
        return (
            'bcfl.secure.mode is "sum", in which nothing can be judged: set it to "sketch" or '
            '"groups", or take outliers out of bcfl.plugins'
        )
    if config.mode != "sum" and "outliers" not in named:
        what = "sketches" if config.mode in SKETCHED else "means of groups"
        return (
            f'bcfl.secure.mode is "{config.mode}", and nobody judges by the {what}: put outliers '
            f'into bcfl.plugins, or set bcfl.secure.mode = "sum"'
        )
    return None


def _about_outliers(config: SecureConfig, table: Mapping[str, Scalar]) -> str | None:
    plain = {name.replace("-", "_"): value for name, value in table.items()}
    if plain.get("shares", "examples") != "off":
        return (
            "pair masks cancel only where every update counts the same: set "
            'bcfl.outliers.shares = "off"'
        )
    if plain.get("clip", 0) != 0:
        return "bcfl.outliers.clip cuts updates one by one, and the server sees none: leave it out"
    if config.mode == "groups":
        return _about_groups(plain)
    rule = ALL_RULES.get(str(plain.get("method", "cluster_guard")))
    if rule is None:
        return None  # outliers says so
    if not (issubclass(rule, Rule) and rule.needs in _BY_SKETCHES):
        usable = ", ".join(
            name
            for name, one in sorted(ALL_RULES.items())
            if issubclass(one, Rule) and one.needs in _BY_SKETCHES and one.tags.selects
        )
        return (
            f"bcfl.outliers.method is {plain.get('method')!r}, which reads single parameters, and "
            f"a sketch has lengths and angles only; it can be {usable}"
        )
    return None


def _about_groups(table: Mapping[str, Scalar]) -> str | None:
    if table.get("evidence") == "streak":
        return (
            'bcfl.outliers.evidence is "streak", by which a rejection is a strike, and of a group '
            'that is rejected most members may be honest: take "difference", which counts over '
            'rounds, or "harm"'
        )
    return None
