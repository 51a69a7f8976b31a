"""Every command of the page on lost keys, on a real node, beside the other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.commands.lost import read_the_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.conftest import Target

pytestmark = [pytest.mark.slow, pytest.mark.waits]


@pytest.mark.timeout(3600)  # a node makes a block in 3 s, and the page waits for a hundred
def test_every_command_on_lost_keys_works(
    real: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_the_page(real, tmp_path, monkeypatch)
