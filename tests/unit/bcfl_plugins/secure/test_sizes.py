from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from bcfl_plugins.secure.sizes import MaskScale, bits_for, most_colluders, threshold


def learns(nodes: int, needed: int, colluders: int) -> bool:
    """Say whether a server that tells each node another list learns the update of node 0.

    Node 0 is honest; the last ones collude. A list is of those that are summed. The victim gives
    the seeds of its pairs with those who are not in the list that it is told, and refuses a list
    without `needed` others; an honest node gives its share of the victim's own seed where the
    victim is in the list that it is told, and the seed of their pair where it is not.
    """
    honest, others = range(1, nodes - colluders), range(1, nodes)
    for size in range(needed, nodes):
        for told in combinations(others, size):
            given_by_victim = set(others) - set(told)
            for in_list in product([True, False], repeat=len(honest)):
                by_node = dict(zip(honest, in_list, strict=True))
                shares = colluders + sum(by_node.values())
                known = {j for j in honest if j in given_by_victim or not by_node[j]}
                if shares >= needed and known == set(honest):
                    return True
    return False


@pytest.mark.parametrize("nodes", [3, 4, 5, 6, 7])
def test_lists_that_differ_tell_nothing_up_to_the_stated_number_of_colluders(nodes: int) -> None:
    for needed in range(threshold(nodes), nodes):
        most = most_colluders(nodes, needed)
        assert not any(learns(nodes, needed, c) for c in range(most + 1)), (nodes, needed)


@pytest.mark.parametrize("nodes", [5, 6, 7])
def test_half_of_the_nodes_and_one_would_not_do(nodes: int) -> None:
    """This is what the share of two thirds is for: one or two who collude would be enough."""
    half = (nodes - 1) // 2 + 1
    assert any(learns(nodes, half, colluders) for colluders in (1, 2))


def test_thresholds_of_usual_rounds() -> None:
    found = {n: (threshold(n), most_colluders(n, threshold(n))) for n in (3, 4, 6, 10, 20, 100)}
    assert found == {
        3: (2, 1),
        4: (3, 2),
        6: (4, 2),
        10: (7, 4),
        20: (13, 6),
        100: (67, 34),
    }


def test_a_sum_of_the_largest_updates_does_not_wrap() -> None:
    for nodes, clip in ((3, 1.0), (20, 1.0), (255, 100.0), (20, 1e-6)):
        scale = MaskScale(clip, bits_for(nodes, clip))
        assert scale.fits(nodes)
        assert nodes * scale.largest < 2**31
        assert scale.bits == 30 or not MaskScale(clip, scale.bits + 1).fits(nodes)
    assert bits_for(20, 2.0**30) < 0


def test_an_update_comes_back_to_the_bit_whatever_its_shape() -> None:
    rng = np.random.default_rng(0)
    start = {"a": rng.normal(0, 1, (30, 7)), "b": rng.normal(0, 1, 70_000)}
    ends = [{n: one + rng.normal(0, 0.3, one.shape) for n, one in start.items()} for _ in range(3)]
    scale = MaskScale(1.0, bits_for(3, 1.0))
    total, clipped = np.zeros(70_210, np.uint32), 0
    for end in ends:
        vector = np.zeros_like(total)
        clipped += scale.write([(start[n], end[n]) for n in start], vector)
        total += vector
    assert 0 < clipped < 1000
    assert scale.is_possible(total, 3)
    for name, place in (("a", 0), ("b", 210)):
        moved = [np.clip(end[name] - start[name], -1, 1) for end in ends]
        whole = sum(np.rint(one * 2**scale.bits).astype(np.int64) for one in moved)
        wanted = start[name] + whole / (3 * 2.0**scale.bits)
        found = scale.mean(total, 3, start[name], place)
        assert np.allclose(found, wanted, rtol=0, atol=1e-12)
        assert found.dtype == start[name].dtype


def test_what_is_no_number_is_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not finite"):
            MaskScale(1.0, 20).write([(np.zeros(3), np.array([0, bad, 0]))], np.zeros(3, np.uint32))


def test_a_sum_beyond_what_clipped_updates_give_is_seen() -> None:
    scale = MaskScale(1.0, 20)
    total = np.full(5, 3 << 20, np.uint32)
    assert scale.is_possible(total, 3)
    total[2] += np.uint32(1)
    assert not scale.is_possible(total, 3)
    total[2] = np.uint32(2**31)
    assert not scale.is_possible(total, 3)
