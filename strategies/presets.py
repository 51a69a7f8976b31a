"""Flower's strategies under their own names, each wrapped: swap the import and nothing else.

Constructors take what Flower's take, and ``bcfl=`` by keyword.
"""

from __future__ import annotations

from strategies._flower import strategy as flower
from strategies.guard import GuardMixin


class Bulyan(GuardMixin, flower.Bulyan):
    """Flower's `Bulyan`, wrapped. Rejected updates count as not received: it needs 4f+3 others.

    Our own Bulyan is ``RobustFedAvg("bulyan")``.
    """


class DifferentialPrivacyClientSideAdaptiveClipping(
    GuardMixin, flower.DifferentialPrivacyClientSideAdaptiveClipping
):
    """Flower's strategy of this name, wrapped. Hand it Flower's own strategy to build on."""


class DifferentialPrivacyClientSideFixedClipping(
    GuardMixin, flower.DifferentialPrivacyClientSideFixedClipping
):
    """Flower's strategy of this name, wrapped. Hand it Flower's own strategy to build on."""


class DifferentialPrivacyServerSideAdaptiveClipping(
    GuardMixin, flower.DifferentialPrivacyServerSideAdaptiveClipping
):
    """Flower's strategy of this name, wrapped. Hand it Flower's own strategy to build on."""


class DifferentialPrivacyServerSideFixedClipping(
    GuardMixin, flower.DifferentialPrivacyServerSideFixedClipping
):
    """Flower's strategy of this name, wrapped. Hand it Flower's own strategy to build on."""


class FedAdagrad(GuardMixin, flower.FedAdagrad):
    """Flower's `FedAdagrad`, wrapped."""


class FedAdam(GuardMixin, flower.FedAdam):
    """Flower's `FedAdam`, wrapped."""


class FedAvg(GuardMixin, flower.FedAvg):
    """Flower's `FedAvg`, wrapped."""


class FedAvgM(GuardMixin, flower.FedAvgM):
    """Flower's `FedAvgM`, wrapped."""


class FedMedian(GuardMixin, flower.FedMedian):
    """Flower's `FedMedian`, wrapped. Our own median is ``RobustFedAvg("median")``."""


class FedProx(GuardMixin, flower.FedProx):
    """Flower's `FedProx`, wrapped."""


class FedTrimmedAvg(GuardMixin, flower.FedTrimmedAvg):
    """Flower's `FedTrimmedAvg`, wrapped. Ours is ``RobustFedAvg("trimmed_mean")``."""


class FedXgbBagging(GuardMixin, flower.FedXgbBagging):
    """Flower's `FedXgbBagging`, wrapped. Its trees are checked, not compared."""


class FedXgbCyclic(GuardMixin, flower.FedXgbCyclic):
    """Flower's `FedXgbCyclic`, wrapped. Its blob is handed on unread."""


class FedYogi(GuardMixin, flower.FedYogi):
    """Flower's `FedYogi`, wrapped."""


class Krum(GuardMixin, flower.Krum):
    """Flower's `Krum`, wrapped. Our own Krum, the rule, is ``RobustFedAvg("krum")``."""


class MultiKrum(GuardMixin, flower.MultiKrum):
    """Flower's `MultiKrum`, wrapped. Our own is ``RobustFedAvg("multikrum")``."""


class QFedAvg(GuardMixin, flower.QFedAvg):
    """Flower's `QFedAvg`, wrapped."""
