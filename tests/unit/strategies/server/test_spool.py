"""Replies that wait on disk: the same rounds to the bit, and less memory than the replies take."""

from __future__ import annotations

import copy
import gc
import pickle
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, RecordDict

import strategies
from bcfl_plugins import BcflConfig
from strategies.messages.arrays import to_array, to_numpy
from strategies.messages.lazy import LazyArray
from strategies.server import spool as module
from strategies.server.spool import Spool
from strategies.testing import InProcessGrid
from tests.unit.strategies.conftest import MALFORMED, app_of, model, numpy_of, record, set_array

if TYPE_CHECKING:
    from flwr.app import Message

NODES, ROUNDS = 7, 2
OUTLIERS = {"bcfl.plugins": "outliers", "bcfl.outliers.method": "cluster_guard"}


class Counting(Spool):
    """Counts what was put on disk."""

    kept = 0

    def keep(self, message: Message) -> Message:
        made = super().keep(message)
        Counting.kept += made is not message
        return made


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Spool", Counting)
    Counting.kept = 0


def run(
    folder: Path, over: int, app: Any, name: str = "FedAvg", **config: Any
) -> dict[str, np.ndarray]:
    """Train, and return the model."""
    keys = {"bcfl.run_dir": str(folder), "bcfl.spool.over_mib": over, **config}
    made = getattr(strategies, name)(
        fraction_evaluate=0.0,
        min_train_nodes=1,
        min_available_nodes=1,
        bcfl=BcflConfig.from_run_config(keys),
    )
    with InProcessGrid(app, num_nodes=NODES) as grid:
        result = made.start(grid, initial_arrays=record(model()), num_rounds=ROUNDS)
    return numpy_of(result.arrays)


def far(content: Any) -> Any:
    return set_array("w", np.full((4, 3), 40.0, np.float32))(content)


@pytest.mark.parametrize("name", ["FedAvg", "FedMedian", "FedYogi"])
@pytest.mark.parametrize(
    "config",
    [{}, OUTLIERS, {**OUTLIERS, "bcfl.outliers.clip": 0.5}],
    ids=["screened", "judged", "clipped"],
)
def test_a_round_is_the_same_to_the_bit(tmp_path: Path, name: str, config: dict[str, Any]) -> None:
    app = app_of({3: far})
    on_disk = run(tmp_path / "disk", 0, app, name, **config)
    assert Counting.kept == NODES * ROUNDS
    in_memory = run(tmp_path / "memory", 2048, app, name, **config)
    assert Counting.kept == NODES * ROUNDS, "nothing was put there that has room in memory"
    for key, array in in_memory.items():
        assert np.array_equal(on_disk[key], array), key


@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_what_is_malformed_costs_its_sender_the_round_all_the_same(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of({2: MALFORMED[what]})
    on_disk = run(tmp_path / "disk", 0, app, **OUTLIERS)
    told = [one.getMessage() for one in caplog.records if "node 102" in one.getMessage()]
    caplog.clear()
    in_memory = run(tmp_path / "memory", 2048, app, **OUTLIERS)
    assert told == [one.getMessage() for one in caplog.records if "node 102" in one.getMessage()]
    assert all(np.array_equal(on_disk[key], array) for key, array in in_memory.items())


def test_files_have_no_name_and_few_are_open(tmp_path: Path) -> None:
    held: list[Message] = []
    with InProcessGrid(app_of(), num_nodes=1) as grid, Spool(tmp_path / "spool", 100) as spool:
        for _ in range(300):
            message = grid.create_message(_content(), "train", 100, "")
            held.append(spool.keep(message))
        assert list((tmp_path / "spool").iterdir()) == []
        assert 0 < _open_files(tmp_path) <= 3
    assert all(isinstance(one.content["arrays"]["w"], LazyArray) for one in held)
    assert np.array_equal(held[77].content["arrays"]["w"].numpy(), model()["w"])
    del message
    held.clear()
    assert _open_files(tmp_path) == 0


def _open_files(folder: Path) -> int:
    """Count the open files of a folder, with those that have no name any more."""
    gc.collect()
    opened = [one.resolve() for one in Path("/proc/self/fd").iterdir()]
    return sum(one.is_relative_to(folder.resolve()) for one in opened)


def _content() -> RecordDict:
    return RecordDict({"arrays": record(model())})


def test_a_disk_without_room_is_told_and_costs_nobody_a_reply(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    expected = run(tmp_path / "memory", 2048, app_of())
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        found = run(tmp_path / "disk", 0, app_of())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert Counting.kept == 0
    assert all(np.array_equal(found[key], array) for key, array in expected.items())
    told = [one.getMessage() for one in caplog.records if "bcfl.spool.folder" in one.getMessage()]
    assert len(told) == ROUNDS
    assert "File too large" in told[0]
    assert str(tmp_path / "disk") in told[0]


def test_a_reply_far_larger_than_the_model_is_not_written(tmp_path: Path) -> None:
    with InProcessGrid(app_of(), num_nodes=1) as grid, Spool(tmp_path, 100) as spool:
        content = _content()
        content["arrays"]["w"] = Array(np.zeros(2 << 20, np.uint8))
        message = grid.create_message(content, "train", 100, "")
        assert spool.keep(message) is message


def test_a_lazy_array_reads_as_any_other() -> None:
    plain = to_array(np.arange(6, dtype=np.float32).reshape(2, 3))
    calls = []

    def made() -> memoryview:
        calls.append(1)
        return memoryview(plain.data)

    lazy = LazyArray(plain.dtype, plain.shape, plain.stype, made)
    assert (lazy.data, lazy.dtype, lazy.shape) == (plain.data, plain.dtype, plain.shape)
    assert np.array_equal(lazy.numpy(), plain.numpy())
    assert np.array_equal(to_numpy(lazy), plain.numpy())
    for again in (copy.copy(lazy), copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert type(again) is Array
        assert again == plain
    lazy.data = b"other"
    assert lazy.data == b"other"


ROOM = """
import resource, sys
from pathlib import Path
from tests.unit.strategies.server.large_rounds import train
print(train(Path(sys.argv[1]), over=int(sys.argv[2])))
"""


@pytest.mark.slow
def test_a_round_may_be_larger_than_the_memory_of_its_server(tmp_path: Path) -> None:
    """40 replies of 8 MB in 160 MB: on disk they have room, in memory they do not."""

    def server(over: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", ROOM, str(tmp_path), str(over)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    small = server(2048)
    assert small.returncode != 0
    assert "MemoryError" in small.stderr
    large = server(64)
    assert large.returncode == 0, large.stderr
    assert "40 accepted" in large.stdout
