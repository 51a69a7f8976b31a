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
"""The attribute of a factory that brings to an end on chain what a killed process left there: a
function of the run's `ChainServices`, called before the plugins are made."""

_F = TypeVar("_F", bound=Callable[..., object])


def recovered_by(recover: Callable[[Any], None]) -> Callable[[_F], _F]:
    """Say of a plugin's factory what ends on chain what a killed process left there."""

    def marked(factory: _F) -> _F:
        setattr(factory, RECOVER, recover)
        return factory

    return marked


def needs_chain(factory: _F) -> _F:
    """Say of a plugin's factory that the plugin does nothing without a chain.

    The same as ``factory.needs_chain = True``, in words that a type checker takes.
    """
    setattr(factory, NEEDS_CHAIN, True)
    return factory
