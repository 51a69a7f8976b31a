"""What holds for every rule, whatever form the updates have and in whatever order they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bcfl_plugins.defenses.base import Defense, Extras, Floats
from bcfl_plugins.defenses.rules.coordinate import Mean
from bcfl_plugins.defenses.rules.trust import FLTrust
from bcfl_plugins.errors import BadUpdates, TooFewUpdates
from bcfl_plugins.reasons import Reason
from tests.unit.bcfl_plugins.defenses.every_rule.robust_rules import ROBUST, label

N, D = 11, 60
every = pytest.mark.parametrize("rule", [*ROBUST, Mean()], ids=label)
robust = pytest.mark.parametrize("rule", ROBUST, ids=label)


def updates(seed: int = 0, dtype: type = np.float32, d: int = D) -> np.ndarray[Any, np.dtype[Any]]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.5, 1.0, (N, d)).astype(dtype)


def layered(row: Floats, counter: int = 0) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    return {
        "weight": row[:40].reshape(5, 8),
        "empty": row[:0],
        "steps": np.array(counter, dtype=np.int64),
        "bias": row[40:],
    }


def same(left: Any, right: Any, tolerance: float = 1e-6) -> bool:
    return bool(np.allclose(left, right, rtol=tolerance, atol=tolerance))


@every
def test_the_order_of_arrival_changes_nothing(rule: Defense) -> None:
    for seed in range(4):
        x = updates(seed)
        x[3] = x[7]  # ties are broken by content, and copies are interchangeable
        first = rule.aggregate(x)
        order = np.random.default_rng(seed).permutation(N)
        second = rule.aggregate(x[order])
        assert np.array_equal(first.value, second.value)
        distinct = ~np.isin(order, [3, 7])
        for name in ("kept", "scores"):
            before = getattr(first.decision, name)[order]
            assert np.array_equal(before[distinct], getattr(second.decision, name)[distinct])


@every
def test_ids_break_ties_in_any_order(rule: Defense) -> None:
    x = updates()
    x[3] = x[7]
    ids = [f"node-{i * 37 % 11}" for i in range(N)]
    first = rule.aggregate(x, Extras(ids=ids))
    order = np.random.default_rng(1).permutation(N)
    second = rule.aggregate(x[order], Extras(ids=[ids[i] for i in order]))
    assert np.array_equal(first.decision.kept[order], second.decision.kept)
    assert np.array_equal(first.value, second.value)


@every
def test_layers_lists_arrays_and_tensors_give_what_a_matrix_gives(rule: Defense) -> None:
    x = updates()
    ids = Extras(ids=range(N))
    expected = rule.aggregate(x, ids)
    before = x.copy()
    mapping = rule.aggregate([layered(row, 3 * i) for i, row in enumerate(x)], ids)
    assert list(mapping.value) == ["weight", "empty", "steps", "bias"]
    assert mapping.value["weight"].shape == (5, 8)
    flat = np.concatenate([mapping.value["weight"].ravel(), mapping.value["bias"]])
    assert np.array_equal(flat, expected.value)
    assert np.array_equal(mapping.decision.kept, expected.decision.kept)
    kept = np.flatnonzero(mapping.decision.kept)
    assert mapping.value["steps"] == 3 * kept[(len(kept) - 1) // 2]
    assert mapping.value["steps"].dtype == np.int64
    lists = rule.aggregate([list(layered(row).values()) for row in x], ids)
    assert isinstance(lists.value, list)
    assert np.array_equal(lists.value[0].ravel(), expected.value[:40])
    tensors = rule.aggregate(torch.from_numpy(x), ids)
    assert isinstance(tensors.value, torch.Tensor)
    assert np.array_equal(tensors.value.numpy(), expected.value)
    assert np.array_equal(rule.aggregate(list(x), ids).value, expected.value)
    assert np.array_equal(x, before)


@every
def test_transposed_arrays_are_read_as_they_are(rule: Defense) -> None:
    x = updates()
    turned = [{"w": np.asfortranarray(row.reshape(6, 10))} for row in x]
    plain = [{"w": row.reshape(6, 10)} for row in x]
    ids = Extras(ids=range(N))
    left, right = rule.aggregate(turned, ids), rule.aggregate(plain, ids)
    assert np.array_equal(left.value["w"], right.value["w"])


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_stays(rule: Defense, dtype: type) -> None:
    x = updates(dtype=dtype)
    ids = Extras(ids=range(N))
    result = rule.aggregate(x, ids).value
    assert result.dtype == dtype
    exact = rule.aggregate(x.astype(np.float64), ids).value
    assert same(result, exact, 2e-3 if dtype == np.float16 else 1e-5)


@every
def test_bfloat16_goes_through_torch(rule: Defense) -> None:
    x = torch.from_numpy(updates()).bfloat16()
    ids = Extras(ids=range(N))
    result = rule.aggregate(x, ids)
    assert result.value.dtype is torch.bfloat16
    expected = rule.aggregate(x.double(), ids)
    assert same(result.value.float().numpy(), expected.value.numpy(), 2e-2)
    models = [{"w": row, "steps": torch.tensor(i)} for i, row in enumerate(x)]
    reference = {"w": torch.ones(D).bfloat16(), "steps": torch.tensor(0)}
    moved = rule.aggregate(models, Extras(reference=reference)).value
    assert moved["w"].dtype is torch.bfloat16
    assert moved["steps"].dtype is torch.int64


@every
def test_a_reference_makes_models_of_deltas(rule: Defense) -> None:
    x = updates().astype(np.float64)
    model = np.random.default_rng(9).normal(0.0, 30_000.0, D)
    by_delta = rule.aggregate(x, Extras(ids=range(N)))
    by_model = rule.aggregate(x + model, Extras(reference=model, ids=range(N)))
    assert np.array_equal(by_delta.decision.kept, by_model.decision.kept)
    assert np.allclose(by_model.value - model, by_delta.value, atol=1e-7)


@robust
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_count_against_f(rule: Defense, bad: float) -> None:
    x = updates()
    x[2, 5] = bad
    x[9] = bad
    result = rule.aggregate(x)
    assert np.isfinite(result.value).all()
    assert result.decision.reasons[2] is Reason.NON_FINITE
    assert result.decision.reasons[9] is Reason.NON_FINITE
    assert not result.decision.kept[[2, 9]].any()
    assert np.isfinite(result.decision.scores).all()
    x[0, 0] = bad
    with pytest.raises(TooFewUpdates) as caught:
        rule.aggregate(x)
    assert caught.value.f == 3


@robust
def test_a_row_too_long_to_square_is_not_finite_either(rule: Defense) -> None:
    x = updates(dtype=np.float64)
    x[4] = 1e200
    result = rule.aggregate(x)
    assert result.decision.reasons[4] is Reason.NON_FINITE
    assert np.isfinite(result.value).all()


@every
def test_more_byzantine_than_the_rule_tolerates_is_refused(rule: Defense) -> None:
    x = updates()
    most = rule.max_byzantine(N)
    kind = type(rule)
    settings = {**rule.settings(), "f": most + 1}
    with pytest.raises(TooFewUpdates) as caught:
        kind(**settings).aggregate(x)
    assert caught.value.most == most
    with pytest.raises(BadUpdates):
        kind(**{**settings, "f": -1}).aggregate(x)
    assert np.isfinite(kind(**{**settings, "f": None})(x)).all()


@every
@pytest.mark.parametrize("offset", [0.0, 30_000.0])
def test_all_the_same_is_the_result(rule: Defense, offset: float) -> None:
    row = updates()[0] + np.float32(offset)
    assert np.allclose(rule(np.stack([row] * N)), row, rtol=1e-6)


@every
def test_nothing_to_judge_is_fine(rule: Defense) -> None:
    only_counters = [{"steps": np.array([i, -i])} for i in range(N)]
    kept = rule.aggregate(only_counters, Extras(ids=range(N)))
    assert kept.value["steps"].shape == (2,)
    zeros = rule.aggregate(np.zeros((N, 5), np.float32))
    assert np.array_equal(zeros.value, np.zeros(5))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (np.zeros(3), "updates"),
        ([], "updates"),
        (7, "updates"),
        ([{"a": np.zeros(3)}, {"b": np.zeros(3)}], "updates"),
        ([{"a": np.zeros(3)}, {"a": np.zeros(4)}], "updates"),
        ([{"a": np.zeros(3)}, {"a": np.zeros(3, np.float32)}], "updates"),
        ([{"a": np.zeros(3)}, [np.zeros(3)]], "updates"),
        ([{"a": [1.0]}, {"a": [2.0]}], "updates"),
        ([{"a": np.zeros(3, complex)}], "updates"),
        ([{"a": np.array(["x"])}], "updates"),
    ],
)
def test_what_cannot_be_read_is_refused(given: object, field: str) -> None:
    with pytest.raises(BadUpdates) as caught:
        Mean().aggregate(given)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("extras", "field"),
    [
        (Extras(reference=np.zeros(D + 1, np.float32)), "reference"),
        (Extras(reference=np.full(D, np.nan, np.float32)), "reference"),
        (Extras(reference={"a": np.zeros(D, np.float32)}), "reference"),
        (Extras(reference=torch.zeros(D)), "reference"),
        (Extras(ids=[1] * N), "ids"),
        (Extras(ids=[1, 2]), "ids"),
        (Extras(weights=[1.0]), "weights"),
        (Extras(weights=[0.0] * N), "weights"),
        (Extras(weights=[-1.0] + [1.0] * (N - 1)), "weights"),
        (Extras(weights=[float("nan")] * N), "weights"),
    ],
)
def test_extras_that_do_not_fit_are_refused(extras: Extras, field: str) -> None:
    with pytest.raises(BadUpdates) as caught:
        Mean().aggregate(updates(), extras)
    assert caught.value.field == field


@robust
def test_weights_are_refused_unless_claimed(rule: Defense) -> None:
    extras = Extras(weights=[1.0] * N)
    if rule.tags.weighted:
        assert np.isfinite(rule.aggregate(updates(), extras).value).all()
    else:
        with pytest.raises(BadUpdates, match="takes none"):
            rule.aggregate(updates(), extras)


UNUSUAL = {
    "sparse COO": lambda: torch.eye(4).to_sparse(),
    "sparse CSR": lambda: torch.eye(4).to_sparse_csr(),
    "meta": lambda: torch.empty((4, 4), device="meta"),
    "nested": lambda: torch.nested.nested_tensor([torch.ones(4), torch.ones(4)]),
    "quantised": lambda: torch.quantize_per_tensor(torch.ones(4, 4), 0.1, 0, torch.qint8),
    "complex tensor": lambda: torch.ones((4, 4), dtype=torch.complex64),
    "half complex tensor": lambda: torch.ones((4, 4), dtype=torch.complex32),
    "float8": lambda: torch.ones((4, 4)).to(torch.float8_e4m3fn),
    "matrix": lambda: np.asmatrix(np.eye(4)),
    "masked": lambda: np.ma.array(np.eye(4), mask=np.eye(4) > 0),
    "records": lambda: np.zeros((4, 4)).view(np.recarray),
    "complex": lambda: np.ones((4, 4), np.complex128),
    "longdouble": lambda: np.ones((4, 4), np.longdouble),
    "objects": lambda: np.array([[1, None]] * 4),
    "text": lambda: np.array([["a", "b"]]),
    "dates": lambda: np.zeros((4, 4), "datetime64[s]"),
    "structured": lambda: np.zeros(4, "i4,f4"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("field", ["updates", "reference", "trusted"])
@pytest.mark.parametrize("kind", UNUSUAL)
def test_what_has_no_plain_values_is_refused_by_name(kind: str, field: str) -> None:
    good = torch.eye(4) if "torch" in type(UNUSUAL[kind]()).__module__ else np.eye(4)
    updates = [{"layer": UNUSUAL[kind]() if field == "updates" else good} for _ in range(5)]
    other = {"layer": UNUSUAL[kind]()}
    extras = Extras(
        reference=other if field == "reference" else None,
        trusted=other if field == "trusted" else None,
    )
    rule = FLTrust() if field == "trusted" else Mean()
    with pytest.raises(BadUpdates, match="layer") as raised:
        rule.aggregate(updates, extras)
    assert raised.value.field == field


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["sparse COO", "meta", "matrix", "masked", "longdouble"])
@pytest.mark.parametrize("form", [list, lambda updates: [[one] for one in updates]])
def test_in_every_form(kind: str, form: Any) -> None:
    with pytest.raises(BadUpdates):
        Mean().aggregate(form([UNUSUAL[kind]() for _ in range(5)]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "kind", ["sparse COO", "sparse CSR", "meta", "matrix", "complex", "nested"]
)
def test_also_as_a_matrix_of_all(kind: str) -> None:
    with pytest.raises(BadUpdates):
        Mean().aggregate(UNUSUAL[kind]())


@pytest.mark.parametrize(
    "dtype", [torch.uint16, torch.uint32, torch.uint64, torch.int8, torch.bool]
)
def test_integers_beside_bfloat16_are_the_median(dtype: torch.dtype) -> None:
    counts = np.array([[0, 1], [1, 1], [1, 0], [0, 0], [1, 1]], np.uint8)
    updates = [
        {"w": torch.ones(3, dtype=torch.bfloat16), "n": torch.from_numpy(row).to(dtype)}
        for row in counts
    ]
    found = Mean().aggregate(updates).value["n"]
    assert found.dtype == dtype
    assert found.to(torch.int64).tolist() == [1, 1]


def test_the_greatest_integers_keep_their_order_beside_bfloat16() -> None:
    tops = [2**64 - 1, 2**63, 2**63 - 1, 5, 2**64 - 2]
    updates = [
        {
            "w": torch.ones(1, dtype=torch.bfloat16),
            "n": torch.from_numpy(np.array([top], np.uint64)),
        }
        for top in tops
    ]
    assert int(Mean().aggregate(updates).value["n"].numpy()[0]) == 2**63


@robust
@pytest.mark.parametrize("size", [1e-25, 1e-44, 1e38])
def test_numpy_may_be_told_to_raise(rule: Defense, size: float) -> None:
    x = updates(d=D)

    x = np.concatenate([x[:-2], np.full((2, D), size, np.float32)])
    tiny = (updates() * np.float64(1e-25)).astype(np.float32)
    for rows in (x, tiny):
        usual = rule.aggregate(rows)
        with np.errstate(all="raise"):
            strict = rule.aggregate(rows)
        np.testing.assert_array_equal(strict.value, usual.value)
        np.testing.assert_array_equal(strict.decision.kept, usual.decision.kept)
