"""Every command of the page, on the embedded chain, beside the other file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.commands.page import read_the_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.conftest import Target

pytestmark = [pytest.mark.slow]


def test_every_command_of_the_page_works(
    embedded: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_the_page(embedded, tmp_path, monkeypatch)
