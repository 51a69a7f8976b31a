"""Attacks on federated learning, to test defenses with: on updates and on training data.

``create_attack("min_max").craft(honest, count, rng=rng)`` gives what the attackers send.
"""

from __future__ import annotations

from bcfl_plugins.attacks.base import ModelAttack
from bcfl_plugins.attacks.data import DataAttack
from bcfl_plugins.attacks.registry import (
    attack_names,
    create_attack,
    create_data_attack,
    create_trigger_attack,
    data_attack_names,
    trigger_attack_names,
)

__all__ = [
    "DataAttack",
    "ModelAttack",
    "attack_names",
    "create_attack",
    "create_data_attack",
    "create_trigger_attack",
    "data_attack_names",
    "trigger_attack_names",
]
