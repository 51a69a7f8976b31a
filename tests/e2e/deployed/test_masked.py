"""A masked federation in real processes of Flower's: all phases, an exact sum, a clean audit."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from strategies.messages.masks import SHARES, SKETCH, UNMASK
from tests.e2e.processes.machines import BUSY
from tests.e2e.processes.masked import ROUNDS, MaskedMachines

if TYPE_CHECKING:
    from pathlib import Path

NODES = 5


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.skipif(
    os.getloadavg()[0] > BUSY * (os.cpu_count() or 1), reason="too busy for Flower's processes"
)
def test_rounds_go_through_all_phases_and_the_sum_is_exact(tmp_path: Path) -> None:
    with MaskedMachines(tmp_path, mode="sketch") as machines:
        run = machines.begin_run()
        assert machines.finish(run) == "finished:completed", machines.said(run)
        became = machines.checked()
        asked = Counter(kind for _, kind, _ in machines.answered())
    assert became == ", ".join(["the exact mean of 5"] * ROUNDS)
    assert {SHARES, "train", SKETCH, UNMASK} <= {*asked}
    assert {*asked.values()} == {ROUNDS * NODES}
