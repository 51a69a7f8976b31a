"""What the deployment tells at its end, of the same app, without Flower's processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from examples.deployment.__main__ import APP, NODES, POISONER, STRANGER
from examples.deployment.chain import found, served
from examples.deployment.flower import Deployment
from examples.deployment.look import fetched, new_identity, tell
from examples.one_process import config_of
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 2


@pytest.mark.slow
def test_the_end_is_told_from_what_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(APP)
    from healthcare.client_app import app as client  # noqa: PLC0415
    from healthcare.server_app import app as server  # noqa: PLC0415

    with served(None) as (url,):
        founded = found(url, tmp_path / "keys", NODES)
        keys = [{"bcfl-key-uri": f"file:{key}"} for key in founded.node_keys]
        config = config_of(APP) | {
            "num-server-rounds": ROUNDS,
            "min-nodes": NODES - 1,
            "poisoner": POISONER,
            "bcfl.chain": url,
            "bcfl.run_dir": str(tmp_path / "runs"),
            "bcfl.coordinator": f"file:{founded.coordinator_key}",
            "bcfl.outliers.evidence": "streak",
            "bcfl.copy.to": (tmp_path / "published").as_uri(),
            "bcfl.copy.recipients": new_identity(tmp_path / "standby.age"),
        }
        with InProcessGrid(client, node_configs=keys, run_config=config) as grid:
            grid.serve(server, config)
        (copy,) = fetched((tmp_path / "published").as_uri(), tmp_path / "elsewhere")
        assert {path.name for path in copy.iterdir()} == {"run.json", "journal.jsonl", "reports"}
        capsys.readouterr()
        assert tell(copy, url, founded, "") == (True, [*range(ROUNDS)])
        told = capsys.readouterr().out
    assert "rounds on chain: Settled, Settled" in told
    assert f"rejected: hospital-{POISONER}; struck: hospital-{POISONER}" in told
    assert f"left out: hospital-{STRANGER}" in told
    assert "0 findings" in told
    for name in [name for name in sys.modules if name.split(".")[0] == "healthcare"]:
        monkeypatch.delitem(sys.modules, name)


def test_there_is_no_serverapp_to_kill_before_a_run(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no ServerApp runs"):
        Deployment(tmp_path).kill_serverapp()
