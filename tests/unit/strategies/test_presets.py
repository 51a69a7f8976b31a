from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, MetricRecord, RecordDict

import strategies
from bcfl_plugins import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BAD = {
    "empty": b"",
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
