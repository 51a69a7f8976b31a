"""The rule in a closed loop: a federation that trains on digits while three nodes attack."""

from __future__ import annotations

import pytest

from tests.slow import slow_but

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'bcfl-plugins[demo]'")

from benchmarks.rejections import ATTACKS, TASKS, federation, row

SEEDS = range(100, 103)


@pytest.mark.parametrize("alpha", slow_but({1.0}, [1.0, 0.5]))
@pytest.mark.parametrize("attack", slow_but({"sign flip"}, ATTACKS))
def test_attackers_are_rejected_and_honest_nodes_are_not(attack: str, alpha: float) -> None:
    runs = [federation(seed, alpha=alpha, attack=attack, task=TASKS[0]) for seed in SEEDS]
    found = row(TASKS[0], alpha, attack, runs)
    assert found.honest < 3.0
    if found.attackers_from_round_4 is not None:
        # one label flipper that trains on few classes cannot be told apart at Dirichlet 0.5
        assert found.attackers_from_round_4 > (90.0 if alpha == 1.0 else 70.0)
    if alpha == 1.0:
        assert found.honest_nodes_with_offence == 0
