"""What runs on a node: it proves its account, signs its updates, or attacks in a simulation."""

from __future__ import annotations

from strategies.client.attack import Ring, attack_mod
from strategies.client.mod import ClientApp, bcfl_identity, bcfl_mod

__all__ = ["ClientApp", "Ring", "attack_mod", "bcfl_identity", "bcfl_mod"]
