"""What happens around a round of federated learning: hooks, plugins, defenses, configuration."""

from __future__ import annotations

from bcfl_plugins.config import BcflConfig
from bcfl_plugins.errors import BcflError, ConfigError, PluginError
from bcfl_plugins.load import load_plugins
from bcfl_plugins.markers import hookimpl
from bcfl_plugins.services import ChainServices, Services
from bcfl_plugins.session import Session, open_session
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
    "open_session",
]
