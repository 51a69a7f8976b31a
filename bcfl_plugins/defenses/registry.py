"""Rules by name: ``create_rule("nnm+cwtm", f=4)``."""

from __future__ import annotations

import re
from dataclasses import fields
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING

from bcfl_plugins.defenses.cluster import Cluster
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.defenses.inspection import DeepSight, Mesas, Snowball
from bcfl_plugins.defenses.rules.aligned import AlignIns
from bcfl_plugins.defenses.rules.bulyan import Bulyan
from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from bcfl_plugins.defenses.rules.clusters import ClippedClustering, Flame, Rflbat, SecuredStyle
from bcfl_plugins.defenses.rules.coordinate import Meamed, Mean, Median, TrimmedMean
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from bcfl_plugins.defenses.rules.history import FLDetector
from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from bcfl_plugins.defenses.rules.layers import LASA, FreqFed
from bcfl_plugins.defenses.rules.pre import NNM, Bucketing, CoordinateClip, Pre
from bcfl_plugins.defenses.rules.signs import SignGuard
from bcfl_plugins.defenses.rules.spectral import CAF, DnC
from bcfl_plugins.defenses.rules.subsets import MDA, SMEA
from bcfl_plugins.defenses.rules.trust import Contra, FLTrust, FoolsGold, Monna
from bcfl_plugins.errors import BadUpdates, ConfigError, near_miss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.defenses.core.rule import Rule

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "cc": "centered_clipping",
        "cwtm": "trimmed_mean",
        "gm": "geometric_median",
        "rfa": "geometric_median",
    }
)
"""Other names for rules."""

ALL_RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            ARC,
            AlignIns,
            Bucketing,
            Bulyan,
            CAF,
            CenteredClipping,
            ClippedClustering,
            Cluster,
            ClusterGuard,
            Contra,
            CoordinateClip,
            DeepSight,
            DnC,
            FLDetector,
            FLTrust,
            Flame,
            FoolsGold,
            FreqFed,
            GeometricMedian,
            Krum,
            LASA,
            MDA,
            Meamed,
            Mean,
            Median,
            Mesas,
            Monna,
            MultiKrum,
            NNM,
            NormClipping,
            Rflbat,
            SMEA,
            SecuredStyle,
            SignGuard,
            Snowball,
            TrimmedMean,
        )
    }
)
"""Every rule by its name; called without arguments it is made with its defaults."""

_ARGUMENTS = re.compile(r"\[.*\]")
_KINDS: Mapping[str, type] = MappingProxyType(
    {
        "None": NoneType,
        "bool": bool,
        "float": float,
        "int": int,
        "str": str,
        "tuple": tuple,
    }
)
"""The types that a hyper-parameter may have, as they are written."""


def rule_names() -> tuple[str, ...]:
    """Return the names of all rules, without aliases, in order."""
    return tuple(sorted(ALL_RULES))


def pre_aggregator_names() -> tuple[str, ...]:
    """Return the names of the rules that may stand before others, in order."""
    return tuple(name for name in rule_names() if issubclass(ALL_RULES[name], Pre))


def selecting_rule_names() -> tuple[str, ...]:
    """Return the names of the rules that reject updates, and need no data of the server for it."""
    return tuple(
        n for n in rule_names() if ALL_RULES[n].tags.selects and not ALL_RULES[n].needs_trusted
    )


def setting_names(method: str) -> tuple[str, ...]:
    """Return what `create_rule` takes for a method besides f, in order.

    Raises
    ------
    ConfigError
        If the method names something unknown.
    """
    return tuple(sorted({name for part in _parts(method) for name in _settings(part)} - {"f"}))


def create_rule(method: str, **settings: object) -> Rule:
    """Make a rule, with the pre-aggregators before it.

    Parameters
    ----------
    method : str
        A name or alias, or several joined by ``+``: pre-aggregators in the order in which they are
        applied, then one rule.
    **settings : object
        Hyper-parameters by name. Each goes to all parts that have it.

    Raises
    ------
    ConfigError
        If a name or a setting is unknown, or a value is of a wrong type or out of range.

    Examples
    --------
    >>> create_rule("nnm+cwtm", f=4).name
    'nnm+trimmed_mean'
    """
    parts = _parts(method)
    known = {name: kinds for part in parts for name, kinds in _settings(part).items()}
    for name, value in settings.items():
        if name not in known:
            hint = near_miss(name, known) or f"; it takes {', '.join(sorted(known))}"
            raise ConfigError(f"{method} has no setting {name!r}{hint}")
        _check_type(f"{name} of {method}", value, known[name])
    *first, rule = (_make(method, part, settings) for part in parts)
    for pre in reversed(first):
        rule = _before(method, pre, rule)
    return rule


def _parts(method: str) -> list[type[Rule]]:
    found = []
    names_given = [part.strip() for part in method.split("+")]
    for place, part in enumerate(names_given):
        name = ALIASES.get(part, part)
        if name not in ALL_RULES:
            known = (*ALL_RULES, *ALIASES)
            hint = near_miss(part, known) or f"; known: {', '.join(sorted(known))}"
            raise ConfigError(f"there is no rule {part!r}{hint}")
        if place < len(names_given) - 1 and not issubclass(ALL_RULES[name], Pre):
            raise ConfigError(
                f"{part} in {method!r} cannot stand before another rule; "
                f"{', '.join(pre_aggregator_names())} can"
            )
        found.append(ALL_RULES[name])
    return found


def _settings(rule: type[Rule]) -> dict[str, tuple[type, ...]]:
    """Return the types that each hyper-parameter takes, read from its annotation."""
    return {
        one.name: tuple(
            _KINDS[kind.strip()] for kind in _ARGUMENTS.sub("", str(one.type)).split("|")
        )
        for one in fields(rule)
    }


def _check_type(name: str, value: object, kinds: tuple[type, ...]) -> None:
    taken = type(value)
    if taken in kinds or (taken is int and float in kinds):
        return
    wanted = " or ".join(kind.__name__ for kind in kinds if kind is not NoneType)
    raise ConfigError(f"{name} is {value!r} ({taken.__name__}); it must be of type {wanted}")


def _make(method: str, rule: type[Rule], settings: Mapping[str, object]) -> Rule:
    taken = {name: settings[name] for name in _settings(rule) if name in settings}
    made: type = rule  # called by the names of its fields
    try:
        built: Rule = made(**taken)
    except BadUpdates as error:
        raise ConfigError(f"{method}: {error}") from error
    return built


def _before(method: str, pre: Rule, rule: Rule) -> Rule:
    if not isinstance(pre, Pre):
        raise TypeError(f"{pre.name} is no pre-aggregator")
    try:
        return pre + rule
    except BadUpdates as error:
        raise ConfigError(f"{method}: {error}") from error
