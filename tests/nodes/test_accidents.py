"""A federation trains while its network of validators falls apart, and comes together again.

All accidents: ``python -m scripts.network``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scripts.network.lan import lacks
from tests.repo.docs.test_snippets import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.skipif(lacks() is not None, reason=str(lacks()))
@pytest.mark.timeout(1200)
def test_rounds_are_settled_once_though_the_network_fell_into_two_halves(own_binary: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.network", "--only", "two halves"],
        cwd=ROOT,
        env={**os.environ, "BCFL_NODE": str(own_binary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 settled; nothing wrong; the same final blocks at all" in done.stdout
