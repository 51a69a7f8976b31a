"""A run is copied while it goes on; who fetches the copy audits it as the folder itself."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord
from typer.testing import CliRunner

import strategies
from bcfl_plugins.cli.app import app as bcfl
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.replay.run import Replayer
from pallet_bridge.audit.run import audit_run
from pallet_bridge.copies.errors import CopyLeft, CopyUnreachable
from pallet_bridge.run.checkpoints import Checkpoints
from pallet_bridge.run.journal import read_run
from strategies.testing import InProcessGrid
from tests.e2e.killed.server import WIDTH, app
from tests.unit.pallet_bridge.copies.test_age import identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

NODES = [{"bcfl-key-uri": f"//Node{number}"} for number in range(4)]


def train(
    folder: Path, to: str, watch: Callable[[int], None] = lambda _: None, **more: Any
) -> Path:
    """Train two rounds on an embedded chain, copied to a URL, and return the run's folder."""
    config = {
        "bcfl.plugins": "staking, outliers, round_log",
        "bcfl.run_dir": str(folder / "runs"),
        "bcfl.copy.to": to,
        "bcfl.copy.every_s": 0.1,
        **{f"bcfl.{name}": value for name, value in more.items()},
    }

    def evaluate(server_round: int, arrays: ArrayRecord) -> None:
        del arrays
        watch(server_round)

    strategy = strategies.FedAvg(min_train_nodes=4, bcfl=config)
    with InProcessGrid(app(), node_configs=NODES, run_config=config) as grid:
        first = ArrayRecord({"w": Array(np.zeros(WIDTH, np.float32))})
        strategy.start(grid, first, num_rounds=2, evaluate_fn=evaluate)
    (run,) = (folder / "runs").iterdir()
    return run


def fetched(url: str, folder: Path, *more: str) -> dict[str, Any]:
    """Fetch what is at a URL by the command, and return what it says."""
    done = CliRunner().invoke(bcfl, ["copy", "fetch", url, str(folder), "--json", *more])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.output)["runs"]
    return told


def test_a_round_that_the_chain_settled_has_its_model_in_the_copy(tmp_path: Path) -> None:
    """Else a server that is lost right after it takes along what a standby needs."""
    url = f"memory://{tmp_path.name}"
    path, key = identity(tmp_path, "identity")
    looked = []

    def look(server_round: int) -> None:
        if server_round == 2:  # the first round is settled, or this one had not been opened
            fetched(url, tmp_path / "standby", "--identity", str(path))
            (run,) = (tmp_path / "standby").iterdir()
            copied = Checkpoints(run)
            settled = {line.model for line in read_run(tmp_path / "runs" / run.name).rounds}
            looked.append(({copied.digest(one) for one in copied.rounds()}, settled))

    train(tmp_path, url, look, **{"copy.recipients": key, "copy.every_s": 3600.0})
    ((copied, settled),) = looked
    assert copied & settled


def test_what_is_fetched_audits_as_the_run_itself(tmp_path: Path) -> None:
    """A recipient also decides the rounds again; others audit what is public."""
    url = f"memory://{tmp_path.name}"
    path, key = identity(tmp_path, "identity")
    run = train(tmp_path, url, **{"copy.recipients": key})
    (told,) = fetched(url, tmp_path / "auditor", "--identity", str(path)).values()
    assert told["closed"] == 0
    here = tmp_path / "auditor" / run.name
    assert told["folder"] == str(here)
    own, other = audit_run(run, replay=Replayer()), audit_run(here, replay=Replayer())
    assert other.findings == ()
    assert other.grounds.proved == own.grounds.proved
    assert other.grounds.recomputed == own.grounds.recomputed
    (told,) = fetched(url, tmp_path / "anybody").values()
    assert told["closed"] > 0
    assert not (tmp_path / "anybody" / run.name / "store").exists()
    audited = audit_run(tmp_path / "anybody" / run.name)
    assert audited.findings == ()
    assert audited.grounds.proved == audit_run(run).grounds.proved


def test_a_url_that_cannot_be_used_ends_the_run_before_it_trains(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    trained: list[int] = []
    with pytest.raises(CopyUnreachable, match="file/"):
        train(tmp_path, str(tmp_path / "file"), trained.append)
    assert not trained
    for wrong in ({"copy.to": "nothing://here"}, {"copy.recipients": "age1nobody"}):
        with pytest.raises(ConfigError):
            train(tmp_path, **{"to": f"memory://{tmp_path.name}", **wrong})


def test_a_url_that_is_gone_costs_the_copy_and_not_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told while the run goes on, and at its end; the command copies it later."""
    there, away = tmp_path / "there", tmp_path / "away"

    def lose(server_round: int) -> None:
        if server_round == 1:
            there.rename(away)
            there.write_text("in the way")

    with (
        caplog.at_level(logging.WARNING, "flwr.bcfl"),
        pytest.raises(CopyLeft, match="the run is whole in its folder") as raised,
    ):
        train(tmp_path, str(there), lose, **{"copy.hold_s": 0.5})
    assert caplog.text.count("is settled before it is copied") == 1
    assert any("model.npz" in note for note in raised.value.__notes__)
    (run,) = (tmp_path / "runs").iterdir()
    assert audit_run(run).findings == ()
    there.unlink()
    away.rename(there)
    done = CliRunner().invoke(bcfl, ["copy", "push", str(run), str(there)])
    assert done.exit_code == 0, done.output
    fetched(str(there), tmp_path / "here")
    assert audit_run(tmp_path / "here" / run.name).findings == ()
