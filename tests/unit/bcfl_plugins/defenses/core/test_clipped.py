"""Clipping each coordinate around the median, with the shares of any rule."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.defenses.rules.bulyan import Bulyan
from bcfl_plugins.defenses.rules.coordinate import Mean
from bcfl_plugins.defenses.rules.pre import NNM, CoordinateClip
from bcfl_plugins.errors import BadUpdates, ConfigError
from benchmarks.consortia.simulation import Case, Federation
from benchmarks.crafted import BACKDOOR

ROWS = np.random.default_rng(1).normal(1.0, 1.0, size=(9, 500))


def defined(rows: np.ndarray, shares: np.ndarray, mads: float) -> np.ndarray:
    middle = np.median(rows, axis=0)
    spread = np.median(np.abs(rows - middle), axis=0)
    clipped: np.ndarray = np.clip(rows, middle - mads * spread, middle + mads * spread)
    return shares @ clipped


@pytest.mark.parametrize("n", [8, 9])
@pytest.mark.parametrize("mads", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("name", ["mean", "multikrum", "flame", "geometric_median"])
def test_what_a_rule_sums_is_clipped(name: str, mads: float, n: int) -> None:
    rows = ROWS[:n]
    plain = create_rule(name).aggregate(rows)
    found = create_rule(f"coordinate_clip+{name}", mads=mads).aggregate(rows)
    expected = defined(rows, plain.decision.weights, mads)
    np.testing.assert_allclose(found.value, expected, atol=1e-9)
    assert found.decision.kept.tolist() == plain.decision.kept.tolist()
    assert not found.decision.weights.size  # shares of what was sent do not make up the result


def test_alone_it_is_the_clipped_mean_and_with_much_room_the_mean() -> None:
    shares = np.full(9, 1 / 9)
    np.testing.assert_allclose(CoordinateClip()(ROWS), defined(ROWS, shares, 2.0))
    np.testing.assert_allclose(CoordinateClip(mads=1e6)(ROWS), Mean()(ROWS))


def test_the_rule_remembers_as_without_it() -> None:
    rule, state = create_rule("coordinate_clip+cluster_guard"), None
    plain, before = create_rule("cluster_guard"), None
    for _ in range(3):
        rows = ROWS.copy()
        rows[-1] *= -1.0
        state = rule.aggregate(rows, Extras(ids=range(9), state=state)).state
        made = plain.aggregate(rows, Extras(ids=range(9), state=before))
        before = made.state
    found = rule.aggregate(rows, Extras(ids=range(9), state=state)).decision
    again = plain.aggregate(rows, Extras(ids=range(9), state=before)).decision
    assert found.kept.tolist() == again.kept.tolist() == [True] * 8 + [False]


def test_integers_and_buffers_are_as_without_it() -> None:
    rows = [
        {"w": row[:3], "running_mean": row[3:5], "n": np.array(i)} for i, row in enumerate(ROWS)
    ]
    found, plain = (create_rule(name)(rows) for name in ("coordinate_clip+mean", "mean"))
    assert found["n"] == plain["n"]
    np.testing.assert_array_equal(found["running_mean"], plain["running_mean"])


@pytest.mark.parametrize("method", ["median", "cwtm", "bulyan", "nnm+cwtm", "lasa"])
def test_what_sums_no_updates_cannot_come_after_it(method: str) -> None:
    with pytest.raises(ConfigError, match="clips what the rule after it sums"):
        create_rule(f"coordinate_clip+{method}")


def test_nor_as_an_object() -> None:
    with pytest.raises(BadUpdates, match="clips what the rule after it sums"):
        CoordinateClip() + Bulyan()
    assert (NNM() + CoordinateClip() + Mean()).name == "nnm+coordinate_clip+mean"


@pytest.mark.parametrize("seed", [3, 4])
def test_a_backdoor_that_the_default_hears_is_cut_off(seed: int) -> None:
    """Of equally distributed sites: what the default's shares let in, the clip leaves out."""
    case = Case("iid", 7, seed, BACKDOOR)
    heard = Federation(case).run(create_rule("cluster_guard"))
    cut = Federation(case).run(create_rule("coordinate_clip+cluster_guard", mads=1.0))
    assert heard.backdoor > 0.8
    assert cut.backdoor < 0.15
    assert cut.accuracy > heard.accuracy - 0.02
