"""Attacks by name."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from bcfl_plugins.attacks.bounded import MinMax, MinSum, NoisyMinMax
from bcfl_plugins.attacks.chain import ChainAttack
from bcfl_plugins.attacks.copies import Mimic, Sybil
from bcfl_plugins.attacks.data import (
    DataAttack,
    DistributedBackdoor,
    DynamicLabelFlip,
    EdgeCaseBackdoor,
    LabelFlip,
    PixelBackdoor,
    SemanticBackdoor,
)
from bcfl_plugins.attacks.simple import (
    FreeRider,
    Gaussian,
    NoAttack,
    NonFinite,
    Overflow,
    Replay,
    Scaling,
    SignFlip,
    TunedFreeRider,
)
from bcfl_plugins.attacks.statistics import ALIE, IPM
from bcfl_plugins.attacks.stealthy import Neurotoxin, PoisonedFL, ProjectedTraining
from bcfl_plugins.attacks.tailored import Adaptive, Framing, OptimalALIE, OptimalIPM
from bcfl_plugins.attacks.timing import OnOff
from bcfl_plugins.attacks.triggers import A3FL, IBA, TRIGGERS
from bcfl_plugins.errors import ConfigError, near_miss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.attacks.base import ModelAttack

T = TypeVar("T")

_MODEL: dict[str, type[ModelAttack]] = {
    one.name: one
    for one in (
        ALIE,
        IPM,
        Adaptive,
        ChainAttack,
        Framing,
        FreeRider,
        Gaussian,
        Mimic,
        MinMax,
        MinSum,
        Neurotoxin,
        NoAttack,
        NoisyMinMax,
        NonFinite,
        OnOff,
        OptimalALIE,
        OptimalIPM,
        Overflow,
        PoisonedFL,
        ProjectedTraining,
        Replay,
        Scaling,
        SignFlip,
        Sybil,
        TunedFreeRider,
    )
}
_DATA: dict[str, type[DataAttack]] = {
    one.name: one
    for one in (
        DistributedBackdoor,
        DynamicLabelFlip,
        EdgeCaseBackdoor,
        LabelFlip,
        PixelBackdoor,
        SemanticBackdoor,
    )
}


def attack_names() -> tuple[str, ...]:
    """Return the names of the attacks on updates, in alphabetical order."""
    return tuple(sorted(_MODEL))


def data_attack_names() -> tuple[str, ...]:
    """Return the names of the attacks on training data, in alphabetical order."""
    return tuple(sorted(_DATA))


def create_attack(name: str, **settings: Any) -> ModelAttack:  # noqa: ANN401 - as the attack's fields
    """Make an attack on updates.

    Parameters
    ----------
    name : str
        One of `attack_names`.
    **settings
        Its fields. ``base`` of an attack around another one may be a name.

    Raises
    ------
    ConfigError
        If there is no such attack or setting; the message names the nearest ones.
    BadUpdates
        If a setting is out of its range.
    """
    cls = _find(name, _MODEL, "an attack on updates")
    base = settings.get("base")
    if isinstance(base, str):
        settings["base"] = create_attack(base)
    return _make(cls, name, settings)


def create_data_attack(name: str, **settings: Any) -> DataAttack:  # noqa: ANN401 - as the attack's fields
    """Make an attack on training data; as `create_attack`, from `data_attack_names`."""
    return _make(_find(name, _DATA, "an attack on data"), name, settings)


def trigger_attack_names() -> tuple[str, ...]:
    """Return the names of the attacks by triggers that are fitted to a model, in order."""
    return tuple(sorted(TRIGGERS))


def create_trigger_attack(name: str, **settings: Any) -> A3FL | IBA:  # noqa: ANN401 - as its fields
    """Make an attack by a fitted trigger; as `create_attack`, from `trigger_attack_names`."""
    return _make(_find(name, TRIGGERS, "an attack by a fitted trigger"), name, settings)


def _find(name: str, known: Mapping[str, type[T]], what: str) -> type[T]:
    if name in known:
        return known[name]
    hint = near_miss(name, known) or f"; known: {', '.join(sorted(known))}"
    raise ConfigError(f"{name!r} is not {what}{hint}")


def _make(cls: type[T], name: str, settings: Mapping[str, Any]) -> T:
    fields = inspect.signature(cls).parameters
    for key in settings:
        if key not in fields:
            hint = near_miss(key, fields) or f"; it takes {', '.join(fields) or 'none'}"
            raise ConfigError(f"the attack {name!r} has no setting {key!r}{hint}")
    missing = [
        key
        for key, one in fields.items()
        if one.default is inspect.Parameter.empty and key not in settings
    ]
    if missing:
        raise ConfigError(f"the attack {name!r} needs: {', '.join(missing)}.")
    return cls(**settings)
