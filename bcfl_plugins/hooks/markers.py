"""The marks that a plugin puts on its methods and on its factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pluggy

PROJECT = "bcfl"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Put ``@hookimpl`` on a plugin's methods; a method's name says which hook it answers."""

NEEDS_CHAIN = "needs_chain"
"""The attribute of a factory that is true when its plugin does nothing without a chain."""

RECOVER = "recover"
REBUILD = "rebuild"
"""The attribute of a factory that brings to an end on chain what a killed process left there: a
function of the run's `ChainServices`, called before the plugins are made."""

_F = TypeVar("_F", bound=Callable[..., object])


def recovered_by(recover: Callable[[Any], None]) -> Callable[[_F], _F]:
    """Say of a plugin's factory what ends on chain what a killed process left there."""

    def marked(factory: _F) -> _F:
        setattr(factory, RECOVER, recover)
        return factory

    return marked


def decided_again_by(rebuild: Callable[..., object]) -> Callable[[_F], _F]:
    """Say of a plugin's factory what makes its judge anew from what a report pins.

    `rebuild` takes a `pallet_bridge.run.judgements.Judgement` and rules by name, and returns a
    `bcfl_plugins.rounds.judges.RebuiltJudge`.
    """

    def marked(factory: _F) -> _F:
        setattr(factory, REBUILD, rebuild)
        return factory

    return marked


def needs_chain(factory: _F) -> _F:
    """Say of a plugin's factory that the plugin does nothing without a chain.

    The same as ``factory.needs_chain = True``, in words that a type checker takes.
    """
    setattr(factory, NEEDS_CHAIN, True)
    return factory
