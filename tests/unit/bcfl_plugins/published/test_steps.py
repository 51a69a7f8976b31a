"""The step of a server's optimizer is taken again, and whoever lies about it is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pallet_bridge.encoding import update_digest
from pallet_bridge.run.content import value_bytes
from scripts.lies import plant
from scripts.lies.federation import NODES, honest_run
from scripts.lies.look import decided_again, plant_one
from strategies import FedAdagrad, FedAdam, FedAvgM, FedYogi, guard
from strategies._flower import Array, ArrayRecord
from strategies._flower import strategy as flower

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pallet_bridge.run.judgements import Step
    from scripts.lies.federation import HonestRun

pytestmark = pytest.mark.slow

ROUNDS = 3


def private(*, bcfl: Any, **settings: Any) -> Any:
    """An optimizer within a wrapper of Flower's, as an app with privacy has it."""
    inner = flower.FedAdam(eta=0.07, beta_1=0.5, beta_2=0.9, **settings)
    wrapped = flower.DifferentialPrivacyServerSideFixedClipping(
        inner, noise_multiplier=0.0, clipping_norm=1e6, num_sampled_clients=NODES - 1
    )
    return guard(wrapped, bcfl=bcfl)


def momentum(**settings: Any) -> FedAvgM:
    return FedAvgM(server_learning_rate=0.7, server_momentum=0.4, **settings)


def rate(**settings: Any) -> FedAvgM:
    """No momentum: there is nothing to remember."""
    return FedAvgM(server_learning_rate=0.6, server_momentum=0.0, **settings)


def yogi(**settings: Any) -> FedYogi:
    return FedYogi(eta=0.03, beta_1=0.8, beta_2=0.95, tau=0.01, **settings)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    folder = tmp_path_factory.mktemp("yogi")
    return honest_run(folder, "updates", rounds=ROUNDS, strategy=yogi)


@pytest.mark.parametrize(
    ("strategy", "method", "moments"),
    [
        (FedAdagrad, "adagrad/1", {"momentum", "squares"}),
        (FedAdam, "adam/1", {"momentum", "squares"}),
        (FedYogi, "yogi/1", {"momentum", "squares"}),
        (momentum, "momentum/1", {"momentum", "model"}),
        (rate, "momentum/1", {"model"}),
    ],
)
def test_the_optimizers_of_flower_are_stepped_again_bit_for_bit(
    tmp_path: Path, strategy: Callable[..., Any], method: str, moments: set[str]
) -> None:
    run = honest_run(tmp_path, "updates", rounds=ROUNDS, strategy=strategy)
    assert (run.again.findings, run.again.notes) == ((), ())
    assert [one.is_averaged for one in run.again.rounds.values()] == [True] * ROUNDS
    told = plant.told_by(run)
    steps = [plant.there(told.evidence(number).step) for number in told.reports]
    assert {step.method for step in steps} == {method}
    memories = [told.value(step.before) for step in steps]
    assert memories[0] == {}
    assert {*memories[-1]} == moments
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]


def test_an_optimizer_within_a_wrapper_that_changes_the_average_is_not_believed(
    tmp_path: Path,
) -> None:
    """What it says of its step is tried before it is published, and does not give the model."""
    run = honest_run(tmp_path, "updates", rounds=2, strategy=private)
    told = plant.told_by(run)
    evidence = [told.evidence(number) for number in told.reports]
    for one, again in zip(evidence, run.again.rounds.values(), strict=True):
        assert (one.step is not None) == (one.average != "") == again.is_averaged
    assert run.again.findings == ()


class Noisy(flower.FedAdam):
    """Adds what no report tells of."""

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        arrays, metrics = super().aggregate_train(server_round, replies)
        moved = {name: np.asarray(one.numpy() + np.float32(0.01)) for name, one in arrays.items()}
        return ArrayRecord({name: Array(one) for name, one in moved.items()}), metrics


def test_a_step_that_is_not_the_optimizers_is_said_to_be_unknown(tmp_path: Path) -> None:
    def noisy(*, bcfl: Any, **settings: Any) -> Any:
        return guard(Noisy(**settings), bcfl=bcfl)

    run = honest_run(tmp_path, "updates", rounds=2, strategy=noisy)
    assert run.again.findings == ()
    assert not any(one.is_averaged for one in run.again.rounds.values())
    assert any("is not one that can be done again" in note for note in run.again.notes)
    told = plant.told_by(run)
    assert all(told.evidence(number).step is None for number in told.reports)


def test_the_number_of_the_round_is_the_one_in_which_updates_were_judged(tmp_path: Path) -> None:
    adam = honest_run(tmp_path, "updates", rounds=2, strategy=FedAdam)
    told = plant.told_by(adam)
    assert [of(told, number).settings["server_round"] for number in told.reports] == ["1", "2"]
    edit(told, 1, settings={**of(told, 1).settings, "server_round": "7"})
    (found, *_) = decided_again(adam, told).findings
    assert "as in round 7 of the strategy, and the updates were judged in its round 2" in (
        found.statement
    )


def test_no_lie_goes_unseen(run: HonestRun) -> None:
    rng = np.random.default_rng(21)
    planted = [plant_one(run, (plant.step,), rng) for _ in range(20)]
    assert [one.what for one in planted if not one.is_seen] == []


def of(told: plant.Told, number: int) -> Step:
    return plant.there(told.evidence(number).step)


def edit(told: plant.Told, number: int, **changes: Any) -> None:
    evidence = told.evidence(number)
    told.edit(number, evidence=replace(evidence, step=replace(of(told, number), **changes)))


def another_rate(told: plant.Told) -> None:
    """In one round, with the model that follows from it."""
    edit(told, 1, settings={**of(told, 1).settings, "eta": "0.3"})


def another_rate_in_all(told: plant.Told) -> None:
    for number in told.reports:
        edit(told, number, settings={**of(told, number).settings, "eta": "0.3"})


def another_method(told: plant.Told) -> None:
    for number in told.reports:
        edit(told, number, method="adagrad/1")


def unknown_method(told: plant.Told) -> None:
    edit(told, 2, method="yogi/2")


def no_number(told: plant.Told) -> None:
    edit(told, 0, settings={**of(told, 0).settings, "tau": "true"})


def missing_number(told: plant.Told) -> None:
    edit(told, 0, settings={"eta": "0.03"})


def memory_out_of_nothing(told: plant.Told) -> None:
    memory = told.value(of(told, 0).after)
    edit(told, 0, before=told.put(value_bytes(memory)))


def memory_that_breaks_off(told: plant.Told) -> None:
    memory = told.value(of(told, 1).after)
    memory["momentum"]["w"] = memory["momentum"]["w"] * 2
    address = told.put(value_bytes(memory))
    edit(told, 2, before=address)


def memory_of_another_model(told: plant.Told) -> None:
    edit(told, 2, before=told.put(value_bytes({"momentum": {"w": np.zeros(3)}, "squares": {}})))


def no_memory(told: plant.Told) -> None:
    edit(told, 2, before=told.put(value_bytes([1, 2])))


def another_memory_after(told: plant.Told) -> None:
    edit(told, 2, after=bytes(32))


def hidden_step(told: plant.Told) -> None:
    told.edit(1, evidence=replace(told.evidence(1), step=None))


def another_model(told: plant.Told) -> None:
    told.edit(2, model=update_digest({"w": np.ones(2, np.float32)}))


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (another_rate, "has other settings"),
        (another_rate_in_all, "is not what yogi/1 makes of the weighted mean"),
        (another_method, "the server step remembers"),
        (unknown_method, "'yogi/2' is not known here"),
        (no_number, "tau of the server step is no number"),
        (missing_number, "cannot be taken"),
        (memory_out_of_nothing, "begins the run with a memory"),
        (memory_that_breaks_off, "does not begin with what it remembered after round 1"),
        (memory_of_another_model, "is of another model"),
        (no_memory, "no memory of one"),
        (another_memory_after, "the server step remembers"),
        (hidden_step, "is not the weighted mean"),
        (another_model, "is not what yogi/1 makes"),
    ],
)
def test_a_lie_about_the_step_is_named(
    run: HonestRun, lie: Callable[[plant.Told], None], told: str
) -> None:
    made = plant.told_by(run)
    lie(made)
    found = decided_again(run, made).findings
    assert any(told in one.statement for one in found), found
    assert {one.kind for one in found} == {"replay"}
