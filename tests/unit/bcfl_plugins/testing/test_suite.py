"""The kit inside pytest: the decorator, the class, the option. Each runs pytest as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]

MINE = """
import numpy as np

def mean(updates, f):
    return updates.mean(axis=0)

class Median:
    def __init__(self, f):
        self.f = f
    def __call__(self, updates):
        if len(updates) <= 2 * self.f or len(updates) == 0:
            raise ValueError("too few")
        finite = updates[np.isfinite(updates).all(axis=1)]
        half = finite.astype(np.float64) / 2
        return (2 * np.median(half, axis=0)).astype(updates.dtype)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def pytest_in(folder: Path, *args: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "pytest", "-p", "bcfl_plugins.testing.pytest_plugin"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-q", "-rA", *args],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_the_decorator_makes_one_test_of_each_check_that_applies(project: Path) -> None:
    (project / "test_it.py").write_text(
        "from bcfl_plugins.testing import parametrize_with_checks\n"
        "from mine import Median, mean\n"
        "known = {'bounded': 'a mean'}\n"
        "@parametrize_with_checks([Median, mean], lambda d: known if d is mean else {})\n"
        "def test_mine(defense, check):\n"
        "    check(defense)\n"
    )
    code, said = pytest_in(project, "-k", "bounded or order or kappa")
    assert code == 0, said
    assert "PASSED test_it.py::test_mine[Median-bounded]" in said
    assert "XFAIL test_it.py::test_mine[mean-bounded] - a mean" in said
    assert "kappa" not in said


@pytest.mark.slow
def test_a_failure_that_no_longer_happens_must_come_off_the_list(project: Path) -> None:
    (project / "test_it.py").write_text(
        "from bcfl_plugins.testing import parametrize_with_checks\n"
        "from mine import Median\n"
        "@parametrize_with_checks([Median], {'order': 'was broken once'})\n"
        "def test_mine(defense, check):\n"
        "    check(defense)\n"
    )
    code, said = pytest_in(project, "-k", "order")
    assert code == 1
    assert "XPASS(strict)" in said


@pytest.mark.slow
def test_the_class_to_subclass(project: Path) -> None:
    (project / "test_it.py").write_text(
        "from bcfl_plugins.testing import DefenseTests, Tags\n"
        "from mine import Median, mean\n"
        "class TestMedian(DefenseTests):\n"
        "    tags = Tags(box=True)\n"
        "    def make(self, f):\n"
        "        return Median(f)\n"
        "class TestMean(DefenseTests):\n"
        "    expected_failures = {'bounded': 'a mean'}\n"
        "    def make(self, f):\n"
        "        return mean\n"
    )
    code, said = pytest_in(project, "-k", "bounded or box or kappa")
    assert code == 0, said
    assert "PASSED test_it.py::TestMedian::test_check[box]" in said
    assert "XFAIL test_it.py::TestMean::test_check[bounded]" in said
    assert "not claimed; Tags(kappa=...) has it checked" in said


@pytest.mark.slow
def test_the_option_needs_no_test_file(project: Path) -> None:
    named = ["--bcfl-defense", "mine:mean", "--bcfl-defense", "mine:Median"]
    code, said = pytest_in(project, *named, "-k", "bounded")
    assert code == 1
    assert "PASSED mine:Median::bounded" in said
    assert "FAILED mine:mean::bounded" in said
    assert "from mine import mean" in said
    assert 'replay("bounded", mean, case)' in said
    assert "run_check" not in said


def test_the_option_says_what_it_cannot_find(project: Path) -> None:
    code, said = pytest_in(project, "--bcfl-defense", "mine:Nothing")
    assert code != 0
    assert "'mine' has no 'Nothing'" in said


def test_without_the_option_nothing_of_the_kit_is_loaded(project: Path) -> None:
    (project / "test_it.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    assert 'hypothesis' not in sys.modules\n"
        "    assert 'bcfl_plugins.testing.search.engine' not in sys.modules\n"
    )
    code, said = pytest_in(project)
    assert code == 0, said
