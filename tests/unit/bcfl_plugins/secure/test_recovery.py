from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest

from bcfl_plugins.secure.recovery import (
    CannotUnmask,
    Claims,
    FalseShares,
    disputed_pairs,
    false_claims,
    left_out_by,
    lied_about,
)
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import as_vector
from tests.unit.bcfl_plugins.secure.nodes import LENGTH, Playing, account, drawn, position

N = 6
EVERY = range(N)


def subsets(numbers: list[int]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(numbers, k) for k in range(len(numbers) + 1)))


def test_whoever_drops_out_the_sum_is_exact_or_stays_hidden() -> None:
    """Each subset that sends, and of these each that answers: 729 ways to drop out."""
    round_ = Playing.of(N)
    dealings = round_.dealings()
    summed = hidden = 0
    for sending in subsets([*EVERY]):
        if len(sending) <= round_.roster.needed:
            continue  # nodes refuse to answer
        for answering in subsets([*sending]):
            answers = round_.answers(sending, answering, dealings)
            total = round_.total(sending)
            before = total.copy()
            try:
                answers.unmask(total)
            except CannotUnmask:
                hidden += 1
                assert np.array_equal(total, before), "nothing is changed"
            else:
                summed += 1
                assert np.array_equal(total, round_.true(sending))
            assert not answers.liars()
    assert (summed, hidden) == (13, 243)


def test_shares_of_fewer_than_needed_do_not_unmask() -> None:
    round_ = Playing.of(N)
    needed = round_.roster.needed
    answers = round_.answers(EVERY, range(needed))
    with pytest.raises(CannotUnmask, match=f"{needed - 1} of {needed} shares"):
        answers.unmask(round_.total(EVERY))


def test_a_dealer_of_false_shares_is_named_by_what_it_signed() -> None:
    round_ = Playing.of(N)
    dealings = round_.dealings()
    liar = round_.nodes[2]
    other = replace(liar, seed=drawn("another seed")).deal()
    dealings[liar.account] = replace(other, seed=dealings[liar.account].seed)
    with pytest.raises(FalseShares) as found:
        round_.answers(EVERY, EVERY, dealings).unmask(round_.total(EVERY))
    assert found.value.dealer == liar.account


def test_a_false_share_costs_a_share_and_a_false_pair_seed_names_its_giver() -> None:
    round_ = Playing.of(N)
    accepted = [0, 1, 2, 3, 4]
    answers = round_.answers(accepted, EVERY)
    liar, out = account(1), account(5)
    given = bytearray(answers.of[liar])
    for peer in (account(0), out):
        place = 32 * position(round_.roster, liar, peer)
        given[place] ^= 1
    lied = replace(answers, of={**answers.of, liar: bytes(given)})
    assert set(lied.liars()) == {liar}
    with pytest.raises(CannotUnmask, match="gave no seed of its pair"):
        lied.unmask(round_.total(accepted))
    assert lied.seed_of(account(0)) == round_.nodes[0].seed, "others' shares are enough"


def test_pair_seeds_that_differ_are_seen_before_anybody_trains() -> None:
    round_ = Playing.of(N)
    dealings = round_.dealings()
    assert disputed_pairs(round_.roster, dealings) == set()
    liar, peer = account(3), account(4)
    pairs = list(dealings[liar].pairs)
    pairs[position(round_.roster, liar, peer)] = bytes(32)
    dealings[liar] = replace(dealings[liar], pairs=tuple(pairs))
    assert disputed_pairs(round_.roster, dealings) == {frozenset((liar, peer))}


def test_who_is_left_out_of_disputes() -> None:
    a, b, c, d = map(account, range(4))
    assert left_out_by(set()) == set()
    assert left_out_by({frozenset((a, b))}) == {a, b}, "nobody knows which"
    assert left_out_by({frozenset((a, b)), frozenset((a, c))}) == {a}
    assert left_out_by({frozenset((a, b)), frozenset((c, d))}) == {a, b, c, d}


def test_claims_give_the_exact_sketch_of_each_update() -> None:
    round_ = Playing.of(N)
    claims, sketching = round_.claims(EVERY), round_.sketching()
    assert claims.disputes() == set()
    for number in EVERY:
        masked = sketching.of_vector(round_.sent(number))
        found = claims.of_update(account(number), masked)
        assert np.array_equal(found, sketching.of_vector(round_.updates[number]))


def test_a_node_that_dropped_out_hinders_no_sketch() -> None:
    round_ = Playing.of(N)
    claims, sketching = round_.claims(range(5)), round_.sketching()
    found = claims.of_update(account(0), sketching.of_vector(round_.sent(0)))
    assert np.array_equal(found, sketching.of_vector(round_.updates[0]))


def test_a_lie_about_a_pair_is_seen_and_its_seed_names_the_liar() -> None:
    round_ = Playing.of(N)
    claims, sketching = round_.claims(EVERY), round_.sketching()
    liar, peer = account(3), account(4)
    lied = claims.of[liar].copy()
    lied[1 + position(round_.roster, liar, peer)] += np.uint32(1)
    false = Claims(round_.roster, {**claims.of, liar: lied})
    pair = frozenset((liar, peer))
    assert false.disputes() == {pair}
    seed = round_.answers([0, 1, 2, 5], EVERY).disputed_seed(*pair)
    assert seed == round_.nodes[3].pair_seeds()[peer]
    assert lied_about(sketching, false, pair, seed, LENGTH) == {liar}


def test_a_lie_about_ones_own_mask_is_refuted_by_its_seed() -> None:
    round_ = Playing.of(N)
    claims, sketching = round_.claims(EVERY), round_.sketching()
    own = round_.answers(EVERY, EVERY).unmask(round_.total(EVERY))
    assert false_claims(sketching, claims, own, LENGTH) == set()
    lied = claims.of[account(2)].copy()
    lied[0] += np.uint32(1)
    false = Claims(round_.roster, {**claims.of, account(2): lied})
    assert false_claims(sketching, false, own, LENGTH) == {account(2)}


def test_what_a_coalition_hides_from_one_sketch_shows_in_the_others() -> None:
    """Three spread an update of 30 honest lengths; pair claims agree, and all three look long."""
    count, size = 8, 3000
    scale = MaskScale(1.0, 24)
    rng = np.random.default_rng(5)
    plain = [rng.normal(0, 0.01, size) for _ in range(count)]
    plain[0] = plain[0] * 30
    updates = []
    for one in plain:
        vector = np.zeros(size, np.uint32)
        scale.write([(np.zeros(size), one)], vector)
        updates.append(vector)
    round_ = Playing.of(count, updates)
    claims, sketching = round_.claims(range(count)), round_.sketching()
    hidden = as_vector(sketching.of_vector(updates[0]), 0) * np.sqrt(2)
    part = np.rint(hidden / 3).astype(np.int64).astype(np.uint32).reshape(2, 64)
    false = {who: one.copy() for who, one in claims.of.items()}
    for other in (1, 2):  # node 0 hands a third of its sketch to each, in what both claim
        a, b = sorted((account(0), account(other)), key=lambda one: one.raw)
        add = part if a == account(0) else -part
        for end, peer in ((a, b), (b, a)):
            false[end][1 + position(round_.roster, end, peer)] += add
    spread = Claims(round_.roster, false)
    assert spread.disputes() == set()

    def length(numbers: list[int]) -> float:
        found = np.zeros((2, 64), np.uint32)
        for n in numbers:
            masked = sketching.of_vector(round_.sent(n))
            found += spread.of_update(account(n), masked)
        return float(np.linalg.norm(as_vector(found, 24)))

    honest = np.median([length([n]) for n in range(3, count)])
    assert length([0]) < 13 * honest, "it looks shorter than it is"
    assert min(length([1]), length([2])) > 5 * honest, "and the others longer"
    true = float(np.linalg.norm(plain[0] + plain[1] + plain[2]))
    claimed = sum(length([n]) for n in range(3))
    assert true < 1.3 * claimed
    assert length([0, 1, 2]) == pytest.approx(true, rel=0.3)
