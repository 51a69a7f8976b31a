"""What a Flower app imports instead of Flower's own: strategies and `ClientApp`.

Three lines of an app change::

    from strategies import FedAvg                        # flwr.serverapp.strategy
    strategy = FedAvg(..., bcfl=context.run_config)      # the new argument
    from strategies import ClientApp                     # flwr.clientapp

Every name of ``flwr.serverapp.strategy`` is here. `guard` wraps strategies of your own.
`RobustFedAvg` averages by any rule of `bcfl_plugins.defenses`.
"""

from __future__ import annotations

from pallet_bridge.__about__ import __version__
from strategies._flower import strategy as _flower_strategy
from strategies.errors import NotEnoughNodes, NothingSigned, RoundNotConfigured, UnreadableArray
from strategies.mod import ClientApp, bcfl_identity, bcfl_mod
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
from strategies.wrapper import GuardMixin, guard

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
    "Krum",
    "MultiKrum",
    "NotEnoughNodes",
    "NothingSigned",
    "QFedAvg",
    "Result",
    "RobustFedAvg",
    "RoundDecision",
    "RoundNotConfigured",
    "Strategy",
    "UnreadableArray",
    "__version__",
    "bcfl_identity",
    "bcfl_mod",
    "guard",
]
