"""LASA and FreqFed against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dct
from sklearn.cluster import HDBSCAN

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules import layers
from bcfl_plugins.defenses.rules.layers import LASA, FreqFed

SIZES = {"w": (20, 9), "b": (9,), "out": (9, 3)}
Model = dict[str, np.ndarray]


def drawn(seed: int, n: int = 11) -> list[Model]:
    rng = np.random.default_rng(seed)
    way = {name: rng.normal(size=shape) for name, shape in SIZES.items()}
    rows = [
        {name: way[name] + 0.8 * rng.normal(size=shape) for name, shape in SIZES.items()}
        for _ in range(n)
    ]
    rows[1] = {name: 30.0 * array for name, array in rows[1].items()}
    rows[2] = {name: -array for name, array in rows[2].items()}
    rows[3]["out"] = np.abs(rows[3]["out"]) * 9.0  # bad in one array only
    return rows


def flat(row: Model) -> np.ndarray:
    return np.concatenate([array.ravel() for array in row.values()])


def odd(values: np.ndarray) -> np.ndarray:
    return np.abs(values - np.median(values)) / values.std()


def lasa(rows: list[Model], one: LASA) -> Model:
    lengths = np.array([np.linalg.norm(flat(row)) for row in rows])
    limit = np.sort(lengths)[(len(rows) - 1) // 2]
    sparse = []
    for row, length in zip(rows, lengths, strict=True):
        matrices = np.concatenate([array.ravel() for array in row.values() if array.ndim > 1])
        keep = int((1.0 - one.sparsity) * len(matrices))
        least = np.sort(np.abs(matrices))[::-1][keep - 1]
        short = min(1.0, float(limit / length))
        sparse.append(
            {
                k: (np.where(np.abs(a) > least, a, 0.0) if a.ndim > 1 else a) * short
                for k, a in row.items()
            }
        )
    made = {}
    for name, shape in SIZES.items():
        stack = np.stack([row[name].ravel() for row in sparse])
        signs = np.sign(stack)
        purity = 0.5 * (1.0 + signs.sum(axis=1) / np.abs(signs).sum(axis=1))
        good = (odd(np.linalg.norm(stack, axis=1)) < one.length) & (odd(purity) < one.signs)
        made[name] = stack[good].mean(axis=0).reshape(shape)
    return made


@pytest.mark.parametrize("settings", [{}, {"sparsity": 0.6, "length": 1.5, "signs": 2.0}])
def test_lasa_is_its_definition(settings: dict[str, float]) -> None:
    rule = LASA(**settings)
    for seed in range(8):
        rows = drawn(seed)
        found = rule.aggregate(rows)
        for name, array in lasa(rows, rule).items():
            np.testing.assert_allclose(found.value[name], array, atol=1e-9)


def test_lasa_takes_the_good_arrays_of_an_update_that_has_a_bad_one() -> None:
    rng = np.random.default_rng(9)
    rows = [{"w": rng.normal(1, 0.5, 400), "out": rng.normal(0, 1, 400)} for _ in range(9)]
    rows[3]["out"] = np.abs(rows[3]["out"])
    rule = LASA(length=3.0, signs=2.5, sparsity=0.0)
    found = rule.aggregate(rows)
    assert found.decision.kept[3]
    assert found.decision.scores[3] == 0.5
    norms = np.array([np.linalg.norm(flat(row)) for row in rows])
    short = np.minimum(1.0, np.median(norms) / norms)
    parts = [factor * row["out"] for factor, row in zip(short, rows, strict=True)]
    np.testing.assert_allclose(found.value["out"], np.mean([*parts[:3], *parts[4:]], axis=0))
    whole = [factor * row["w"] for factor, row in zip(short, rows, strict=True)]
    np.testing.assert_allclose(found.value["w"], np.mean(whole, axis=0))


def test_in_an_array_in_which_nobody_is_usual_all_count() -> None:
    rows = [{"w": np.array([1.0, 1.0])}, {"w": np.array([-3.0, 4.0])}]
    model = {"w": np.array([5.0, 5.0])}
    moved = [{"w": model["w"] + row["w"]} for row in rows]
    found = LASA(sparsity=0.0, length=0.0, signs=0.0).aggregate(moved, Extras(reference=model))
    short = np.sqrt(2.0) / 5.0  # the lower of two lengths is the median
    both = (rows[0]["w"] + short * rows[1]["w"]) / 2.0
    np.testing.assert_allclose(found.value["w"], model["w"] + both)
    assert not found.decision.kept.any()


@pytest.mark.parametrize("piece", [1 << 13, 64])
def test_freqfed_is_its_definition(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(layers, "PIECE", piece)
    for seed in range(6):
        rows = drawn(seed)
        low = []
        for row in rows:
            parts = []
            for array in row.values():
                whole = array.ravel()
                for start in range(0, len(whole), piece):
                    some = whole[start : start + piece]
                    parts.append(dct(some, norm="ortho")[: max(1, round(0.5 * len(some)))])
            low.append(np.concatenate(parts))
        found = np.stack(low)
        unit = found / np.linalg.norm(found, axis=1, keepdims=True)
        away = np.clip(1.0 - unit @ unit.T, 0.0, 2.0)
        away = (away + away.T) / 2.0
        np.fill_diagonal(away, 0.0)
        kept = HDBSCAN(
            min_cluster_size=len(rows) // 2 + 1,
            min_samples=1,
            allow_single_cluster=True,
            metric="precomputed",
            copy=True,
        ).fit_predict(away)
        decided = FreqFed().aggregate(rows)
        assert decided.decision.kept.tolist() == (kept == 0).tolist()
        np.testing.assert_allclose(
            decided.value["w"], np.mean([rows[i]["w"] for i in np.flatnonzero(kept == 0)], axis=0)
        )
        assert not decided.decision.kept[2]
