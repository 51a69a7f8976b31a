from __future__ import annotations

from typing import Any

import numpy as np

from bcfl_plugins import attacks
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_on_off_attacks_in_the_last_rounds_of_each_period(honest: Any) -> None:
    attack = attacks.create_attack("on_off", base="scaling", period=4, on=2)
    own, attacked = honest[:1], []
    for server_round in range(1, 9):
        sent = attack.craft(honest, 1, rng=rng(), own=own, server_round=server_round)
        attacked.append(not np.array_equal(sent, own))
    assert attacked == [False, False, True, True] * 2


def kept_while_on(base: Any) -> float:
    """Return the share of attackers' updates that the default keeps in rounds that attack."""
    attack = attacks.create_attack("on_off", base=base, period=4, on=2)
    rule, state, kept, tried = create_rule("cluster_guard"), None, 0, 0
    way = rng(3).normal(size=120)
    for number in range(1, 13):
        honest = way + rng(number).normal(size=(8, 120))
        own = way + rng(100 + number).normal(size=(2, 120))
        sent = attack.craft(honest, 2, rng=rng(number), own=own, server_round=number)
        found = rule.aggregate(np.concatenate([honest, sent]), Extras(ids=range(10), state=state))
        state = found.state
        if not np.array_equal(sent, own):
            kept, tried = kept + int(found.decision.kept[8:].sum()), tried + 2
    assert tried == 12
    return kept / tried


def test_on_off_adapted_to_the_default_is_kept_where_a_plain_one_is_not() -> None:
    adapted = attacks.create_attack(
        "adaptive", defense=create_rule("cluster_guard"), direction="unit", evals=8
    )
    assert kept_while_on(adapted) >= 0.9
    assert kept_while_on(attacks.create_attack("scaling", factor=-10.0)) <= 0.3
