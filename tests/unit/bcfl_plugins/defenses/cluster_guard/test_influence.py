from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.cluster_guard.influence import influence


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
