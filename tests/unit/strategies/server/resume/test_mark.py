from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord
from flwr.serverapp.strategy import FedAvg, FedMedian

from bcfl_plugins.config.run_config import BcflConfig
from pallet_bridge.errors import JournalError
from pallet_bridge.run.checkpoints import Checkpoints
from strategies._flower import Run
from strategies.server.resume.mark import AppMark

if TYPE_CHECKING:
    from pathlib import Path

RUN = Run.create_empty(7)
CONFIG = BcflConfig(plugins="round_log")
NUMBER = "the number of the start in its process"


def mark(**changed: Any) -> AppMark:
    """Return a mark, of the first start of a process."""
    arrays = ArrayRecord({"w": Array(np.zeros(changed.get("width", 3), np.float32))})
    strategy = changed.get("strategy", FedAvg())
    made = AppMark.of_start(
        strategy, arrays, changed.get("config", CONFIG), changed.get("run", RUN)
    )
    return AppMark({**made.parts, NUMBER: "1"})


def test_the_same_app_is_known_again(tmp_path: Path) -> None:
    Checkpoints(tmp_path).put_app(mark().parts)
    assert mark(run=replace(RUN, run_id=8)).differs(tmp_path) is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"run": replace(RUN, fab_hash="ab")}, "the app's code changed"),
        ({"run": replace(RUN, override_config={"lr": 0.1})}, "the run config changed"),
        ({"config": replace(CONFIG, min_nodes=2)}, "the settings under bcfl changed"),
        ({"strategy": FedMedian()}, "the strategy changed"),
        ({"width": 4}, "the model's arrays changed"),
        ({"width": 4, "strategy": FedMedian()}, "the strategy, the model's arrays changed"),
    ],
)
def test_what_changed_is_named(tmp_path: Path, changed: dict[str, Any], named: str) -> None:
    Checkpoints(tmp_path).put_app(mark().parts)
    assert mark(**changed).differs(tmp_path) == named


def test_each_start_of_a_process_is_another(tmp_path: Path) -> None:
    arrays = ArrayRecord({})
    first, second = (AppMark.of_start(FedAvg(), arrays, CONFIG, RUN) for _ in range(2))
    Checkpoints(tmp_path).put_app(first.parts)
    assert second.differs(tmp_path) == f"{NUMBER} changed"


def test_a_damaged_mark_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"app\.json cannot be read"):
        mark().differs(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "app.json").write_text('{"format": "bcfl-checkpoint/1", "app": 3}')
    with pytest.raises(JournalError, match="it names no app"):
        mark().differs(tmp_path)
