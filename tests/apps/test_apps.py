"""Flower apps of many kinds, as strangers write them: with the README's three lines, and without.

Each either trains, and all of it is on chain, or ends with the word that helps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bcfl_plugins import ConfigError
from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from strategies import LegacyApi, UnsuitableModel
from strategies.testing import InProcessGrid
from tests.apps.adopt import adopted, loaded
from tests.slow import slow_but

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
APPS = {path.stem: path for path in sorted((HERE / "written").glob("*.py"))}
NODES, ROUNDS = 5, 3
TABLE = {"bcfl.plugins": "staking, outliers, slashing, round_log", "bcfl.chain": "embedded"}
"""What the README adds to the configuration."""

WORDS: dict[str, tuple[type[Exception], str]] = {
    "grid_loop": (RuntimeError, r"Unprotected.*outliers"),
    "legacy": (LegacyApi, "fraction_fit -> fraction_train"),
    "model_of_the_nodes": (UnsuitableModel, "no arrays"),
    "quantising": (RecordIncomplete, "Make floats of them on the node, before it signs"),
    "xgboost_bagging": (ConfigError, "outliers compares arrays"),
}
"""Apps that cannot be adopted so, with what they are told."""

STARTS = {"two_starts": 2, "analytics": 0}
TRAINS = [name for name in APPS if name not in WORDS]


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(name: str, *, changed: bool, **config: Any) -> Any:
    """Run an app as `flwr run` does, in this process; return the state that it left."""
    source = APPS[name].read_text(encoding="utf-8")
    for library in ("sklearn", "torch"):
        if f"import {library}" in source or f"from {library}" in source:
            pytest.importorskip(library, reason="the app is written with it")
    app = loaded(APPS[name], changed=changed)
    run_config = {"num-server-rounds": ROUNDS, **(TABLE if changed else {}), **config}
    with InProcessGrid(app.client_app, NODES, run_config=run_config) as grid:
        return grid.serve(app.server_app, run_config).state


def test_an_app_knows_nothing_of_us() -> None:
    for path in APPS.values():
        assert "bcfl" not in path.read_text()
        assert "from strategies" not in path.read_text()


def test_what_is_changed_is_the_patch_of_the_readme() -> None:
    """The patch of the quickstart, which a test holds against the README."""
    app = EXAMPLES / "quickstart"
    patch = (app / "bcfl.patch").read_text().splitlines()
    added = {line[1:] for line in patch if line.startswith("+") and not line.startswith("+++")}
    for name in ("server_app.py", "client_app.py"):
        before = (app / "quickstart" / name).read_text()
        new = {*adopted(before).splitlines()} - {*before.splitlines()}
        assert new
        assert new <= added


@pytest.mark.parametrize("name", [name for name in APPS if name not in {"legacy", *WORDS}])
def test_with_flower_alone_the_app_runs(name: str) -> None:
    run(name, changed=False)


@pytest.mark.parametrize("name", slow_but({"numpy_fedavg", "analytics"}, TRAINS))
def test_with_three_lines_the_app_trains_and_all_of_it_is_on_chain(
    name: str, tmp_path: Path
) -> None:
    state = run(name, changed=True)
    if "found" in state and "last" in state["found"]:
        assert state["found"]["last"] > state["found"]["first"] or "loss" in APPS[name].read_text()
    folders = sorted((tmp_path / "runs").glob("*"))
    assert len(folders) == STARTS.get(name, 1)
    for folder in folders:
        record = read_run(folder)
        assert [line.outcome for line in record.rounds] == ["settled"] * ROUNDS
        assert [len(line.rewards) for line in record.rounds] == [NODES] * ROUNDS
        assert [line.strikes for line in record.rounds] == [{}] * ROUNDS
        assert audit_run(folder).findings == ()


@pytest.mark.parametrize("name", WORDS)
def test_an_app_that_cannot_be_adopted_so_is_told_what_to_change(name: str) -> None:
    error, word = WORDS[name]
    with pytest.raises(error, match=word):
        run(name, changed=True)


def test_trees_are_trained_with_the_plugins_that_the_word_names(tmp_path: Path) -> None:
    pytest.importorskip("xgboost", reason="trains trees")
    run("xgboost_bagging", changed=True, **{"bcfl.plugins": "staking, slashing, round_log"})
    (folder,) = (tmp_path / "runs").glob("*")
    assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * ROUNDS


def test_nodes_that_quantise_train_with_what_the_word_names() -> None:
    state = run("quantising", changed=True, **{"bcfl.plugins": "", "bcfl.screen": "off"})
    assert state["model"]["w"].numpy().mean() == pytest.approx(0.1 * ROUNDS, rel=0.1)
