"""Every command of the page on lost keys, on a real node, beside the other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.commands.lost import read_the_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.conftest import Target

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.mark.timeout(3600)  # each command waits until its block is final
def test_every_command_on_lost_keys_works(
    real: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_the_page(real, tmp_path, monkeypatch)
