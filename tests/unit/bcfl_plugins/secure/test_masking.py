"""What a server sees of a masked round, whatever the updates are: all of it, in a tiny ring."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from bcfl_plugins.secure.statements import is_plus
from tests.unit.bcfl_plugins.secure.nodes import Playing, account

MOD = 2
WORDS = list(product(range(MOD), repeat=2))
"""Vectors of two words mod 2; a sketch is the first word plus the second."""
ACCOUNTS = sorted((account(n) for n in range(3)), key=lambda one: one.raw)
PAIRS = [(0, 1), (0, 2), (1, 2)]

Vector = tuple[int, ...]


def view(updates: list[Vector], accepted: tuple[int, ...], *, sketched: bool) -> Counter[object]:
    """Return how often a server with node 2 sees what, over all masks of three nodes.

    It sees what each sends, the own seeds of those that are summed, the seeds of pairs with one
    that is not, sketches of all masks where they are asked for, and all that node 2 holds.
    """
    seen: Counter[object] = Counter()
    for own in product(WORDS, repeat=3):
        for drawn in product(WORDS, repeat=3):
            pair = dict(zip(PAIRS, drawn, strict=True))
            sent = []
            for node in range(3):
                total = [a + b for a, b in zip(updates[node], own[node], strict=True)]
                for ends, mask in pair.items():
                    if node in ends:
                        (peer,) = {*ends} - {node}
                        sign = 1 if is_plus(ACCOUNTS[node], ACCOUNTS[peer]) else -1
                        total = [a + sign * b for a, b in zip(total, mask, strict=True)]
                sent.append(tuple(word % MOD for word in total))
            seeds = tuple(own[node] for node in accepted)
            left = tuple(mask for ends, mask in pair.items() if len({*ends} & {*accepted}) == 1)
            colludes = own[2], pair[0, 2], pair[1, 2], updates[2]
            sketches = [sum(mask) % MOD for mask in (*own, *drawn)] if sketched else []
            seen[tuple(sent), seeds, left, colludes, tuple(sketches)] += 1
    return seen


@pytest.mark.parametrize("sketched", [False, True])
def test_updates_with_one_sum_and_one_sketch_each_look_the_same(sketched: bool) -> None:
    """All pairs of inputs of the honest two: views are equal just where they must be."""
    equal = 0
    views = {
        (one, other): view([one, other, (0, 1)], (0, 1, 2), sketched=sketched)
        for one, other in product(WORDS, repeat=2)
    }
    for left, right in product(views, repeat=2):
        sums = [tuple((a + b) % MOD for a, b in zip(*pair, strict=True)) for pair in (left, right)]
        sketches = [tuple(sum(one) % MOD for one in pair) for pair in (left, right)]
        same = sums[0] == sums[1] and (not sketched or sketches[0] == sketches[1])
        assert (views[left] == views[right]) is same
        equal += same
    assert equal == (32 if sketched else 64)


def test_an_update_that_is_not_summed_stays_hidden_whole() -> None:
    """Node 0 is rejected: its pair masks are given back, and its own mask is not."""
    views = [view([one, (1, 0), (0, 1)], (1, 2), sketched=False) for one in WORDS]
    assert all(one == views[0] for one in views)


def test_the_real_masks_cancel_like_these_and_look_even() -> None:
    """Two inputs of one sum: what is sent is even in both, and the sum is the same."""
    size = 1 << 17
    one = [np.full(size, n, np.uint32) for n in (5, 7, 9, 11)]
    other = [np.full(size, n, np.uint32) for n in (2**32 - 6, 18, 9, 11)]
    totals = []
    for updates in (one, other):
        round_ = Playing.of(4, updates)
        for number in range(4):
            counts = np.bincount(round_.sent(number).view(np.uint8), minlength=256)
            expected = 4 * size / 256
            assert 170 < float(((counts - expected) ** 2 / expected).sum()) < 350
        total = round_.total(range(4))
        round_.answers(range(4), range(4)).unmask(total)
        totals.append(total)
    assert np.array_equal(*totals)
