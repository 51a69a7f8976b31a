"""The example of a user's own defense: the naive one is refuted, the fixed one keeps its rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "custom_defense"


def run(*command: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(ROOT)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=EXAMPLE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.slow
def test_the_naive_defense_is_refuted() -> None:
    code, said = run("bcfl_plugins.cli", "check", "mydefense:drop_farthest", "--json")
    found = {check["check"]: check for check in json.loads(said)["checks"]}
    broken = {name for name, check in found.items() if check["status"] == "failed"}
    assert code == 1
    assert broken >= {"refuses", "non_finite", "bounded", "breakdown", "overflow"}
    assert found["bounded"]["n"] == 5


@pytest.mark.slow
def test_the_fixed_one_keeps_every_rule() -> None:
    code, said = run("bcfl_plugins.cli", "check", "mydefense:CloseToTheMedian")
    assert code == 0, said
    assert "mydefense:CloseToTheMedian: keeps all 16 rules that apply" in said


@pytest.mark.slow
def test_its_own_tests_pass() -> None:
    code, said = run("pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert code == 0, said
    assert "failed" not in said


def test_its_ci_runs_both() -> None:
    steps = (EXAMPLE / ".github" / "workflows" / "test.yml").read_text()
    assert re.search(r"run: pytest$", steps, re.MULTILINE)
    assert "bcfl check mydefense:CloseToTheMedian --profile thorough" in steps
