"""A run's folder with a file of each kind, and identities of age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.jsonio import OURS
from pallet_bridge.run.journal import HEADER, LINES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "20261130-120000"
    kept = {
        HEADER: b"{}\n",
        LINES: b"one\ntwo\nhal",
        f"reports/{'ab' * 32}.json": b"a report",
        f"store/cd/{'cd' * 32}": b"an update",
        "openings/0.json": b"salts",
        "checkpoints/000001.npz": b"a model",
        "outbox.jsonl": b"calls",
        "owed/0.json": b"what is owed",
    }
    for name, data in kept.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        (folder / name).chmod(OURS)
    return folder
