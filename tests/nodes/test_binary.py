"""The order in which tests look for a node: named, built, installed, packed beside the checkout."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING

import pytest

from tests.nodes import binary

if TYPE_CHECKING:
    from pathlib import Path


def program(path: Path, version: str = "bcfl-node 0.1.0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a node."""
    monkeypatch.delenv("BCFL_NODE", raising=False)
    monkeypatch.setenv("BCFL_NODE_TARGET_DIR", str(tmp_path / "target"))
    monkeypatch.setattr(binary, "PACKED_NODE", tmp_path / "packed.xz")
    monkeypatch.setattr(binary, "_installed", lambda: None)
    return tmp_path


def test_without_any_there_is_none(bare: Path) -> None:
    assert binary.find_node(bare) is None
    assert binary.own_node() is None


def test_each_place_comes_before_the_next(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "packed.xz").write_bytes(lzma.compress(b"the oracle"))
    unpacked = binary.find_node(bare)
    assert unpacked is not None
    assert unpacked.read_bytes() == b"the oracle"
    assert binary.own_node() is None

    installed = program(bare / "site" / "bcfl-node")
    monkeypatch.setattr(binary, "_installed", lambda: installed)
    assert binary.find_node(bare) == binary.own_node() == installed

    built = program(bare / "target" / "release" / "bcfl-node")
    assert binary.find_node(bare) == binary.own_node() == built

    named = program(bare / "named")
    monkeypatch.setenv("BCFL_NODE", str(named))
    assert binary.find_node(bare) == binary.own_node() == named


def test_a_named_node_of_others_is_not_our_own(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = program(bare / "other", "substrate-node 0")
    monkeypatch.setenv("BCFL_NODE", str(other))
    assert binary.find_node(bare) == other
    assert binary.own_node() is None
