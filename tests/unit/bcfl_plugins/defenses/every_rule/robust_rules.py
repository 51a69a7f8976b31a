"""The rules under test, each with an f that it tolerates among eleven updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.defenses.rules.bulyan import Bulyan
from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from bcfl_plugins.defenses.rules.coordinate import Meamed, Median, TrimmedMean
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from bcfl_plugins.defenses.rules.pre import NNM, Bucketing
from bcfl_plugins.defenses.rules.spectral import CAF, DnC
from bcfl_plugins.defenses.rules.subsets import MDA, SMEA

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Defense

ROBUST: list[Defense] = [
    Median(f=2),
    TrimmedMean(f=2),
    Meamed(f=2),
    Krum(f=2),
    MultiKrum(f=2),
    Bulyan(f=2),
    GeometricMedian(f=2),
    CenteredClipping(f=2),
    NormClipping(f=2),
    ARC(f=2),
    NNM(f=2),
    Bucketing(f=2) + Median(),
    NNM(f=2) + TrimmedMean(),
    NNM(f=2) + Krum(),
    ARC(f=2) + GeometricMedian(),
    NNM(f=2) + Bulyan(),
    MDA(f=2),
    SMEA(f=2),
    CAF(f=2),
    DnC(f=2),
]
SELECTING = [rule for rule in ROBUST if rule.tags.selects]


def label(rule: Defense) -> str:
    return rule.name
