from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from benchmarks.accuracy.adversaries import ADVERSARIES
from benchmarks.accuracy.contestants import CONTESTANTS, MORE, contestant
from benchmarks.accuracy.data import PIXELS, Data, NoDataError, load, split
from benchmarks.accuracy.grid import Job, results
from benchmarks.accuracy.report import Grid, Row, finished, row, table, verdict
from benchmarks.accuracy.simulate import Outcome, Setting, run
from benchmarks.accuracy.training import SIZE, Cohort, Recipe, initial
from tests.slow import slow_but

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data() -> Data:
    """Ten clouds of points around random images."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 4000)
    centres = rng.standard_normal((10, PIXELS))
    images = (centres[labels] + rng.standard_normal((4000, PIXELS))).astype(np.float32)
    return Data(images[:3500], labels[:3500], images[3500:], labels[3500:])


SMALL = Setting(n=8, f=2, alpha=1.0, rounds=12, recipe=Recipe(batch=8))


def test_a_split_deals_every_row_once(data: Data) -> None:
    for alpha in (None, 0.5):
        parts = split(data.train_y, 8, alpha, 16, 3)
        assert sorted(np.concatenate(parts).tolist()) == list(range(3500))
        assert min(map(len, parts)) >= 16
    skewed = split(data.train_y, 8, 0.1, 16, 3)
    largest = [np.bincount(data.train_y[rows]).max() / len(rows) for rows in skewed]
    assert np.mean(largest) > 0.4


def test_an_impossible_split_is_refused(data: Data) -> None:
    with pytest.raises(ValueError, match="no split"):
        split(data.train_y[:100], 8, 0.1, 50, 0)


def test_without_the_data_set_the_message_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="dataset-fashion-mnist"):
        load(tmp_path)


def test_one_step_is_the_gradient(data: Data) -> None:
    images = torch.from_numpy(data.train_x[:24]).reshape(3, 8, PIXELS)
    labels = torch.from_numpy(data.train_y[:24]).reshape(3, 8)
    weights = initial(0)
    found = Cohort(3, Recipe(rate=1.0, momentum=0.0)).deltas(weights, [(images, labels)])
    leaf = weights.clone().requires_grad_()
    w1, b1, w2, b2 = leaf.split((PIXELS * 100, 100, 1000, 10))
    hidden = torch.relu(images[1] @ w1.reshape(PIXELS, 100) + b1)
    functional.cross_entropy(hidden @ w2.reshape(100, 10) + b2, labels[1]).backward()
    assert leaf.grad is not None
    assert found.shape == (3, SIZE)
    assert torch.allclose(found[1], -leaf.grad, atol=1e-6)


def test_local_steps_move_further_along(data: Data) -> None:
    images = torch.from_numpy(data.train_x[:16]).reshape(2, 8, PIXELS)
    batches = [(images, torch.from_numpy(data.train_y[:16]).reshape(2, 8))] * 3
    one = Cohort(2, Recipe(rate=0.01, momentum=0.0)).deltas(initial(0), batches[:1])
    recipe = Recipe(rate=0.01, momentum=0.0, local_steps=3)
    three = Cohort(2, recipe).deltas(initial(0), batches)
    assert 2.0 < float(three[0].norm() / one[0].norm()) < 3.5
    assert torch.allclose(
        Cohort(2, replace(recipe, local_steps=2)).deltas(initial(0), batches[:1]), one, atol=1e-6
    )


@pytest.mark.slow
def test_training_learns_and_a_seed_repeats(data: Data) -> None:
    setting = replace(SMALL, rounds=40)
    first = run(data, setting, create_rule("mean"), None)
    assert first == run(data, setting, create_rule("mean"), None)
    assert first.accuracy > 60
    assert first.honest_rejected == 0.0
    assert first.byzantine_rejected is None


@pytest.mark.parametrize("attack", slow_but({"none"}, ADVERSARIES))
def test_every_attack_runs_and_is_counted(data: Data, attack: str) -> None:
    kept = []
    rule = contestant("cluster_guard", SMALL.n, SMALL.f)
    seen = run(data, SMALL, rule, ADVERSARIES[attack](), lambda _number, one: kept.append(one.kept))
    assert len(kept) == SMALL.rounds
    assert (seen.byzantine_rejected is None) == (attack == "none")
    rejected = 100 * float(np.mean([~one for one in kept]))
    share = 0.0 if seen.byzantine_rejected is None else seen.byzantine_rejected * SMALL.f
    honest = SMALL.n if attack == "none" else SMALL.n - SMALL.f
    assert seen.honest_rejected * honest + share == pytest.approx(rejected * SMALL.n, abs=0.2)


@pytest.mark.parametrize(
    ("theirs", "ours"), [("fedavg", "mean"), ("fedmedian", "median"), ("multikrum", "multikrum")]
)
def test_flowers_strategies_aggregate_the_same_updates(theirs: str, ours: str) -> None:
    rows = np.random.default_rng(1).standard_normal((11, 30)).astype(np.float32)
    extras = Extras(ids=range(11))
    flower = contestant(f"flower:{theirs}", 11, 2).aggregate(rows, extras).value
    assert flower == pytest.approx(contestant(ours, 11, 2).aggregate(rows, extras).value, abs=1e-5)


def test_every_contestant_can_be_made() -> None:
    assert [contestant(name, 20, 4).max_byzantine(20) >= 0 for name in CONTESTANTS + MORE]


GRID = Grid(
    ("cluster_guard", "caf"), ("none", "alie"), (0.5, None), (10, 11), more=("flower:krum",)
)


def outcome(accuracy: float, rejected: float = 0.0) -> Outcome:
    return Outcome(accuracy, 1.0, rejected, 2 * rejected, 50.0)


def test_more_rules_run_only_where_they_are_asked_to() -> None:
    jobs = GRID.jobs()
    assert len(jobs) == 2 * (3 * 2 + 2 * 2)
    assert {job.alpha for job in jobs if job.defense == "flower:krum"} == {0.5}
    assert [job.seed for job in jobs[:10]] == [10] * 10


def test_only_whole_seeds_are_reported() -> None:
    done = {job: outcome(80.0) for job in GRID.jobs()}
    done.pop(GRID.job("caf", "alie", None, 11))
    assert finished(GRID, done).seeds == (10,)


def test_a_row_takes_means_over_seeds_and_the_worst_attack() -> None:
    done = {job: outcome(80.0 + (job.seed == 11), 1.0) for job in GRID.jobs()}
    done[GRID.job("caf", "alie", 0.5, 10)] = outcome(40.0)
    found = row(GRID, done, "caf", 0.5)
    assert found.accuracy == (80.5, 60.5)
    assert (found.worst, found.mean) == (60.5, 70.5)
    assert (found.honest_rejected, found.worst_rejected) == (1.0, 2.0)
    assert row(GRID, done, "flower:krum", 0.5).honest_rejected is None


def test_the_page_says_where_the_flagship_loses() -> None:
    better = Row("cluster_guard", (84.0, 70.0), 70.0, 77.0, 0.5, 3.0, 10.0, None)
    rows = [better, replace(better, defense="caf", accuracy=(80.0, 75.0), worst=75.0)]
    assert "over 0.5 points behind" in verdict(GRID, rows)
    assert "alie (70.0, caf 75.0)" in verdict(GRID, rows)
    assert "none (" not in verdict(GRID, rows)
    assert "backdoor" not in verdict(GRID, rows)
    others = [*rows, replace(rows[1], defense="flower:krum", accuracy=(90.0, 60.0), worst=60.0)]
    assert "none (84.0, Flower krum 90.0); alie (70.0, caf 75.0)" in verdict(GRID, others)
    open_door = [replace(rows[0], backdoor=99.0), replace(rows[1], backdoor=21.0)]
    assert "works in 99 % of images with `cluster_guard`, in 21 % with caf" in verdict(
        GRID, open_door
    )
    assert "| cluster_guard | 84.0 | 70.0 | **70.0** | 77.0 | 0.5 / 3 | 10 | - |" in table(
        GRID, rows
    )


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    job = Job("mean", "none", 0.5, 10)
    line = '{"job": %s, "outcome": {"accuracy": 1.0, "backdoor": 2.0, "honest_rejected": 3.0, '
    line += '"worst_rejected": 4.0, "byzantine_rejected": null}}\n{"job": "cut off'
    quoted = '"' + job.key.replace('"', '\\"') + '"'
    (tmp_path / "runs.jsonl").write_text(line % quoted, encoding="utf-8")
    lines: list[str] = []
    done = results([job], tmp_path, 1, lines.append)
    assert done == {job: Outcome(1.0, 2.0, 3.0, 4.0, None)}
    assert lines == []
    assert (tmp_path / "runs.jsonl").read_text(encoding="utf-8").endswith("}\n")
