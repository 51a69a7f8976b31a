"""What the package costs those who do not use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("bcfl_plugins", "pallet_bridge", "strategies")
LIGHT = """
import sys
before = set(sys.modules)
import {module}
new = {{name.split(".")[0] for name in set(sys.modules) - before}}
print(" ".join(sorted(new & {heavy!r})))
"""
HEAVY = {"numpy", "torch", "flwr", "wasmtime", "substrateinterface", "hypothesis", "typer"}


@pytest.mark.parametrize("module", ["bcfl_plugins.testing.pytest_plugin", "bcfl_plugins"])
def test_the_pytest_plugin_loads_none_of_what_the_package_needs(module: str) -> None:
    """`pytest_plugin_loads_the_package`: it loaded numpy and 40 modules in everybody's pytest."""
    code = LIGHT.format(module=module, heavy=HEAVY - {"hypothesis"})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


THEIRS = f"""
import sys

def test_it():
    ours = [name for name in sys.modules if name.split(".")[0] in {OURS!r}]
    assert "bcfl_plugins.testing.pytest_plugin" in ours
    assert len(ours) <= 4, ours
    assert "numpy" not in sys.modules
"""


def test_a_pytest_run_of_others_loads_the_plugin_alone(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "bcfl_plugins.testing.pytest_plugin", "test_theirs.py"]
    where = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ | where
    )
    assert done.returncode == 0, done.stdout
