"""A chain in a folder, killed at random points: `scripts.runtime.kill` with fewer kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.runtime.kill import kill

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_a_killed_chain_reopens_with_every_final_block(tmp_path: Path) -> None:
    """Row "ServerApp killed, embedded chain: the chain is lost" of the deployments tried."""
    results = list(kill(tmp_path / "chain", times=4, seed=3))
    assert [one.missing for one in results] == [()] * 4
    assert results[-1].told > 5
    assert results[-1].height >= results[-1].told
