"""Plugin ``outliers``: reject the updates that a defense finds against the majority."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, cast

from bcfl_plugins.defenses.cluster import ClusterSettings
from bcfl_plugins.defenses.evidence import EvidenceSettings
from bcfl_plugins.defenses.registry import create as create_rule
from bcfl_plugins.defenses.registry import names, selecting, setting_names
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.judges import ClusterJudge, EvidenceJudge, RuleJudge
from bcfl_plugins.markers import hookimpl
from bcfl_plugins.settings import key, near_miss, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.judges import Judge, ShareMode
    from bcfl_plugins.services import Services
    from bcfl_plugins.types import ClientUpdate, RoundContext, RunInfo, Scalar, Verdict

DEFAULT = "cluster_guard"
CLUSTER = "cluster"
"""The method that is no rule of the registry: it judges, and has no shares."""

_DEFAULTS = ClusterSettings()
_COMMON = frozenset({"method", "shares", "evidence", "members", "f"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings under ``bcfl.outliers``. The defaults need no tuning."""

    method: str = key(
        DEFAULT,
        "Which defense judges: a rule that selects (docs/reference/rules.md), whose own settings "
        "then stand here by their names, or cluster, whose settings are the keys below f.",
    )
    shares: str = key(
        "rule",
        "How much an accepted update counts in the average: by the rule's shares (rule); by these "
        "times the number of examples that the node claims, up to twice the median claim "
        "(examples); or as the strategy always weighs (off). cluster has no shares.",
        choices=("rule", "examples", "off"),
    )
    evidence: str = key(
        "streak",
        "What a strike takes: one rejection (streak); or evidence over rounds with a bounded rate "
        "of false strikes (docs/explanation/evidence.md): of rejections (difference), or of "
        "rejections that did harm by the strategy's argument validation (harm).",
        choices=("streak", "difference", "harm"),
    )
    members: int = key(
        256, "Evidence over rounds: the most different nodes of a run; they share alpha.", low=1
    )
    f: int = key(
        -1,
        "Byzantine nodes that a rule is to withstand; -1: as many as it can.",
        low=-1,
    )
    agreement: float = key(
        _DEFAULTS.agreement,
        "Least agreement with the others, as a fraction of the median; higher rejects more.",
        low=-1,
        high=1,
    )
    spread: float = key(
        _DEFAULTS.spread,
        "Standard deviations below the median that are still honest; lower rejects more.",
        low=0,
        high=10,
    )
    norm_factor: float = key(
        _DEFAULTS.norm_factor,
        "An update longer than this many median norms is rejected.",
        low=1,
        high=1000,
    )
    course_decay: float = key(
        _DEFAULTS.course_decay, "What is left of a node's past direction a round.", low=0, high=1
    )
    smoothing: float = key(
        _DEFAULTS.smoothing, "What is left of a node's past agreement a round.", low=0, high=0.99
    )
    memory: int = key(
        _DEFAULTS.memory, "Rounds after which an absent node is forgotten.", low=1, unit="rounds"
    )


_OF_CLUSTER = frozenset(one.name for one in fields(Settings)) - _COMMON


class Outliers:
    """Keeps the defense's state between rounds; everything else is in `bcfl_plugins.defenses`."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @hookimpl
    def bcfl_run_started(self, run: RunInfo) -> None:
        """Forget earlier runs: another run may train another model."""
        del run
        self._judge.forget()

    @hookimpl
    def bcfl_judge_updates(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict:
        """Reject what the defense finds."""
        return self._judge.judge(ctx, updates)


def create(settings: Mapping[str, Scalar], services: Services) -> Outliers:
    """Make the plugin from its table.

    Raises
    ------
    ConfigError
        If the method is unknown or does not select, or a key is not one of the method's.
    """
    plain = {name.replace("-", "_"): value for name, value in settings.items()}
    if plain.get("method", DEFAULT) == CLUSTER:
        config = read_table(Settings, "bcfl.outliers", settings)
        for name in ("f", "shares"):
            if name in plain:
                raise ConfigError(
                    f"bcfl.outliers.{name} is set, but cluster has no {name}; take the line out"
                )
        return Outliers(_with_evidence(ClusterJudge(_cluster_settings(config)), config, services))
    common = {name: value for name, value in plain.items() if name in _COMMON}
    head = read_table(Settings, "bcfl.outliers", common)
    own = {name: value for name, value in plain.items() if name not in common}
    rule = _rule(head.method, head.f, own)
    judge = RuleJudge(rule, cast("ShareMode", head.shares))  # one of the choices
    return Outliers(_with_evidence(judge, head, services))


def _with_evidence(judge: Judge, config: Settings, services: Services) -> Judge:
    evidence = EvidenceSettings(config.members)
    match config.evidence, services.validation:
        case "streak", _:
            return judge
        case "difference", _:
            return EvidenceJudge(judge, evidence, None)
        case _, None:
            raise ConfigError(
                'bcfl.outliers.evidence is "harm", which measures models: give the strategy '
                "validation=, a function from a model to the losses of your own examples"
            )
        case _, validation:
            return EvidenceJudge(judge, evidence, validation)


def _cluster_settings(config: Settings) -> ClusterSettings:
    return ClusterSettings(
        agreement=config.agreement,
        spread=config.spread,
        norm_factor=config.norm_factor,
        course_decay=config.course_decay,
        smoothing=config.smoothing,
        memory=config.memory,
    )


def _rule(method: str, f: int, own: Mapping[str, Scalar]) -> Defense:
    hint = near_miss(method, (CLUSTER,))  # the registry does not know it
    if hint and method not in names():
        raise ConfigError(f"bcfl.outliers.method is {method!r}{hint}")
    with _named():
        known = {*setting_names(method)} - _COMMON
    _check_names(method, own, known)
    with _named():
        rule = create_rule(method, f=None if f < 0 else f, **own)
    usable = ", ".join((CLUSTER, *selecting()))
    if rule.needs_trusted:
        raise ConfigError(
            f"bcfl.outliers.method is {method!r}, which needs an update of the server's own; use "
            f"it in strategies.RobustFedAvg, or take one of {usable} here"
        )
    if not rule.claims.selects:
        raise ConfigError(
            f"bcfl.outliers.method is {method!r}, which rejects nobody; it can be {usable}"
        )
    return rule


def _check_names(method: str, own: Mapping[str, Scalar], known: set[str]) -> None:
    for name in sorted(own.keys() - known):
        if name in _OF_CLUSTER:
            raise ConfigError(
                f"bcfl.outliers.{name} is a setting of cluster, and the method is {method}; set "
                f'bcfl.outliers.method = "{CLUSTER}", or take {name} out'
            )
        hint = near_miss(name, known | _COMMON | _OF_CLUSTER)
        takes = f"; {method} takes {', '.join(sorted(known | {'f'}))}"
        raise ConfigError(f"unknown key bcfl.outliers.{name}{hint or takes}")


@contextmanager
def _named() -> Iterator[None]:
    """Say where in the config the mistake is."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"bcfl.outliers: {error}") from error
