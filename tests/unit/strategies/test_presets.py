from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, MetricRecord, RecordDict

import strategies
from bcfl_plugins import ConfigError
from tests.unit.strategies.conftest import STUMP


def stump(**changed: Any) -> bytes:
    """Return a model of one tree, with some of what the tree says changed."""
    model = {
        "gbtree_model_param": {"num_trees": "1", "num_parallel_tree": "1"},
        "trees": [{"id": 0, **STUMP, **changed}],
        "tree_info": [0],
        "iteration_indptr": [0, 1],
    }
    return json.dumps({"learner": {"gradient_booster": {"model": model}}}).encode()


if TYPE_CHECKING:
    from pathlib import Path

BAD = {
    "empty": b"",
    "a circle": stump(left_children=[1, 0, -1], right_children=[2, 2, -1]),
    "a child that is not there": stump(left_children=[7, -1, -1]),
    "a child of two": stump(left_children=[1, 2, -1], right_children=[2, 1, -1]),
    "one child": stump(left_children=[-1, -1, -1]),
    "a feature that is not there": stump(split_indices=[4, 0, 0]),
    "a leaf of NaN": stump(split_conditions=[0.5, float("nan"), -0.2]),
    "a weight of infinity": stump(base_weights=[0.0, 1e39, 0.0]),
    "short lists": stump(parents=[2147483647]),
    "no lists": stump(parents=None),
    "endless nodes": stump(tree_param={"num_feature": "4", "num_nodes": float("inf")}),
    "a huge weight": stump(base_weights=[10**400, 0.0, 0.0]),
    "many nodes": stump(tree_param={"num_feature": "4", "num_nodes": "9" * 4_999}),
    "trees that are not counted": stump().replace(b'_indptr": [0, 1]', b'_indptr": [0, 9]'),
    "over 16 MiB": stump() + b" " * 2**24,
    "no JSON": b"{",
    "deep": b"[" * 100_000,
    "no trees": b'{"learner": {}}',
    "a list": b"[]",
    "fewer trees": json.dumps(
        {"learner": {"gradient_booster": {"model": {
            "gbtree_model_param": {"num_trees": "3", "num_parallel_tree": "3"},
            "trees": [{}], "tree_info": [0], "iteration_indptr": [0, 1],
        }}}}
    ).encode(),
}  # fmt: skip


def trainer(
    toy: Any, blob: bytes | None = None, dtype: Any = np.uint8, partitions: Any = (0,)
) -> Any:
    def train(message: Any, context: Any) -> Any:
        del message
        bad = context.node_config["partition-id"] in partitions and blob is not None
        arrays = ArrayRecord([np.frombuffer(blob, dtype)]) if bad else toy.xgb()
        return RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 10})})

    return toy.app_of(train=train)


def trees(record: ArrayRecord) -> int:
    booster = json.loads(record["0"].numpy().tobytes())["learner"]["gradient_booster"]["model"]
    return len(booster["trees"])


@pytest.mark.parametrize("bad", BAD)
def test_trees_that_cannot_be_joined_cost_their_sender_only(toy: Any, bad: str) -> None:
    empty = ArrayRecord([np.frombuffer(b"", np.uint8)])
    result = toy.run(strategies.FedXgbBagging(), trainer(toy, BAD[bad]), 4, rounds=2, arrays=empty)
    assert trees(result.arrays) == 6


def test_trees_are_written_anew_and_pruned_or_categorical_ones_pass(toy: Any) -> None:
    """No strategy joins bytes of a node: keys that are there twice are there once."""
    odd = stump(
        split_conditions=[float("nan"), 0.3, -0.2, 0.0],
        **{name: [*STUMP[name], 0] for name in ("base_weights", "default_left", "sum_hessian")},
        left_children=[1, -1, -1, -1],
        right_children=[2, -1, -1, -1],
        parents=[2147483647, 0, 0, 2147483647],
        split_indices=[3, 0, 0, 2147483647],
        tree_param={"num_feature": "4", "num_nodes": "4"},
    )
    twice = odd.replace(b'{"learner": {', b'{"learner": 1, "learner":   {')
    assert twice != odd
    start = ArrayRecord([np.frombuffer(b"", np.uint8)])
    result = toy.run(
        strategies.FedXgbBagging(), trainer(toy, twice, partitions=(0, 1)), 2, arrays=start
    )
    assert trees(result.arrays) == 2
    assert result.arrays["0"].numpy().tobytes().count(b'"learner"') == 1


def test_honest_trees_pass_as_with_flower_alone(toy: Any) -> None:
    empty = ArrayRecord([np.frombuffer(b"", np.uint8)])
    ours, theirs = (
        toy.run(toy.build("FedXgbBagging", base), trainer(toy), 4, rounds=2, arrays=start)
        for base, start in ((strategies, empty), (strategies._flower.strategy, empty))
    )
    assert ours.arrays.object_id == theirs.arrays.object_id
    assert trees(ours.arrays) == 8


def test_a_cyclic_model_goes_on_unread(toy: Any) -> None:
    start = ArrayRecord([np.frombuffer(b"old", np.uint8)])
    app = trainer(toy, b"\xff\x00", partitions=(0, 1))
    result = toy.run(strategies.FedXgbCyclic(), app, 2, arrays=start)
    assert result.arrays["0"].numpy().tobytes() == b"\xff\x00"


def test_a_cyclic_reply_of_another_kind_keeps_the_model(toy: Any) -> None:
    start = ArrayRecord([np.frombuffer(b"old", np.uint8)])
    app = trainer(toy, b"12345678", np.float32, partitions=(0, 1))
    assert not toy.run_in_vain(strategies.FedXgbCyclic(), app, 2, arrays=start).arrays


def test_outliers_cannot_judge_trees(toy: Any) -> None:
    session = toy.session(plugins="outliers")
    start = ArrayRecord([np.frombuffer(b"", np.uint8)])
    with pytest.raises(ConfigError, match="outliers compares arrays"):
        toy.run(strategies.FedXgbBagging(bcfl=session), trainer(toy), 2, arrays=start)


DIFFERENTIAL = {"noise_multiplier": 1e-9, "num_sampled_clients": 5}
IN_PLACE = {
    "QFedAvg": lambda bcfl: strategies.QFedAvg(
        fraction_evaluate=0.0, client_learning_rate=1.0, q=1e-9, bcfl=bcfl
    ),
    "fixed clipping": lambda bcfl: strategies.DifferentialPrivacyServerSideFixedClipping(
        strategies._flower.strategy.FedAvg(fraction_evaluate=0.0),
        clipping_norm=1.0,
        bcfl=bcfl,
        **DIFFERENTIAL,
    ),
    "adaptive clipping": lambda bcfl: strategies.DifferentialPrivacyServerSideAdaptiveClipping(
        strategies._flower.strategy.FedAvg(fraction_evaluate=0.0), bcfl=bcfl, **DIFFERENTIAL
    ),
}


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64"])
@pytest.mark.parametrize("bcfl", [None, {"bcfl.plugins": "outliers"}])
@pytest.mark.parametrize("name", IN_PLACE)
def test_strategies_that_scale_in_place_take_a_model_with_integers(
    toy: Any, name: str, bcfl: Any, dtype: str
) -> None:
    """A counter of BatchNorm ended the run with numpy's own error once all nodes had trained.

    Differences of unsigned integers wrapped: 5 - 6 is 255 in uint8.
    """
    start = {"w": np.zeros(3, np.float32), "steps": np.full(2, 5).astype(dtype)}
    app = toy.app_of(train=lambda message, context: _stepped(toy, message))
    result = toy.run(IN_PLACE[name](bcfl), app, 5, rounds=2, arrays=toy.record(start))
    steps = result.arrays["steps"].numpy()
    if bcfl is not None:
        assert steps.dtype == np.dtype(dtype)
    assert np.all((steps.astype(float) >= 1) & (steps.astype(float) <= 7))
    moved = result.arrays["w"].numpy()
    assert np.all(moved > 0)
    assert np.ptp(moved) < 1e-6


ONE_OF_EIGHT = {"num_malicious_nodes": 1, "fraction_evaluate": 0.0}


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "float16", "float32"])
@pytest.mark.parametrize("name", ["Krum", "MultiKrum", "Bulyan"])
def test_distances_neither_wrap_nor_end_at_half_precision(toy: Any, name: str, dtype: str) -> None:
    """In uint8 an attacker at 120 was the nearest to seven nodes at 10; in float16 nobody was."""
    far = 120 if np.dtype(dtype).itemsize == 1 else 20_000

    def train(message: Any, context: Any) -> Any:
        pid = context.node_config["partition-id"]
        values = np.full(40, far if pid == 0 else 90 + pid % 2).astype(dtype)
        arrays = toy.record({"w": values})
        return RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 10})})

    start = toy.record({"w": np.zeros(40, dtype)})
    strategy = getattr(strategies, name)(**ONE_OF_EIGHT)
    result = toy.run(strategy, toy.app_of(train=train), 8, arrays=start).arrays["w"]
    assert np.all(np.abs(result.numpy().astype(float) - 90.5) <= 0.5)
    if dtype.startswith("float"):
        assert result.dtype == dtype


def _stepped(toy: Any, message: Any) -> RecordDict:
    sent = {name: array.numpy() for name, array in message.content["arrays"].items()}
    whole = sent["steps"].dtype.kind in "iuf"
    moved = {"w": sent["w"] + np.float32(2), "steps": sent["steps"] + 1 if whole else sent["steps"]}
    moved["steps"] = moved["steps"].astype(sent["steps"].dtype)
    metrics = MetricRecord({"num-examples": 10, "train_loss": 0.7})
    return RecordDict({"arrays": toy.record(moved), "metrics": metrics})


@pytest.mark.parametrize("name", ["FedXgbBagging", "FedXgbCyclic"])
@pytest.mark.parametrize(
    ("plugins", "said"),
    [
        ("staking, outliers, slashing, round_log", "take outliers out"),
        ("staking, rewards, round_log", 'set it to "examples"'),
    ],
)
def test_what_cannot_work_on_trees_is_said_before_anything_is_on_chain(
    toy: Any, tmp_path: Path, name: str, plugins: str, said: str
) -> None:
    """The README's table ended an XGBoost run when a federation and a round were paid for."""
    runs = tmp_path / "runs"
    keys = {"bcfl.plugins": plugins, "bcfl.rewards.method": "cosine", "bcfl.run_dir": str(runs)}
    asked = []
    strategy = getattr(strategies, name)(bcfl=keys)
    start = ArrayRecord([np.frombuffer(b"", np.uint8)])
    with pytest.raises(ConfigError, match=said):
        toy.run(strategy, trainer(toy), 2, arrays=start, fail=asked.append)
    assert not asked
    assert not runs.exists()
