"""What attackers send in the tables of small federations, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins import attacks

if TYPE_CHECKING:
    Floats = np.ndarray[Any, np.dtype[Any]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

BACKDOOR = "backdoor"
ATTACKS = (
    "none", "sign_flip", "scaled", "label_flip", "alie", "min_max", "free_rider", "on_off",
)  # fmt: skip
"""`scaled` is reversed and ten times as long. `label_flip` and `BACKDOOR` are done to the data."""
_PERIOD = 3  # rounds after which `on_off` changes its mind
_CRAFTED = ("alie", "min_max")


def craft(updates: Floats, evil: Flags, attack: str, turn: int, rng: np.random.Generator) -> Floats:
    """Put what the attackers send into (n, d) updates, in place, and return them.

    Parameters
    ----------
    updates : Floats
        What training gave everybody.
    evil : Flags
        (n,) who attacks.
    attack : str
        One of `ATTACKS`, or `BACKDOOR`.
    turn : int
        Rounds before this one.
    rng : numpy.random.Generator
        The only source of chance.
    """
    if attack == "sign_flip" or (attack == "on_off" and turn // _PERIOD % 2):
        updates[evil] *= -1.0
    elif attack == "scaled":
        updates[evil] *= -10.0
    elif attack == "free_rider":
        width = updates.shape[1]
        size = np.linalg.norm(updates[~evil], axis=1).mean() / np.sqrt(width)
        updates[evil] = size * rng.standard_normal((int(evil.sum()), width))
    elif attack in _CRAFTED:
        updates[evil] = attacks.create_attack(attack).craft(
            updates[~evil],
            int(evil.sum()),
            rng=rng,
            own=updates[evil].copy(),
            previous=None,
            server_round=turn + 1,
        )
    return updates
