"""The quickstart as a user meets it: a plain Flower app, then the same app with the patch."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from flwr.common.config import flatten_dict

from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.reports import ReportStore
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "quickstart"
NODES = 6
ROUNDS = 3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class App:
    """A copy of the example in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(EXAMPLE, folder)

    def patch(self) -> None:
        subprocess.run(["git", "apply", "bcfl.patch"], cwd=self.folder, check=True)

    def run_config(self) -> dict[str, Any]:
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())
        return flatten_dict(project["tool"]["flwr"]["app"]["config"])

    def run(self, monkeypatch: pytest.MonkeyPatch, **overrides: Any) -> dict[str, torch.Tensor]:
        """Run as `flwr run` does, in this process; return the model that the app saved."""
        run_config = {**self.run_config(), "num-server-rounds": ROUNDS, **overrides}
        torch.manual_seed(1)
        random.seed(1)
        with monkeypatch.context() as patched:
            patched.chdir(self.folder)
            patched.syspath_prepend(self.folder)
            for name in [name for name in sys.modules if name.split(".")[0] == "quickstart"]:
                patched.delitem(sys.modules, name)
            from quickstart.client_app import app as client_app  # noqa: PLC0415
            from quickstart.server_app import app as server_app  # noqa: PLC0415

            # Flower adds floats in the order of arrival, and samples nodes in any order.
            in_order = lambda replies: sorted(replies, key=lambda m: m.metadata.src_node_id)  # noqa: E731
            with InProcessGrid(client_app, NODES, run_config=run_config, arrivals=in_order) as grid:
                grid.serve(server_app, run_config)
            for name in [name for name in sys.modules if name.split(".")[0] == "quickstart"]:
                del sys.modules[name]
        model: dict[str, torch.Tensor] = torch.load(self.folder / "final_model.pt")
        return model

    def runs(self) -> list[Path]:
        return sorted((self.folder / "runs").glob("*"))


@pytest.fixture
def plain(tmp_path: Path) -> App:
    return App(tmp_path / "plain")


@pytest.fixture
def patched(tmp_path: Path) -> App:
    app = App(tmp_path / "patched")
    app.patch()
    return app


def test_the_example_knows_nothing_of_us(plain: App) -> None:
    for path in [*(plain.folder / "quickstart").rglob("*.py"), plain.folder / "pyproject.toml"]:
        text = path.read_text().lower()
        assert "bcfl" not in text
        assert "strategies" not in text


def test_the_patch_changes_three_lines_of_code(patched: App) -> None:
    added = [
        line
        for line in (patched.folder / "bcfl.patch").read_text().splitlines()
        if line.startswith("+") and not line.startswith("+++")
    ]
    code = [line for line in added if line.rstrip().endswith((")", "FedAvg", "ClientApp"))]
    assert len(code) == 3
    assert patched.run_config()["bcfl.chain"] == "embedded"
    readme = (patched.folder / "README.md").read_text()
    assert [line for line in code if line not in readme] == []


@pytest.mark.slow
def test_without_plugins_the_patched_app_trains_the_same_model(
    plain: App, patched: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = plain.run(monkeypatch)
    found = patched.run(monkeypatch, **{"bcfl.plugins": "", "bcfl.chain": "none"})
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        name: tensor.dtype for name, tensor in expected.items()
    }
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert patched.runs() == []


def test_with_plugins_each_round_is_settled_on_chain(
    patched: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched.run(monkeypatch)
    (run,) = patched.runs()
    record = read_run(run)
    rounds = record.rounds
    assert [line.round for line in rounds] == list(range(ROUNDS))
    assert [line.outcome for line in rounds] == ["settled"] * ROUNDS
    reports = [ReportStore(run / "reports").get(line.report) for line in rounds]
    assert [len(report.entries) for report in reports] == [NODES] * ROUNDS
    audited = audit_run(run)
    assert audited.findings == ()
    assert audited.ok
