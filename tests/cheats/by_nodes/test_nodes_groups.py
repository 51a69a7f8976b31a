"""Nodes that cheat in groups: whom it costs what."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bcfl_plugins.evidence import EvidenceState, NodeFacts, observe
from bcfl_plugins.evidence.wealth import of_groups
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

NODES, SIZE, CHEATS, ROUNDS = 20, 4, 2, 60
VICTIM = NODES - 1


def strikes(
    seed: int, *, cheats: int = CHEATS, only_beside: int | None = None, by_chance: float = 0.0
) -> tuple[Counter[int], Counter[int]]:
    """Return each node's strikes and lost rounds; the first nodes spoil the sums of their groups.

    Every spoiled group is rejected, and of the others some by chance. With `only_beside` they cheat
    in that node's group alone.
    """
    rng, state = np.random.default_rng(seed), EvidenceState(of_groups(256))
    struck: Counter[int] = Counter()
    lost: Counter[int] = Counter()
    for _ in range(ROUNDS):
        order = rng.permutation(NODES)
        groups = [{*order[at :: NODES // SIZE].tolist()} for at in range(NODES // SIZE)]
        facts = []
        for group in groups:
            out = min(group) < cheats and (only_beside is None or only_beside in group)
            out = out or rng.random() < by_chance
            facts += [NodeFacts(str(node), out, harmful=out) for node in group]
            lost.update(group if out else ())
        state, found = observe(state, facts)
        struck.update(int(one.node) for one in found if one.strike)
    return struck, lost


@cheat(
    Role.NODE,
    "Spoils the sum of its group (`groups` only), so that the others in it earn nothing in that "
    "round.",
    Comes.OPEN,
    'The others get no strike for it. With `bcfl.outliers.evidence = "difference"` who is in every '
    "group that is rejected gets one after some 22 rounds; until then it costs them the round.",
)
def test_a_node_that_spoils_the_sum_of_its_group() -> None:
    for seed in range(9000, 9005):
        struck, lost = strikes(seed)
        assert {*struck} == {*range(CHEATS)}
        assert all(lost[node] == ROUNDS for node in range(CHEATS))
        assert all(0 < lost[node] < ROUNDS / 2 for node in range(CHEATS, NODES))


@cheat(
    Role.TOGETHER,
    "Several spoil the sums of their groups only when one honest node is drawn to them, so that it "
    "is in every group that is rejected (`groups` only).",
    Comes.REFUSED,
    "They do not choose the groups. A strike takes rejections in more rounds than that happens in, "
    "as long as they are fewer than half as many as there are groups.",
)
def test_nodes_that_cheat_beside_one_other_only() -> None:
    for seed in range(9100, 9105):
        struck, lost = strikes(seed, only_beside=VICTIM)
        assert lost[VICTIM] > 10
        assert not struck


@pytest.mark.parametrize("size", [3, 4, 5, 8])
def test_an_honest_node_is_beside_a_cheat_in_under_four_of_ten_rounds(size: int) -> None:
    """By counting all drawings. A strike takes more than one half."""
    assert of_groups(256).bad_rate == 10**9 // 2
    for nodes in range(3 * size, 160):
        groups = nodes // size
        most = (groups - 1) // 2
        alone = 0.0
        for group in range(groups):
            others = len(range(group, nodes, groups)) - 1
            clean = [(nodes - 1 - most - at) / (nodes - 1 - at) for at in range(others)]
            alone += (others + 1) / nodes * float(np.prod(clean))
        assert 1.0 - alone < 0.4, (nodes, size)


@pytest.mark.parametrize("by_chance", [0.1, 0.36, 0.5])
def test_a_rule_that_rejects_groups_by_chance_strikes_nobody(by_chance: float) -> None:
    """As often as the worst of the rules does where nobody cheats, and beside those who frame."""
    for seed in range(9200, 9203):
        struck, lost = strikes(seed, cheats=0, by_chance=by_chance)
        assert min(lost[node] for node in range(NODES)) > 0
        assert not struck
        struck, _ = strikes(seed, only_beside=VICTIM, by_chance=by_chance)
        assert not struck
