from __future__ import annotations

import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.errors import TooFewUpdates
from bcfl_plugins.reasons import Reason
from tests.slow import slow_but
from tests.unit.bcfl_plugins.defenses.every_rule.fake_device import PLACE, Device
from tests.unit.bcfl_plugins.defenses.every_rule.rule_names import (
    EVERY,
    N,
    extras_of,
    judged,
    rows_of,
    rule_of,
)

every = pytest.mark.parametrize("name", EVERY)
some_soon = pytest.mark.parametrize("name", slow_but({"median", "krum", "foolsgold"}, EVERY))


def layers(row: Any) -> dict[str, Any]:
    """Many arrays of many sizes, none of which ends where a block does."""
    cuts = [0, 1, 8, 1000, 70_001, 70_002, len(row)]
    return {str(start): row[start:stop] for start, stop in pairwise(cuts)}


@some_soon
def test_layers_are_streamed_and_never_stacked(name: str) -> None:
    rows = rows_of(d=400_000, n=20)
    models = [layers(row) for row in rows]
    extras = extras_of(rows, layers(rows.mean(axis=0)))
    rule = rule_of(name)
    rule.aggregate([{"a": row[:10]} for row in rows], extras_of(rows, {"a": rows[0][:10]}))
    tracemalloc.start()
    rule.aggregate(models, extras)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.25 * rows.nbytes


@every
def test_squares_are_not_taken_in_half_precision(name: str) -> None:
    # One square of 300 exceeds all that float16 holds, and a norm is a sum of sixty.
    half = rows_of(np.float16, scale=300.0)
    short, exact = judged(name, half), judged(name, half.astype(np.float64))
    assert short.value.dtype == np.float16
    assert short.decision.kept.tolist() == exact.decision.kept.tolist()
    assert np.allclose(short.value, exact.value, rtol=2e-3, atol=0.5)


@some_soon
def test_sums_are_not_taken_in_bfloat16(name: str) -> None:
    brain = torch.from_numpy(rows_of(d=5000)).bfloat16()
    short, exact = judged(name, brain), judged(name, brain.double())
    assert short.value.dtype is torch.bfloat16
    assert short.decision.kept.tolist() == exact.decision.kept.tolist()
    assert torch.allclose(short.value.double(), exact.value, rtol=8e-3, atol=1e-3)


@every
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_a_row_without_a_norm_is_out_and_counts_against_f(name: str, bad: float) -> None:
    rows = rows_of(np.float64)
    rule = rule_of(name)
    extras = extras_of(rows, rows[4:9].mean(0))
    if rule.f:
        rows[0, 5] = bad
        made = rule.aggregate(rows, extras)
        assert made.decision.reasons[0] is Reason.NON_FINITE
        assert not made.decision.kept[0]
        assert np.isfinite(made.value).all()
    rows[: rule.f + 1, 0] = bad
    with pytest.raises(TooFewUpdates) as caught:
        rule.aggregate(rows, extras)
    assert caught.value.f == rule.f + 1


@pytest.mark.parametrize("name", ["median", "krum", "arc"])
def test_a_norm_that_only_the_whole_row_lacks_makes_no_warning(name: str) -> None:
    rows = rows_of(np.float64, d=100_000)
    rows[0] = np.sqrt(1e308 / 25_000)  # each quarter of it has one
    made = rule_of(name).aggregate(rows, extras_of(rows, None))
    assert made.decision.reasons[0] is Reason.NON_FINITE


@every
def test_what_comes_in_decides_what_goes_out(name: str) -> None:
    rows = rows_of()
    array = judged(name, rows)
    tensor = judged(name, torch.from_numpy(rows))
    assert type(array.value) is np.ndarray
    assert type(tensor.value) is torch.Tensor
    assert tensor.value.dtype is torch.float32
    assert tensor.decision.kept.tolist() == array.decision.kept.tolist()
    assert np.allclose(tensor.value.numpy(), array.value, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs an NVIDIA GPU: torch.cuda.is_available() is false"
)
@every
def test_tensors_on_a_gpu_stay_there(name: str) -> None:
    rows = rows_of(d=5000)
    there = judged(name, torch.from_numpy(rows).cuda())
    here = judged(name, rows)
    assert there.value.is_cuda
    assert there.decision.kept.tolist() == here.decision.kept.tolist()
    assert np.allclose(there.value.cpu().numpy(), here.value, rtol=1e-4, atol=1e-5)


def named(rows: Any) -> list[dict[str, Any]]:
    return [
        {"w": row[:4900].reshape(70, 70), "count": np.int64([k]), "b": row[4900:]}
        for k, row in enumerate(rows)
    ]


@pytest.mark.slow
@every
@pytest.mark.parametrize("referenced", [False, True])
def test_tensors_on_another_device_stay_there(name: str, referenced: bool) -> None:
    rows = rows_of(d=5000)
    here = [*named(rows), *named(rows[:7].mean(0)[None]), *named(np.ones((1, 5000), np.float32))]
    with Device():
        there = [{k: torch.from_numpy(v).to(PLACE) for k, v in one.items()} for one in here]
        one, two = (
            rule_of(name).aggregate(
                updates[:N],
                Extras(
                    ids=range(N),
                    trusted=updates[N],
                    reference=updates[N + 1] if referenced else None,
                ),
            )
            for updates in (here, there)
        )
        assert {value.device.type for value in two.value.values()} == {PLACE}
        back = {key: value.cpu().numpy() for key, value in two.value.items()}
    assert two.decision.kept.tolist() == one.decision.kept.tolist()
    for key, value in one.value.items():
        assert back[key].dtype == value.dtype
        assert np.allclose(back[key], value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_the_other_device_does_not_mix_with_this_one() -> None:
    with Device():
        here = torch.ones(3)
        there = torch.ones(3, device=PLACE)
        assert (there + 2.0 * there).cpu().tolist() == [3.0] * 3
        with pytest.raises(RuntimeError, match="two devices"):
            there + here
