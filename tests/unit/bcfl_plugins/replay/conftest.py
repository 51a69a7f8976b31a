from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.lies.federation import HonestRun, honest_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def updates_run(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    """A run that published its updates."""
    return honest_run(tmp_path_factory.mktemp("updates"), "updates")


@pytest.fixture(scope="session")
def decision_run(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    """A run that published statistics, and whose server has data of its own."""
    return honest_run(tmp_path_factory.mktemp("decision"), "decision", measured=True)


@pytest.fixture(scope="session")
def sketch_run(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    """A run whose nodes signed sketches."""
    return honest_run(tmp_path_factory.mktemp("sketch"), "sketch")


@pytest.fixture(scope="session")
def forgetful_run(tmp_path_factory: pytest.TempPathFactory) -> HonestRun:
    """The same, by a rule that gives no shares and remembers nothing."""
    return honest_run(tmp_path_factory.mktemp("forgetful"), "sketch", method="multikrum")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a test keeps runs of its own."""
    return tmp_path / "runs"
