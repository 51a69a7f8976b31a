"""Plugin ``outliers``: reject the updates that a defense finds against the majority."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NoReturn, cast

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.defenses.base import BUFFERS
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.registry import (
    ALL_RULES,
    create_rule,
    selecting_rule_names,
    setting_names,
)
from bcfl_plugins.errors import BadUpdates, ConfigError, near_miss
from bcfl_plugins.evidence import EvidenceSettings
from bcfl_plugins.evidence.wealth import of_groups
from bcfl_plugins.hooks.markers import decided_again_by, hookimpl
from bcfl_plugins.published.inputs import LiveInputs
from bcfl_plugins.published.stops import CannotReplay, DoesNotHold
from bcfl_plugins.rounds.judges import HANDED_OVER, EvidenceJudge, RebuiltJudge, RuleJudge
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.judgements import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.published.keeping import EvidenceKeeper
    from bcfl_plugins.rounds.judges import Judge, ShareMode
    from bcfl_plugins.session.services import Services
    from bcfl_plugins.types import (
        ClientUpdate,
        RoundContext,
        RunInfo,
        Scalar,
        Validation,
        Verdict,
    )

DEFAULT = "cluster_guard"
_ABSTAINED = "abstained: "
_NO_MAJORITY = 2

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class OutliersSettings:
    """Settings under ``bcfl.outliers``. The defaults need no tuning."""

    method: str = key(
        DEFAULT,
        "Which defense judges: a rule that selects (docs/reference/rules.md). Its own settings "
        "then stand in this table too, by their names. A round with too few updates for it is "
        "handed over to cluster_guard.",
    )
    shares: str = key(
        "examples",
        "How much an accepted update counts in the average. examples: by the rule's shares and the "
        "number of examples that the node claims, as far as the rule believes it: cluster_guard up "
        "to 4 times the median claim, others up to twice. rule: by the rule's shares alone. off: "
        "as the strategy always weighs.",
        choices=("examples", "rule", "off"),
    )
    evidence: str = key(
        "harm",
        "What a strike takes (docs/explanation/evidence.md). harm: evidence over rounds, with a "
        "bounded rate of false strikes, of rejected updates that did harm by the strategy's "
        "argument validation; without it, of those that break any average. difference: such "
        "evidence of rejections alone. streak: one rejection. The last two strike honest nodes "
        "whose data no other node has.",
        choices=("harm", "difference", "streak"),
    )
    clip: float = key(
        0.0,
        "Median distances from the median, over all updates of a round, that an entry of what is "
        "averaged may lie off; 0: as it was sent. At 2 it cuts off most backdoors, and what only "
        "one honest node knows.",
        low=0.0,
    )
    buffers: str = key(
        ", ".join(BUFFERS),
        "Arrays that nodes measure and do not train, by name, end of name, or pattern with *. They "
        "are not judged, and are averaged by a median.",
    )
    members: int = key(
        256,
        "Evidence over rounds: different nodes that share alpha. Those after them get no strike.",
        low=1,
    )
    f: int = key(
        -1,
        "Byzantine nodes that a rule is to withstand; -1: as many as it can. Fewer where a round "
        "has too few updates for so many.",
        low=-1,
    )


_COMMON = frozenset(one.name for one in fields(OutliersSettings))
MEASURED = "validation"
"""The pinned setting that says whether the server measured on data of its own."""
GROUPED = "grouped"
"""The pinned setting that stands where means of groups are judged (`bcfl.secure.mode`)."""
DEPUTY = "deputy_version"
"""The pinned version of the default rule, which judges rounds that are too small for another."""


class Outliers:
    """Keeps the defense's state between rounds; everything else is in `bcfl_plugins.defenses`.

    Parameters
    ----------
    judge : Judge
        Who judges.
    validation : callable or None
        The server's own measure of a model.
    keeper : EvidenceKeeper or None
        Keeps what a verdict follows from.
    how : Judgement or None
        What every verdict follows from: rule, version and settings.
    clip : float
        As `Verdict.clip`; 0: as it was sent.
    """

    def __init__(
        self,
        judge: Judge,
        validation: Validation | None = None,
        keeper: EvidenceKeeper | None = None,
        how: Judgement | None = None,
        clip: float = 0.0,
    ) -> None:
        self._judge = judge
        self._validation = validation
        self._keeper = keeper
        self._how = how
        self._clip = clip or None
        self._kept: bytes | None = None
        self._told = ""

    @hookimpl
    def bcfl_run_started(self, run: RunInfo) -> None:
        """Forget earlier runs: another run may train another model."""
        del run
        self._judge.forget()
        self._kept = None
        self._told = ""

    @hookimpl
    def bcfl_state_kept(self) -> object:
        """Keep what the defense remembers, and the evidence."""
        return self._judge.kept()

    @hookimpl
    def bcfl_state_restored(self, state: object) -> None:
        """Go on from there."""
        self._judge.recall(state)
        self._kept = None

    @hookimpl
    def bcfl_judge_updates(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict:
        """Reject what the defense finds; say where it cannot, and where it can again."""
        verdict = self._decided(LiveInputs(ctx, updates, self._validation))
        kind, why = limits(len(updates), verdict.note)
        if kind != self._told:
            self._told = kind
            say = _log.warning if kind else _log.info
            say("bcfl: round %d: outliers %s", ctx.server_round, why)
        return replace(verdict, clip=self._clip)

    def _decided(self, inputs: LiveInputs) -> Verdict:
        """Let the defense judge, and keep what its verdict follows from."""
        keeper, how = self._keeper, self._how
        if keeper is None or how is None:
            return self._judge.decide(inputs)
        memory = self._judge.kept()
        verdict = self._judge.decide(inputs)
        try:
            before = self._kept or keeper.value(memory)
            self._kept = keeper.value(self._judge.kept())
            kept = keeper.value(inputs.kept().plain())
        except EncodingError as error:  # of a rule that somebody else wrote
            self._kept = None
            return replace(verdict, judgement=replace(how, gap=f"it cannot be kept: {error}"))
        made = replace(how, before=before, after=self._kept, inputs=kept, gap=inputs.gap)
        return replace(verdict, judgement=made)


def limits(count: int, note: str) -> tuple[str, str]:
    """Say of what kind a defense's limits are in a round, and what they are, for people.

    Parameters
    ----------
    count : int
        Updates that it judged.
    note : str
        What it noted.

    Returns
    -------
    str, str
        The kind is empty where it could judge.
    """
    if count <= _NO_MAJORITY:
        why = f"{count} updates have no majority; let at least three nodes train in a round"
        return "few", f"rejects nobody, whoever is wrong: {why}"
    if _ABSTAINED in note:
        return "abstained", f"rejects nobody, whoever is wrong: {note}"
    if note.startswith(HANDED_OVER):
        return "handed over", f"judges by another defense: {note}"
    return "", "judges again"


def rebuild(told: Judgement, rules: Mapping[str, type[Defense]]) -> RebuiltJudge:
    """Return the judge that a report tells of.

    Parameters
    ----------
    told : Judgement
        Of the report.
    rules : Mapping[str, type]
        Rules by name, besides those of the registry.

    Raises
    ------
    CannotReplay
        If the rule or its version is not known here.
    DoesNotHold
        If the settings are none of that rule.
    """
    known: Mapping[str, type[Defense]] = {**ALL_RULES, **rules}
    found = known.get(told.rule)
    if found is None:
        raise CannotReplay(
            f"the rule {told.rule} is not known here: hand its class to a Replayer "
            f"(bcfl_plugins.replay)"
        )
    if found.version != told.version:
        raise CannotReplay(
            f"the rule {told.rule} was of version {told.version}, here is {found.version}: audit "
            f"with the bcfl-plugins of that time"
        )
    try:
        grouped = GROUPED in told.settings
        settings = {name: text for name, text in told.settings.items() if name != GROUPED}
        config, own, is_measuring = unpinned(settings)
        made: type = found  # called by the names of its fields
        rule: Defense = made(**own) if told.rule in rules else create_rule(told.rule, **own)
    except (BadUpdates, ConfigError, TypeError, ValueError) as error:
        raise DoesNotHold(f"its settings of {told.rule} are none: {error}") from error
    judge = judge_of(config, rule, _no_data if is_measuring else None, grouped=grouped)
    evening = {DEFAULT} | ({rule.name} if isinstance(rule, Rule) and rule.evenly else set())
    return RebuiltJudge(judge, is_measuring, config.clip or None, frozenset(evening))


def _no_data(model: object) -> NoReturn:
    """Stand for the server's own measure: the inputs of a round say what it said."""
    raise CannotReplay(f"the server's own data are not published, to measure {type(model)} on")


@decided_again_by(rebuild)
def create(settings: Mapping[str, Scalar], services: Services) -> Outliers:
    """Make the plugin from its table.

    Raises
    ------
    ConfigError
        If the method is unknown or does not select, or a key is not one of the method's.
    """
    plain = {name.replace("-", "_"): value for name, value in settings.items()}
    common = {name: value for name, value in plain.items() if name in _COMMON}
    head = read_table(OutliersSettings, "bcfl.outliers", common)
    own = {name: value for name, value in plain.items() if name not in common}
    rule = _rule(head.method, head.f, own)
    validation = services.validation if head.evidence == "harm" else None
    if validation is None and head.evidence == "harm":
        _log.info(
            "bcfl: outliers: without the strategy's argument validation a node gets a strike only "
            "for updates that break any average. Rejected updates are not averaged all the same"
        )
    secure = services.config.secure
    grouped = secure is not None and secure.mode == "groups"
    settings = pinned(head, rule, is_measured=validation is not None)
    if grouped:
        settings[GROUPED] = "true"
    how = Judgement("outliers", rule.name, rule.version, settings)
    keeper = None if services.chain is None else services.chain.keeper
    judge = judge_of(head, rule, validation, grouped=grouped)
    return Outliers(judge, validation, keeper, how, head.clip)


def judge_of(
    config: OutliersSettings,
    rule: Defense,
    validation: Validation | None,
    *,
    grouped: bool = False,
) -> Judge:
    """Return who judges.

    Parameters
    ----------
    config : OutliersSettings
        The settings that are no rule's own.
    rule : Defense
        The rule.
    validation : callable or None
        The server's own measure of a model.
    grouped : bool
        Whether means of groups are judged.
    """
    buffers = tuple(part.strip() for part in config.buffers.split(",") if part.strip())
    deputy = None if rule.name == DEFAULT else create_rule(DEFAULT)
    shares = cast("ShareMode", config.shares)  # one of the choices
    judge = RuleJudge(rule, shares, buffers, deputy)
    evidence = of_groups(config.members) if grouped else EvidenceSettings(config.members)
    if config.evidence == "streak":
        return judge
    if config.evidence == "difference":
        return EvidenceJudge(judge, evidence, None, difference=True)
    return EvidenceJudge(judge, evidence, validation, by_claims=config.shares == "examples")


def pinned(config: OutliersSettings, rule: Defense, *, is_measured: bool) -> dict[str, str]:
    """Return all that a verdict depends on besides memory and inputs, as JSON."""
    common = {name: getattr(config, name) for name in _COMMON - {"method"}}  # the rule is named
    deputy = ALL_RULES[DEFAULT].version
    every = {**common, **rule.settings(), MEASURED: is_measured, DEPUTY: deputy}
    return {name: json.dumps(value) for name, value in sorted(every.items())}


def unpinned(settings: Mapping[str, str]) -> tuple[OutliersSettings, dict[str, object], bool]:
    """Return what `pinned` was made of: common settings, those of the rule, whether one measures.

    Raises
    ------
    ValueError, ConfigError
        If it was made of something else.
    """
    every = {name: json.loads(text) for name, text in settings.items()}
    is_measured, deputy = every.pop(MEASURED, False), ALL_RULES[DEFAULT].version
    if every.pop(DEPUTY, deputy) != deputy:
        raise CannotReplay(f"here is version {deputy} of {DEFAULT}, which judges small rounds")
    if not isinstance(is_measured, bool):
        raise ConfigError(f"{MEASURED} is {is_measured!r}; it must be true or false")
    common = {name: value for name, value in every.items() if name in _COMMON - {"f"}}
    own = {name: _plain(value) for name, value in every.items() if name not in _COMMON}
    own["f"] = every.get("f")
    return read_table(OutliersSettings, "settings", common), own, is_measured


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _rule(method: str, f: int, own: Mapping[str, Scalar]) -> Defense:
    with _named():
        known = {*setting_names(method)} - _COMMON
    _check_names(method, own, known)
    with _named():
        rule = create_rule(method, f=None if f < 0 else f, **own)
    usable = ", ".join(selecting_rule_names())
    if rule.needs_trusted:
        raise ConfigError(
            f"bcfl.outliers.method is {method!r}, which needs an update of the server's own; use "
            f"it in strategies.RobustFedAvg, or take one of {usable} here"
        )
    if not rule.tags.selects:
        raise ConfigError(
            f"bcfl.outliers.method is {method!r}, which rejects nobody; it can be {usable}"
        )
    return rule


def _check_names(method: str, own: Mapping[str, Scalar], known: set[str]) -> None:
    for name in sorted(own.keys() - known):
        others = [one for one in selecting_rule_names() if name in setting_names(one)]
        if others:
            raise ConfigError(
                f"bcfl.outliers.{name} is a setting of {' and '.join(others)}, and the method is "
                f"{method}; set bcfl.outliers.method, or take {name} out"
            )
        hint = near_miss(name, known | _COMMON)
        takes = f"; {method} takes {', '.join(sorted(known | {'f'}))}"
        raise ConfigError(f"unknown key bcfl.outliers.{name}{hint or takes}")


@contextmanager
def _named() -> Iterator[None]:
    """Say where in the config the mistake is."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"bcfl.outliers: {error}") from error
