"""Every dtype that Flower can carry is judged, or refused before anybody trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict

import strategies
from bcfl_plugins.defenses.registry import selecting_rule_names
from strategies.errors import UnsuitableModel
from strategies.testing import InProcessGrid

NODES = 6
JUDGED = ["float16", "float32", "float64", ">f4", ">f8"]
BESIDE = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i4"]
UNREAD = ["datetime64[s]", "timedelta64[ms]", "S4", "U3", "V8", "longdouble", "clongdouble"]


class Trained(AssertionError):
    """A node was asked to train."""


def run(toy: Any, model: Any, bcfl: Any = None, strategy: Any = None, attackers: int = 0) -> Any:
    """Train: every node adds one to each array of floats, attackers a thousand."""

    def train(message: Any, context: Any) -> Any:
        pid = int(context.node_config["partition-id"])
        step = 1000 if pid < attackers else 1 + pid / 100
        moved = {
            name: array.numpy() + np.asarray(step).astype(array.numpy().dtype)
            if array.numpy().dtype.kind in "fc"
            else array.numpy()
            for name, array in message.content["arrays"].items()
        }
        arrays = ArrayRecord({n: Array(np.asarray(a)) for n, a in moved.items()})
        return RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 10})})

    record = ArrayRecord(
        {n: a if isinstance(a, Array) else Array(np.asarray(a)) for n, a in model.items()}
    )
    with InProcessGrid(toy.app_of(train=train), NODES) as grid:
        made = strategy or strategies.FedAvg(fraction_evaluate=0.0, bcfl=bcfl)
        return made.start(grid, record, num_rounds=2)


def never(toy: Any, model: Any, bcfl: Any = None, strategy: Any = None) -> UnsuitableModel:
    def train(message: Any, context: Any) -> Any:
        raise Trained

    record = ArrayRecord(
        {n: a if isinstance(a, Array) else Array(np.asarray(a)) for n, a in model.items()}
    )
    asked: list[Any] = []
    with InProcessGrid(toy.app_of(train=train), NODES, fail=asked.append) as grid:
        made = strategy or strategies.FedAvg(fraction_evaluate=0.0, bcfl=bcfl)
        with pytest.raises(UnsuitableModel) as raised:
            made.start(grid, record, num_rounds=1)
    assert not asked
    return raised.value


OUTLIERS = {"bcfl.plugins": "outliers"}


@pytest.mark.parametrize("dtype", JUDGED)
@pytest.mark.parametrize("method", ["cluster", "cluster_guard", "multikrum", "dnc", "flame"])
@pytest.mark.slow
def test_floats_are_judged(toy: Any, dtype: str, method: str) -> None:
    model = {"w": np.zeros(40, dtype), "steps": np.array(3), "half": np.zeros(2, np.float16)}
    bcfl = {**OUTLIERS, "bcfl.outliers.method": method}
    result = run(toy, model, bcfl, attackers=1)
    assert 0.5 < abs(result.arrays["w"].numpy().astype(float)).max() < 10
    assert np.dtype(result.arrays["w"].dtype).newbyteorder("=") == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("dtype", BESIDE)
def test_integers_and_bools_beside_floats_stay_what_they_are(toy: Any, dtype: str) -> None:
    kind = np.dtype(dtype)
    ends = [0, 1] if kind.kind == "b" else [np.iinfo(kind).min, np.iinfo(kind).max]
    model = {"w": np.zeros(4, np.float32), "beside": np.array(ends, kind)}
    result = run(toy, model, OUTLIERS)
    np.testing.assert_array_equal(result.arrays["beside"].numpy(), model["beside"])
    assert result.arrays["beside"].dtype == str(kind.newbyteorder("="))


@pytest.mark.parametrize("dtype", ["complex64", "complex128", ">c8"])
@pytest.mark.parametrize("method", selecting_rule_names())
def test_complex_numbers_are_refused_by_every_method(toy: Any, dtype: str, method: str) -> None:
    bcfl = {**OUTLIERS, "bcfl.outliers.method": method}
    error = never(toy, {"w": np.zeros(3, np.float32), "fourier.weight": np.zeros(3, dtype)}, bcfl)
    assert error.array == "fourier.weight"
    assert "view_as_real" in str(error)
    assert "outliers" in str(error)


@pytest.mark.parametrize("method", ["median", "multikrum", "nnm+cwtm"])
def test_a_robust_strategy_refuses_them_too(toy: Any, method: str) -> None:
    error = never(toy, {"w": np.zeros(3, np.complex64)}, strategy=strategies.RobustFedAvg(method))
    assert error.array == "w"


def test_complex_numbers_are_averaged_where_nobody_judges(toy: Any) -> None:
    result = run(toy, {"w": np.zeros(3, np.complex64)})
    np.testing.assert_allclose(result.arrays["w"].numpy(), 2.05, rtol=0.01)


@pytest.mark.parametrize("bcfl", [None, OUTLIERS])
@pytest.mark.parametrize("dtype", UNREAD)
def test_what_no_strategy_can_average_is_refused(toy: Any, dtype: str, bcfl: Any) -> None:
    error = never(toy, {"w": np.zeros(3, np.float32), "odd one": np.zeros(3, dtype)}, bcfl)
    assert error.array == "odd one"
    assert 'bcfl.screen = "off"' in error.cure


def test_bfloat16_of_another_library_says_what_to_do(toy: Any) -> None:
    raw = Array(np.zeros(3, "V2"))
    made = Array("bfloat16", (3,), "numpy.ndarray", raw.data)
    error = never(toy, {"w": made})
    assert (error.array, error.dtype) == ("w", "bfloat16")
    assert "float32" in error.cure


def test_another_way_of_writing_is_refused(toy: Any) -> None:
    good = Array(np.zeros(3, np.float32))
    made = Array("float32", (3,), "safetensors", good.data)
    assert "Array(ndarray)" in never(toy, {"w": made}).cure


@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("bcfl", [None, OUTLIERS])
def test_a_model_that_no_reply_could_pass_with(toy: Any, value: float, bcfl: Any) -> None:
    model = {"w": np.zeros(3, np.float32), "attention_mask": np.array([0, value])}
    error = never(toy, model, bcfl)
    assert error.array == "attention_mask"
    assert "persistent=False" in error.cure


@pytest.mark.parametrize("dtype", ["int8", "bool", "uint8"])
def test_a_model_without_floats_has_nothing_to_judge(toy: Any, dtype: str) -> None:
    model = {"quantised": np.zeros(8, dtype)}
    assert "no array of the model holds floats" in str(never(toy, model, OUTLIERS))
    assert run(toy, model).arrays


def test_a_model_of_nothing_is_refused(toy: Any) -> None:
    assert "no arrays" in str(never(toy, {}))


def test_nothing_is_refused_without_screening(toy: Any) -> None:
    run(toy, {"w": np.zeros(3, np.longdouble)}, {"bcfl.screen": "off"})
