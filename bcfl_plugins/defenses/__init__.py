"""Robust rules: n updates of a model become one, and it is said which were kept and why.

Pure functions of what they are given: no clock, no files, no unseeded randomness. By name::

    rule = create_rule("nnm+cwtm", f=4)
    found = rule.aggregate(updates, Extras(reference=model, ids=node_ids))
    found.value, found.decision.kept

or as a value: ``NNM() + TrimmedMean(f=4)``. ``rule(updates)`` is short for the value alone.
"""

from __future__ import annotations

from bcfl_plugins.defenses.base import (
    NO_EXTRAS,
    Aggregate,
    Decision,
    Defense,
    Extras,
    RuleTags,
)
from bcfl_plugins.defenses.cluster import Cluster
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.defenses.inspection import DeepSight, Mesas, Snowball
from bcfl_plugins.defenses.registry import (
    ALIASES,
    ALL_RULES,
    create_rule,
    pre_aggregator_names,
    rule_names,
    selecting_rule_names,
    setting_names,
)
from bcfl_plugins.defenses.rules.aligned import AlignIns
from bcfl_plugins.defenses.rules.bulyan import Bulyan
from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from bcfl_plugins.defenses.rules.clusters import ClippedClustering, Flame, Rflbat, SecuredStyle
from bcfl_plugins.defenses.rules.coordinate import Meamed, Mean, Median, TrimmedMean
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from bcfl_plugins.defenses.rules.history import FLDetector
from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from bcfl_plugins.defenses.rules.layers import LASA, FreqFed
from bcfl_plugins.defenses.rules.pre import NNM, Bucketing, Composed, CoordinateClip, Pre
from bcfl_plugins.defenses.rules.signs import SignGuard
from bcfl_plugins.defenses.rules.spectral import CAF, DnC
from bcfl_plugins.defenses.rules.subsets import MDA, SMEA
from bcfl_plugins.defenses.rules.trust import Contra, FLTrust, FoolsGold, Monna
from bcfl_plugins.errors import BadUpdates, DefenseError, TooFewUpdates

__all__ = [
    "ALIASES",
    "ALL_RULES",
    "ARC",
    "CAF",
    "LASA",
    "MDA",
    "NNM",
    "NO_EXTRAS",
    "SMEA",
    "Aggregate",
    "AlignIns",
    "BadUpdates",
    "Bucketing",
    "Bulyan",
    "CenteredClipping",
    "ClippedClustering",
    "Cluster",
    "ClusterGuard",
    "Composed",
    "Contra",
    "CoordinateClip",
    "Decision",
    "DeepSight",
    "Defense",
    "DefenseError",
    "DnC",
    "Extras",
    "FLDetector",
    "FLTrust",
    "Flame",
    "FoolsGold",
    "FreqFed",
    "GeometricMedian",
    "Krum",
    "Meamed",
    "Mean",
    "Median",
    "Mesas",
    "Monna",
    "MultiKrum",
    "NormClipping",
    "Pre",
    "Rflbat",
    "RuleTags",
    "SecuredStyle",
    "SignGuard",
    "Snowball",
    "TooFewUpdates",
    "TrimmedMean",
    "create_rule",
    "pre_aggregator_names",
    "rule_names",
    "selecting_rule_names",
    "setting_names",
]
