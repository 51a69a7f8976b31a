"""Settings, commands, errors and checks stand in the reference as they are in the code."""

from __future__ import annotations

import pytest

from bcfl_plugins.testing.checks import BY_NAME
from benchmarks.pages import formatted
from scripts.docs.check_table import WHEN
from scripts.docs.pages import DOCS, PARTS, split


@pytest.mark.parametrize("name", PARTS)
def test_the_generated_part_of_a_page_is_up_to_date(name: str) -> None:
    _, found, _ = split((DOCS / name).read_text(encoding="utf-8"))
    assert found.strip() == formatted(PARTS[name]()).strip(), "run `python -m scripts.docs.pages`"


def test_every_check_with_a_condition_exists() -> None:
    assert set(WHEN) <= set(BY_NAME)
