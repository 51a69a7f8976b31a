"""What runs on a node: it proves its account, signs its updates, or attacks in a simulation."""

from __future__ import annotations

from strategies.client.attack import Ring, attack_mod
from strategies.client.masking import bcfl_keys, bcfl_shares, bcfl_sketch, bcfl_unmask
from strategies.client.mod import ClientApp, bcfl_identity, bcfl_mod
from strategies.client.sketching import bcfl_evidence

__all__ = [
    "ClientApp",
    "Ring",
    "attack_mod",
    "bcfl_evidence",
    "bcfl_identity",
    "bcfl_keys",
    "bcfl_mod",
    "bcfl_shares",
    "bcfl_sketch",
    "bcfl_unmask",
]
