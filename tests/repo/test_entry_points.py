"""The built-in plugins are named twice: for the package index, and for a checkout run as it is."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from bcfl_plugins.session.load import BUILT_IN, GROUP

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = [
    *PROJECT["scripts"].values(),
    *(target for group in PROJECT["entry-points"].values() for target in group.values()),
]


def test_the_built_in_plugins_are_the_entry_points() -> None:
    assert PROJECT["entry-points"][GROUP] == dict(BUILT_IN)


@pytest.mark.parametrize("target", TARGETS)
def test_every_entry_point_is_there(target: str) -> None:
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    assert not name or callable(getattr(found, name))
