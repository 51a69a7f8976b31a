from __future__ import annotations

from typing import Any

import numpy as np

from bcfl_plugins import attacks


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_on_off_attacks_in_the_last_rounds_of_each_period(honest: Any) -> None:
    attack = attacks.create_attack("on_off", base="scaling", period=4, on=2)
    own, attacked = honest[:1], []
    for server_round in range(1, 9):
        sent = attack.craft(honest, 1, rng=rng(), own=own, server_round=server_round)
        attacked.append(not np.array_equal(sent, own))
    assert attacked == [False, False, True, True] * 2
