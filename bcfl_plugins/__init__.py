"""What happens around a round of federated learning: hooks, plugins, defenses, configuration.

Importing this package loads nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.errors import BcflError, ConfigError, PluginError
    from bcfl_plugins.hooks.markers import hookimpl, needs_chain
    from bcfl_plugins.reasons import Reason
    from bcfl_plugins.session.load import load_plugins
    from bcfl_plugins.session.open import Session, open_session
    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import (
        ClientUpdate,
        Gathering,
        JudgedUpdate,
        NodeId,
        NodeRef,
        OpenedRound,
        Rejection,
        RoundContext,
        RoundResult,
        RunInfo,
        Verdict,
    )
    from pallet_bridge.__about__ import __version__

__all__ = [
    "BcflConfig",
    "BcflError",
    "ChainServices",
    "ClientUpdate",
    "ConfigError",
    "Gathering",
    "JudgedUpdate",
    "NodeId",
    "NodeRef",
    "OpenedRound",
    "PluginError",
    "Reason",
    "Rejection",
    "RoundContext",
    "RoundResult",
    "RunInfo",
    "Services",
    "Session",
    "Verdict",
    "__version__",
    "hookimpl",
    "load_plugins",
    "needs_chain",
    "open_session",
]

_HOME = {
    "bcfl_plugins.config.run_config": ("BcflConfig",),
    "bcfl_plugins.errors": ("BcflError", "ConfigError", "PluginError"),
    "bcfl_plugins.session.load": ("load_plugins",),
    "bcfl_plugins.hooks.markers": ("hookimpl", "needs_chain"),
    "bcfl_plugins.reasons": ("Reason",),
    "bcfl_plugins.session.services": ("ChainServices", "Services"),
    "bcfl_plugins.session.open": ("Session", "open_session"),
    "bcfl_plugins.types": (
        "ClientUpdate", "Gathering", "JudgedUpdate", "NodeId", "NodeRef", "OpenedRound",
        "Rejection", "RoundContext", "RoundResult", "RunInfo", "Verdict",
    ),
    "pallet_bridge.__about__": ("__version__",),
}  # fmt: skip
"""The module of each public name."""

_WHERE = {name: home for home, names in _HOME.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
