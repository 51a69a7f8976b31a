"""What nodes measure and do not train is judged by no rule, and moved by no minority."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.errors import TooFewUpdates
from bcfl_plugins.reasons import Reason
from tests.unit.bcfl_plugins.defenses.every_rule.rule_names import EVERY, N, rows_of, rule_of

SEEN = 7  # entries of the buffer


def named(rows: Any, buffers: Any, name: str = "block.2.running_var") -> list[dict[str, Any]]:
    return [
        {"weight": row[:50], name: seen, "bias": row[50:]}
        for row, seen in zip(rows, buffers, strict=True)
    ]


def measured(seed: int = 6) -> Any:
    rng = np.random.default_rng(seed)
    return (4e3 + 50.0 * rng.standard_normal((N, SEEN))).astype(np.float32)


def judged(name: str, updates: list[dict[str, Any]], **more: Any) -> Any:
    given = {"reference": {k: v * 0 for k, v in updates[0].items()}, "trusted": updates[0]} | more
    return rule_of(name).aggregate(updates, Extras(ids=range(N), **given))


@pytest.mark.parametrize("name", EVERY)
def test_buffers_change_no_decision_and_no_weight(name: str) -> None:
    rows = rows_of()
    rows[3] *= -8.0
    bare = [{"weight": row[:50], "bias": row[50:]} for row in rows]
    expected = judged(name, bare)
    found = judged(name, named(rows, measured()))
    assert found.decision.kept.tolist() == expected.decision.kept.tolist()
    assert found.decision.scores.tolist() == expected.decision.scores.tolist()
    for array in ("weight", "bias"):
        np.testing.assert_array_equal(found.value[array], expected.value[array])


@pytest.mark.parametrize("name", EVERY)
def test_poisoned_buffers_behind_honest_weights_move_nothing(name: str) -> None:
    seen = measured()
    honest = seen[2:].copy()
    seen[0], seen[1] = 3e38, -3e38
    value = judged(name, named(rows_of(), seen)).value["block.2.running_var"]
    if name in {"krum", "snowball", "fltrust"}:  # few updates, or weights that are all there is
        return
    assert (value >= honest.min(axis=0)).all()
    assert (value <= honest.max(axis=0)).all()


@pytest.mark.parametrize("name", EVERY)
def test_a_buffer_that_is_not_finite_costs_its_sender_only(name: str) -> None:
    seen = measured()
    seen[4, 2] = np.nan
    if rule_of(name).f == 0:
        with pytest.raises(TooFewUpdates):
            judged(name, named(rows_of(), seen))
        return
    found = judged(name, named(rows_of(), seen))
    assert found.decision.reasons[4] is Reason.NON_FINITE
    assert not found.decision.kept[4]
    assert all(np.isfinite(array).all() for array in found.value.values())


@pytest.mark.parametrize("name", ["median", "multikrum", "cluster_guard"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_tensors_have_buffers_too(name: str, dtype: torch.dtype) -> None:
    rows, seen = torch.tensor(rows_of()), torch.tensor(measured() / 100.0)
    updates = named(rows.to(dtype), seen.to(dtype))
    value = judged(name, updates).value["block.2.running_var"]
    assert value.dtype is dtype
    assert value.shape == (SEEN,)
    assert abs(float(value.float().mean()) - 40.0) < 1.0


@pytest.mark.parametrize(
    ("array", "patterns", "is_one"),
    [
        ("layers.3.norm.running_mean", None, True),
        ("running_var", None, True),
        ("dense/batch_norm/moving_variance:0", None, True),
        ("batch_stats/BatchNorm_0/mean", None, True),
        ("layers.3.norm.weight", None, False),
        ("my_running_mean", None, False),
        ("my_running_mean", ("my_*",), True),
        ("running_mean", ("ema.*",), False),
        ("ema.layer.4", ("ema.*",), True),
    ],
)
def test_what_counts_as_a_buffer(
    array: str, patterns: tuple[str, ...] | None, is_one: bool
) -> None:
    more = {} if patterns is None else {"buffers": patterns}
    seen = measured()
    value = judged("multikrum", named(rows_of(), seen, array), **more).value[array]
    kept = judged("multikrum", named(rows_of(), seen, array), **more).decision.kept
    expected = np.median(seen[kept], axis=0) if is_one else seen[kept].mean(axis=0)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_arrays_of_a_list_are_named_by_their_place() -> None:
    rows, seen = rows_of(), measured()
    lists = [[row, one] for row, one in zip(rows, seen, strict=True)]
    found = rule_of("mean").aggregate(lists, Extras(ids=range(N), buffers=("1",)))
    np.testing.assert_allclose(found.value[1], np.median(seen, axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.value[0], rows.mean(axis=0), rtol=1e-5)


def test_the_median_counts_by_the_shares_of_the_rule() -> None:
    rows, seen = rows_of(), np.arange(N, dtype=np.float32)[:, None] * np.ones(SEEN, np.float32)
    weights = [1.0] * N
    weights[9] = 100.0
    updates = named(rows, seen)
    found = rule_of("mean").aggregate(updates, Extras(ids=range(N), weights=weights))
    assert found.value["block.2.running_var"].tolist() == [9.0] * SEEN
    even = rule_of("mean").aggregate(updates[:10], Extras(ids=range(10)))
    assert even.value["block.2.running_var"].tolist() == [4.5] * SEEN


def test_reversed_weights_do_not_pass_behind_honest_buffers() -> None:
    rule, state, found = rule_of("cluster_guard"), None, []
    way = np.random.default_rng(12).standard_normal(60)
    for number in range(20):
        rng = np.random.default_rng(number)
        rows = (0.02 * (way + rng.standard_normal((N, 60)))).astype(np.float32)
        rows[[2, 8, 10]] *= -1.5
        made = rule.aggregate(named(rows, measured(number)), Extras(ids=range(N), state=state))
        state = made.state
        found.append(np.flatnonzero(~made.decision.kept).tolist() == [2, 8, 10])
    assert np.mean(found) >= 0.9
