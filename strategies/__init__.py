"""What a Flower app imports instead of Flower's own: strategies and `ClientApp`.

Three lines of an app change::

    from strategies import FedAvg                        # flwr.serverapp.strategy
    strategy = FedAvg(..., bcfl=context.run_config)      # the new argument
    from strategies import ClientApp                     # flwr.clientapp

Every name of ``flwr.serverapp.strategy`` is here, and means Flower's strategy: `Krum` is Flower's.
`RobustFedAvg` averages by any rule of `bcfl_plugins.defenses`: ``RobustFedAvg("krum")`` is ours.
`guard` wraps strategies of your own, `GuardedGrid` a loop without a strategy. `ServerApp` is
Flower's own, and lets no training go past the plugins that the run config names.

=============================================  ===============================================
you write                                      import from
=============================================  ===============================================
a Flower app: strategies, ``ClientApp``        `strategies`
a test of a Flower app, in this process        `strategies.testing`
byzantine nodes of a simulation                `strategies.client`
a plugin, a loop of your own around a session  `bcfl_plugins`
a defense; an attack to test it with           `bcfl_plugins.defenses`, `bcfl_plugins.attacks`
a test of a defense or a plugin                `bcfl_plugins.testing`
a test of a chain client                       `pallet_bridge.testing`
calls to the chain, queries, keys              `pallet_bridge`
=============================================  ===============================================
"""

from __future__ import annotations

from pallet_bridge.__about__ import __version__
from strategies._flower import strategy as _flower_strategy
from strategies.app import ServerApp
from strategies.client import (
    ClientApp,
    bcfl_evidence,
    bcfl_identity,
    bcfl_keys,
    bcfl_mod,
    bcfl_shares,
    bcfl_sketch,
    bcfl_unmask,
)
from strategies.errors import (
    NotEnoughNodes,
    NothingSigned,
    RoundNotConfigured,
    RuleRefuses,
    UnreadableArray,
    UnsuitableModel,
)
from strategies.guard import GuardMixin, guard
from strategies.loop import GuardedGrid
from strategies.presets import (
    Bulyan,
    DifferentialPrivacyClientSideAdaptiveClipping,
    DifferentialPrivacyClientSideFixedClipping,
    DifferentialPrivacyServerSideAdaptiveClipping,
    DifferentialPrivacyServerSideFixedClipping,
    FedAdagrad,
    FedAdam,
    FedAvg,
    FedAvgM,
    FedMedian,
    FedProx,
    FedTrimmedAvg,
    FedXgbBagging,
    FedXgbCyclic,
    FedYogi,
    Krum,
    MultiKrum,
    QFedAvg,
)
from strategies.robust import RobustFedAvg, RoundDecision
from strategies.unprotected import LegacyApi, NothingTrained, Unprotected

Result = _flower_strategy.Result
"""Flower's own: what `start` returns."""

Strategy = _flower_strategy.Strategy
"""Flower's own: the base class of all strategies."""

__all__ = [
    "Bulyan",
    "ClientApp",
    "DifferentialPrivacyClientSideAdaptiveClipping",
    "DifferentialPrivacyClientSideFixedClipping",
    "DifferentialPrivacyServerSideAdaptiveClipping",
    "DifferentialPrivacyServerSideFixedClipping",
    "FedAdagrad",
    "FedAdam",
    "FedAvg",
    "FedAvgM",
    "FedMedian",
    "FedProx",
    "FedTrimmedAvg",
    "FedXgbBagging",
    "FedXgbCyclic",
    "FedYogi",
    "GuardMixin",
    "GuardedGrid",
    "Krum",
    "LegacyApi",
    "MultiKrum",
    "NotEnoughNodes",
    "NothingSigned",
    "NothingTrained",
    "QFedAvg",
    "Result",
    "RobustFedAvg",
    "RoundDecision",
    "RoundNotConfigured",
    "RuleRefuses",
    "ServerApp",
    "Strategy",
    "Unprotected",
    "UnreadableArray",
    "UnsuitableModel",
    "__version__",
    "bcfl_evidence",
    "bcfl_identity",
    "bcfl_keys",
    "bcfl_mod",
    "bcfl_shares",
    "bcfl_sketch",
    "bcfl_unmask",
    "guard",
]
