"""The plugin of another distribution: built, installed by itself, found by its entry point."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "third_party_plugin"


@pytest.mark.slow
def test_the_plugin_is_installed_and_its_own_tests_pass(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="builds the plugin's wheel")
    source, installed = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(EXAMPLE, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--no-index", "--target", str(installed), str(source)],
        check=True,
        capture_output=True,
        timeout=600,
    )
    shutil.rmtree(source / "bcfl_roster")  # what is tested is what was installed
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=source,
        env=os.environ | {"PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "4 passed" in done.stdout
