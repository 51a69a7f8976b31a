from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.cluster_guard import features
from bcfl_plugins.defenses.cluster_guard.features import (
    agreement,
    unit_rows,
    upper_spread,
    weighted_median,
)
from bcfl_plugins.defenses.core.tiles import inner


def rays(seed: int, n: int, d: int = 400) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, d)))


def votes(courses: np.ndarray) -> np.ndarray:
    return features.votes(inner(courses))


def standing(courses: np.ndarray) -> np.ndarray:
    return features.standing(inner(courses))


def course_group(courses: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return features.course_group(inner(courses), shares)


def test_unrelated_courses_have_equal_votes() -> None:
    assert votes(rays(0, 8)) == pytest.approx(np.full(8, 1 / 8))


def test_courses_that_are_all_alike_have_equal_votes() -> None:
    common = unit_rows(rays(1, 10) + 3 * rays(2, 1))
    assert votes(common) == pytest.approx(np.full(10, 0.1), rel=0.02)
    assert votes(np.tile(rays(3, 1), (10, 1))) == pytest.approx(np.full(10, 0.1))


def test_copies_together_have_less_than_one_vote() -> None:
    found = votes(np.concatenate([rays(4, 12), np.tile(rays(5, 1), (8, 1))]))
    assert found[12:].sum() == pytest.approx(found[0] / 8, rel=0.01)
    assert found.sum() == pytest.approx(1.0)


def test_copies_do_not_gain_when_the_others_are_alike() -> None:
    honest = unit_rows(rays(6, 12) + 2 * rays(7, 1))
    found = votes(np.concatenate([honest, np.tile(rays(8, 1), (8, 1))]))
    assert found[12:].sum() < found[:12].min()


def test_the_copied_node_shares_with_its_copies() -> None:
    honest = rays(9, 10)
    found = votes(np.concatenate([honest, honest[:1]]))
    assert found[0] == pytest.approx(found[10])
    assert found[0] == pytest.approx(found[1] / 4, rel=0.01)


def test_honest_pairs_are_not_outvoted_by_few_that_differ() -> None:
    common = rays(11, 1)
    pairs = unit_rows(common + 0.05 * rays(12, 5))
    found = votes(np.concatenate([pairs, unit_rows(pairs + 1e-4 * rays(13, 5)), rays(18, 4)]))
    assert found == pytest.approx(np.full(14, 1 / 14), rel=0.05)


def test_no_vote_is_above_the_median_vote() -> None:
    found = votes(np.concatenate([np.tile(rays(19, 1), (6, 1)), rays(20, 5)]))
    assert found.max() == pytest.approx(np.median(found))


def test_one_node_has_the_vote() -> None:
    assert votes(rays(10, 1)).tolist() == [1.0]


def test_a_pair_of_opposites_cancels_and_nobody_else_loses() -> None:
    found = rays(14, 9)
    left = standing(np.concatenate([found, -found[:1]]))
    assert left[[0, 9]].tolist() == [1e-6, 1e-6]
    assert left[1:9] == pytest.approx(np.ones(8), abs=1e-6)


def test_few_cannot_cancel_more_votes_than_they_have() -> None:
    way = unit_rows(rays(15, 1) + 0.01 * rays(16, 16))
    left = standing(np.concatenate([way, -way[:4]]))
    assert left[16:].max() <= 0.01
    assert left[:16] == pytest.approx(np.full(16, 0.75), abs=0.01)


def test_two_that_share_an_opposite_lose_half_each() -> None:
    found = rays(17, 5)
    left = standing(np.concatenate([found, found[:1], -found[:1]]))
    assert left[[0, 5]] == pytest.approx([0.5, 0.5])
    assert left[6] == pytest.approx(1e-6)


def test_skew_short_of_opposition_costs_little() -> None:
    angle = np.arccos(-0.8)
    left = standing(np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]]))
    assert (left > 0.97).all()
    assert (left < 1.0).all()


def test_the_group_is_the_largest_that_pulls_one_way() -> None:
    way = rays(11, 1)
    found = unit_rows(np.concatenate([way + 0.5 * rays(12, 7), -way + 0.5 * rays(13, 5)]))
    group = course_group(found, np.full(12, 1 / 12))
    assert (group[:7] > 0).all()
    assert group[7:].tolist() == [0.0] * 5
    assert group.max() <= 1.5 * np.median(group[:7])


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_a_bare_majority_is_the_group_whatever_the_others_pull_back(bad: int) -> None:
    n = 2 * bad + 1
    for seed in range(10):
        noise = 0.3 * np.random.default_rng([seed, n]).standard_normal((n, 50))
        courses = unit_rows(noise + 1.0)
        courses[-bad:] *= -1
        group = course_group(courses, np.full(n, 1 / n))
        assert (group[:-bad] > 0).all()
        assert group[-bad:].tolist() == [0.0] * bad


def test_without_a_group_votes_count() -> None:
    shares = np.array([0.5, 0.5])
    opposed = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert course_group(opposed, shares).tolist() == shares.tolist()


def test_agreement_leaves_the_node_itself_out() -> None:
    way = np.array([[1.0, 0.0]])
    found = np.concatenate([np.tile(way, (3, 1)), -way, [[0.0, 1.0]]])
    group = np.array([0.25, 0.25, 0.25, 0.25, 0.0])
    assert agreement(found, found, group) == pytest.approx([1.0, 1.0, 1.0, -1.0, 0.0])


def test_zero_rows_stay_zero() -> None:
    found = unit_rows(np.array([[0.0, 0.0], [3.0, 4.0]]))
    assert found[0].tolist() == [0.0, 0.0]
    assert found[1] == pytest.approx([0.6, 0.8])


def test_weighted_median_counts_weights() -> None:
    values = np.array([5.0, 1.0, 3.0])
    assert weighted_median(values, np.ones(3)) == 3.0
    assert weighted_median(values, np.array([5.0, 1.0, 1.0])) == 5.0
    assert weighted_median(values, np.array([0.0, 1.0, 0.0])) == 1.0
    assert weighted_median(np.arange(4.0), np.ones(4)) == 1.0


def test_far_lower_values_do_not_widen_the_spread() -> None:
    values = np.array([1.0, 1.1, 0.9, 1.2, 1.05, 0.95])
    calm = upper_spread(values, np.ones(6))
    stirred = upper_spread(np.concatenate([values, [-50.0, -90.0]]), np.ones(8))
    assert calm[1] == pytest.approx(stirred[1], abs=0.1)
