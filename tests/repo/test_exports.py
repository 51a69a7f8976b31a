"""What each package says that it exports is there, once, and light to import."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import bcfl_plugins
import pallet_bridge
import strategies

PACKAGES = (bcfl_plugins, pallet_bridge, strategies)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_all_is_importable(package: object) -> None:
    names = package.__all__
    assert len(names) == len(set(names))  # ruff holds them in order
    assert [name for name in names if not hasattr(package, name)] == []


def test_the_three_packages_lie_side_by_side() -> None:
    """`strategies` is also the name of an old distribution: ours must be the one imported."""
    folders = {
        Path(importlib.import_module(package.__name__).__file__).resolve().parents[1]
        for package in PACKAGES
    }
    assert len(folders) == 1


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("pallet_bridge", "wasmtime substrateinterface scalecodec torch flwr"),
        ("bcfl_plugins", "wasmtime substrateinterface scalecodec torch flwr sklearn"),
        ("bcfl_plugins.cli", "wasmtime substrateinterface torch flwr sklearn"),
        ("strategies", "wasmtime substrateinterface torch sklearn"),
    ],
)
def test_import_is_light(module: str, heavy: str) -> None:
    program = (
        f"import sys, {module}; print(' '.join(m for m in {heavy!r}.split() if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
