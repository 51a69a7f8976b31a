"""Runs as they were started: with a slow node, one after the other, and from any folder."""

from __future__ import annotations

import logging
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flwr.supercore.superexec.dependency_installer import (
    RuntimeDependencyInstallationError,
    install_app_dependencies,
)

from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from strategies.testing import InProcessGrid
from tests.tried.stage import Server, found

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_node_that_is_slower_than_the_window_costs_only_itself(tmp_path: Path) -> None:
    """Its reply comes once the statements of the others are on chain, and the window is over."""

    class Network(InProcessGrid):
        slow: ClassVar[set[str]] = set()

        def push_messages(self, messages: Any) -> Any:
            sent = list(messages)
            ids = super().push_messages(sent)
            late = {i for i, one in zip(ids, sent, strict=True) if one.metadata.dst_node_id == 102}
            if any(one.metadata.message_type == "train" for one in sent):
                self.slow |= late
            return ids

        def pull_messages(self, message_ids: Any) -> Any:
            asked = [*message_ids]
            if {*asked} <= self.slow:
                with connect(node.url) as client:
                    number = client.federation(0).next_round - 1
                    round_ = client.round(0, number)
                    assert round_ is not None
                    if len(client.commitments(0, number)) < 2:
                        return []
                    client.wait_until_block(round_.commit_until + 1, timeout=60)
                return super().pull_messages(asked)
            return super().pull_messages([one for one in asked if one not in self.slow])

    with EmbeddedNode.start() as node:
        found(node.url, quorum=3, commit_blocks=8)
        server = Server(node.url, tmp_path / "runs")
        server.train(rounds=2, network=Network)
        (folder,) = server.folders
        record = read_run(folder)
        assert [line.outcome for line in record.rounds] == ["settled"] * 2
        assert [len(line.rewards) for line in record.rounds] == [2, 2]
        assert audit_run(folder, chain=node.url).findings == ()
    store = ReportStore(folder / REPORTS)
    for line in record.rounds:
        assert line.report is not None
        (late,) = store.get(line.report).absent
        assert late.node_id == 102


@pytest.mark.slow
def test_an_audit_counts_the_rounds_of_its_own_run(tmp_path: Path) -> None:
    """The rounds of the run that came after it were counted too."""
    with EmbeddedNode.start() as node:
        found(node.url)
        server = Server(node.url, tmp_path / "runs")
        model = server.train(rounds=2)
        (first,) = server.folders
        alone = audit_run(first, chain=node.url)
        server.train(rounds=3, start=model)
        both = audit_run(first, chain=node.url)
        assert both.findings == ()
        assert both.grounds.recomputed == alone.grounds.recomputed
        assert [*both.grounds.proved] == [*alone.grounds.proved]
        assert len(read_run(first).rounds) == 2


def test_the_folder_of_a_run_is_said_once_with_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It lies in the working folder of the SuperLink, which is not that of the app."""
    monkeypatch.chdir(tmp_path)
    with EmbeddedNode.start() as node, caplog.at_level(logging.INFO, "flwr.bcfl"):
        found(node.url)
        Server(node.url, Path("recorded") / "here").train()
    (folder,) = (tmp_path / "recorded" / "here").iterdir()
    (said,) = [line for line in caplog.messages if "this run is recorded in" in line]
    assert said.endswith(f" {folder}")


PROJECT = """
[project]
name = "app"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = {}

[tool.flwr.app]
publisher = "example"

[tool.flwr.app.components]
serverapp = "app:server"
clientapp = "app:client"
"""
APPS = sorted(ROOT.glob("examples/**/pyproject.toml"))


@pytest.mark.parametrize("project", APPS, ids=lambda path: path.parent.name)
def test_no_app_asks_flower_to_install_what_its_index_does_not_have(project: Path) -> None:
    table = tomllib.loads(project.read_text(encoding="utf-8"))
    if "flwr" in table.get("tool", {}):
        patch = project.with_name("bcfl.patch")
        added = patch.read_text() if patch.exists() else ""
        named = [*table["project"]["dependencies"], added]
        assert not [one for one in named if "bcfl-plugins" in one]


@pytest.mark.slow
def test_an_app_finds_this_package_beside_flower_when_flower_installs_its_dependencies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, as the SuperLink does it; the index cannot be reached here."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("FLWR_HOME", str(tmp_path / "flwr"))
    app = tmp_path / "app"
    app.mkdir()
    (app / "pyproject.toml").write_text(PROJECT.format("[]"))
    program = (
        "import sys\n"
        "from flwr.supercore.superexec.dependency_installer import install_app_dependencies\n"
        "made = install_app_dependencies(sys.argv[1])\n"
        "import strategies\n"
        "assert sys.path[0].startswith(str(made)), sys.path\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    subprocess.run([sys.executable, "-c", program, str(app)], check=True, capture_output=True)
    (app / "pyproject.toml").write_text(PROJECT.format('["bcfl-plugins"]'))
    with pytest.raises(RuntimeDependencyInstallationError, match="bcfl-plugins"):
        install_app_dependencies(app)
