"""Several starts in one app, and runs one after the other: each is trained, or ends with a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord

from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from strategies import FedAvg
from strategies.testing import InProcessGrid
from tests.e2e.conftest import node_app

if TYPE_CHECKING:
    from pathlib import Path

NODES = 3


def start(grid: Any, folder: Path, plugins: str = "staking, round_log") -> Any:
    config = {"bcfl.plugins": plugins, "bcfl.run_dir": str(folder), "bcfl.wait_for_nodes_s": 1}
    first = ArrayRecord({"w": Array(np.zeros(200, np.float32))})
    return FedAvg(fraction_evaluate=0.0, bcfl=config).start(grid, first, num_rounds=2)


@pytest.mark.parametrize("config", [{}, {"bcfl-memory": "memory"}])
def test_two_starts_in_one_app_are_two_runs_on_two_chains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, str]
) -> None:
    """Both had one genesis and one number for their rounds: all nodes refused the second."""
    monkeypatch.chdir(tmp_path)
    with InProcessGrid(node_app(frozenset()), NODES, node_configs=[config] * NODES) as grid:
        means = [start(grid, tmp_path / "runs").arrays["w"].numpy().mean() for _ in range(2)]
    assert means == pytest.approx([0.2, 0.2], rel=0.2)
    folders = sorted((tmp_path / "runs").iterdir())
    assert len(folders) == 2
    for folder in folders:
        assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * 2
        assert audit_run(folder).findings == ()
    assert len({read_run(folder).header.genesis for folder in folders}) == 2


def test_nodes_that_sign_for_another_chain_end_the_run_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret key signs for the first chain that asked. The run of another one was empty."""
    monkeypatch.setenv("SITE", "0x" + "3c" * 32)
    keys = [{"bcfl-key-uri": "env:SITE", "bcfl-memory": str(tmp_path / "memory")}]
    with InProcessGrid(node_app(frozenset()), 1, node_configs=keys) as grid:
        grid.contexts[100].node_config["bcfl-genesis"] = "0x" + "11" * 32
        with pytest.raises(
            RecordIncomplete, match=r"NotPinned: bcfl-genesis in its --node-config"
        ) as raised:
            start_alone(grid, tmp_path / "runs")
    assert raised.value.trained == 0
    assert "NotPinned" in raised.value.refused[0][100]


def start_alone(grid: Any, folder: Path) -> Any:
    config = {"bcfl.plugins": "round_log", "bcfl.run_dir": str(folder)}
    first = ArrayRecord({"w": Array(np.zeros(200, np.float32))})
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, min_available_nodes=1, bcfl=config)
    return strategy.start(grid, first, num_rounds=2)
