"""Rules that look into a model: at its output layer, at single arrays, at many measures at once."""

from __future__ import annotations

from bcfl_plugins.defenses.inspection.deepsight import DeepSight
from bcfl_plugins.defenses.inspection.mesas import Mesas
from bcfl_plugins.defenses.inspection.snowball import Snowball

__all__ = ["DeepSight", "Mesas", "Snowball"]
