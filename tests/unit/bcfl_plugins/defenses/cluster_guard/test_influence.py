from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.cluster_guard.influence import MOST, believed, influence, size


def test_equal_norms_count_by_vote() -> None:
    shares = np.array([0.5, 0.25, 0.25])
    assert influence(np.ones(3), shares, np.ones(3, dtype=bool)) == pytest.approx(shares)


def test_the_longer_an_update_the_less_it_pulls() -> None:
    norms = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 16.0])
    found = influence(norms, np.full(7, 1 / 7), np.ones(7, dtype=bool))
    pulls = found * norms
    assert pulls[5] == pytest.approx(pulls[0] / 2)
    assert pulls[6] == pytest.approx(pulls[0] / 4)
    assert found.sum() == pytest.approx(1.0)


def test_the_rejected_have_no_share_and_endless_updates_no_pull() -> None:
    kept = np.array([True, True, False, True])
    found = influence(np.array([1.0, 1.0, 1.0, 1e200]), np.full(4, 0.25), kept)
    assert found[2] == 0.0
    assert (found[:2] > 0.0).all()
    assert found[3] * 1e200 < 1e-50


def test_an_update_beside_zeros_has_no_pull_at_all() -> None:
    found = influence(np.array([0.0, 0.0, 3e153]), np.full(3, 1 / 3), np.ones(3, dtype=bool))
    assert found.tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert found[2] == 0.0


def test_a_minority_cannot_make_the_result_long() -> None:
    shares = np.array([0.01, 0.01, 0.01, 0.97])
    norms = np.array([1.0, 1.0, 1.0, 1e9])
    assert influence(norms, shares, np.ones(4, dtype=bool)) @ norms <= 2.0


def test_room_is_where_the_fall_begins() -> None:
    norms = np.array([1.0, 1.0, 1.0, 1.0, 3.0])
    kept = np.ones(5, dtype=bool)
    free = influence(norms, np.full(5, 0.2), kept, np.array([1.0, 1.0, 1.0, 1.0, 3.0]))
    assert free == pytest.approx(np.full(5, 0.2))
    assert influence(norms, np.full(5, 0.2), kept)[4] < 0.06


def test_equal_claims_change_nothing() -> None:
    factor, room = size(np.full(4, 70.0), np.array([1.0, 9.0, 0.1, 2.0]), np.ones(4))
    assert (factor.tolist(), room.tolist()) == ([1.0] * 4, [1.0] * 4)


def test_a_claim_is_believed_as_far_as_past_and_length_bear_it_out() -> None:
    claims = np.array([10.0, 10.0, 10.0, 1e9, 1e9, 1e9, 10.0])
    norms = np.array([1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 1.0])
    belief = believed(np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0]))
    factor, room = size(claims, norms, belief)
    assert factor[3] == 1.0  # it moved no farther than others
    assert factor[4] == MOST
    assert factor[5] == room[5] == 1.0  # nothing is known of it
    assert room[4] == MOST


def test_who_claims_little_counts_little() -> None:
    factor, _ = size(np.array([100.0, 25.0, 100.0]), np.ones(3), np.zeros(3))
    assert factor.tolist() == [1.0, 0.25, 1.0]


@pytest.mark.parametrize("length", [0.5, 1.0, 2.0, 4.0, 10.0, 1e6])
def test_no_claim_owns_the_model(length: float) -> None:
    norms = np.array([1.0] * 9 + [length])
    claims = np.array([50.0] * 9 + [1e9])
    factor, room = size(claims, norms, np.ones(10))
    found = influence(norms, np.full(10, 0.1) * factor, np.ones(10, dtype=bool), room)
    assert found[9] <= MOST / (9 + MOST) + 1e-9
    assert found[9] * length <= MOST * MOST / (9 + MOST) + 1e-9


def test_claims_of_nothing_are_no_division() -> None:
    factor, _ = size(np.zeros(3), np.zeros(3), np.ones(3))
    assert np.isfinite(factor).all()


def test_neither_of_two_nodes_counts_for_more_by_its_length_or_its_claim() -> None:
    norms, claims = np.array([1.0, 10.0]), np.array([50.0, 1e6])
    factor, room = size(claims, norms, np.zeros(2))
    assert factor.tolist() == room.tolist() == [1.0, 1.0]
    shares = influence(norms, factor / 2, np.ones(2, np.bool_), room)
    assert shares[1] * norms[1] < shares[0] * norms[0]
