"""Three rows of the table of killed processes; `python -m tests.e2e.processes.kills` has all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.processes.kills import ROWS
from tests.e2e.processes.machines import BUSY, Machines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.skipif(
    os.getloadavg()[0] > BUSY * (os.cpu_count() or 1), reason="too busy for Flower's processes"
)
@pytest.mark.parametrize("killed", ["stopped", "chain_back", "chain_gone"])
def test_nothing_is_lost(tmp_path: Path, killed: str) -> None:
    with Machines(tmp_path) as machines:
        ROWS[killed](machines)
