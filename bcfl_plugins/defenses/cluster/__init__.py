"""The rule ``cluster``: who pulls with the others, array by array."""

from bcfl_plugins.defenses.cluster.rule import Cluster

__all__ = ["Cluster"]
