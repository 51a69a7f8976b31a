from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.cluster_guard.decisions import NodeDecisions, decide, slopes_of
from bcfl_plugins.reasons import Reason


def verdict(
    slopes: list[float],
    *,
    evidence: float = 1.0,
    norms: list[float] | None = None,
    past: list[float] | None = None,
    room: float = 1.0,
) -> NodeDecisions:
    n = len(slopes)
    return decide(
        np.array(slopes) * evidence,
        np.full(n, evidence),
        np.ones(n) if norms is None else np.array(norms),
        np.full(n, 1 / n),
        3.5,
        past=np.zeros(n) if past is None else np.array(past),
        room=room,
    )


HONEST = [0.8, 0.9, 1.0, 1.1, 1.2, 1.0, 0.95]


def test_opposed_nodes_are_rejected_for_their_direction() -> None:
    found = verdict([*HONEST, -1.0, -0.9])
    assert found.rejected.tolist() == [False] * 7 + [True] * 2
    assert found.reasons[-1] is Reason.OUTLIER_DIRECTION
    assert found.scores[-2:] == pytest.approx([2.0, 1.9])


def test_a_node_that_does_nothing_is_not_rejected() -> None:
    assert not verdict([*HONEST, 0.0, 0.0]).rejected.any()


def test_where_honest_nodes_spread_nobody_is_rejected() -> None:
    assert not verdict([-0.5, 0.1, 0.4, 1.0, 1.5, 1.9, 2.3, 2.6, -0.8]).rejected.any()


def test_little_evidence_is_no_ground() -> None:
    found = verdict([*HONEST, -1.0], evidence=0.1)
    assert not found.rejected.any()
    assert found.trust.tolist() == [1.0] * 8
    assert "no common direction" in found.note


def test_trust_falls_before_rejection_begins() -> None:
    wide = [0.2, 0.5, 1.0, 1.4, 1.8, 1.1, 1.3]
    found = verdict([*wide, -0.2])
    assert not found.rejected.any()
    assert 0.0 < found.trust[-1] < 1.0
    assert found.trust[:-1].tolist() == [1.0] * 7


def by_votes(norms: list[float], votes: list[float]) -> NodeDecisions:
    n = len(norms)
    shares = np.array(votes) / sum(votes)
    return decide(np.zeros(n), np.zeros(n), np.array(norms), shares, 3.5, past=np.zeros(len(norms)))


def test_a_long_update_with_most_votes_is_rejected() -> None:
    found = by_votes([1.0] * 6 + [1e4], [1.0] * 6 + [9.0])
    assert found.rejected.tolist() == [False] * 6 + [True]


def test_a_short_update_with_most_votes_makes_nobody_long() -> None:
    found = by_votes([1.0, 1.1, 0.9, 1.2, 1e-4], [1.0, 1.0, 1.0, 1.0, 9.0])
    assert not found.rejected.any()
    assert "abstained" not in found.note


def test_colluders_without_votes_do_not_widen_what_is_long() -> None:
    norms = [0.9, 1.0, 1.0, 1.1, 1.2, 0.8, 1.0, *[9.0] * 5]
    found = by_votes(norms, [1.0] * 7 + [0.01] * 5)
    assert found.rejected.tolist() == [False] * 7 + [True] * 5


def test_it_abstains_when_half_would_go() -> None:
    found = verdict([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0], norms=[1, 1, 1, 1, 1, 1, 1])
    assert found.rejected.sum() == 3
    norms = [1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0]
    assert not verdict([1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0], norms=norms).rejected.any()


def test_one_of_three_is_rejected_when_it_is_reversed_and_not_when_it_differs() -> None:
    assert verdict([1.0, 1.1, -1.0]).rejected.tolist() == [False, False, True]
    different = verdict([1.0, 1.1, -0.7])
    assert not different.rejected.any()
    assert 0.0 < different.trust[2] < 0.5


def test_two_nodes_have_no_majority() -> None:
    found = verdict([1.0, -1.0])
    assert not found.rejected.any()
    assert found.note.startswith("abstained: 2 updates, 3 are needed")


def test_an_absurd_length_is_rejected_at_once() -> None:
    found = verdict(HONEST, evidence=0.0, norms=[1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 5.0])
    assert found.rejected.tolist() == [False] * 6 + [True]
    assert found.reasons[-1] is Reason.OUTLIER_NORM


def test_where_lengths_spread_a_long_update_passes() -> None:
    norms = [0.3, 0.5, 0.8, 1.0, 1.5, 2.5, 5.0]
    assert not verdict(HONEST, evidence=0.0, norms=norms).rejected.any()


def test_nobody_moves() -> None:
    found = verdict([1.0] * 5, evidence=0.0, norms=[0.0] * 5)
    assert not found.rejected.any()
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("factor", [1.0, 2.0**-10, 0.7, 1e-3, 1e150])
def test_four_median_norms_are_not_too_long_at_any_scale(factor: float) -> None:
    found = verdict([1.0] * 9, norms=[factor * norm for norm in (1, 0, 1, 0, 1, 1, 0, 0, 4)])
    assert not found.rejected.any()


def test_a_node_that_has_agreed_so_far_may_become_long() -> None:
    slopes = [1.0, 0.9, 1.1, 1.0, 0.9, 0.7]
    norms = [1.0, 1.1, 0.9, 1.0, 1.05, 9.0]
    assert verdict(slopes, norms=norms).rejected.tolist() == [False] * 5 + [True]
    assert not verdict(slopes, norms=norms, past=slopes).rejected.any()
    norms[-1] = 11.0
    assert verdict(slopes, norms=norms, past=slopes).rejected[-1]
    against = [*slopes[:5], -0.1]
    assert verdict(against, norms=[*norms[:5], 9.0], past=against).rejected[-1]


def test_what_was_shown_is_the_less_of_before_and_now() -> None:
    found = verdict([1.0, 0.9, 1.1, 0.2], past=[0.0, 1.2, 0.8, 1.0])
    assert found.slopes.tolist() == pytest.approx([0.0, 0.9, 0.8, 0.2])
    assert slopes_of(np.array([0.3, 0.3]), np.array([0.3, 0.1])).tolist() == [1.0, 0.0]


def test_room_moves_the_length_from_which_on_a_node_is_too_long() -> None:
    norms = [1.0, 1.1, 0.9, 1.0, 1.05, 9.0]
    assert not verdict([1.0] * 6, norms=norms, room=3.0).rejected.any()
    assert verdict([1.0] * 6, norms=[*norms[:5], 13.0], room=3.0).rejected[-1]
