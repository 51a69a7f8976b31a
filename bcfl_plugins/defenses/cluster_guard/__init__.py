"""The flagship: votes by course, rejection by evidence, influence by length."""

from bcfl_plugins.defenses.cluster_guard.rule import ClusterGuard

__all__ = ["ClusterGuard"]
