"""Attacks on federated learning, to test defenses with: on updates and on training data.

``create("min_max").craft(honest, count, rng=rng)`` gives what the attackers send.
"""

from __future__ import annotations

from bcfl_plugins.attacks.base import ModelAttack
from bcfl_plugins.attacks.data import DataAttack
from bcfl_plugins.attacks.registry import create, create_data, data_names, names

__all__ = ["DataAttack", "ModelAttack", "create", "create_data", "data_names", "names"]
