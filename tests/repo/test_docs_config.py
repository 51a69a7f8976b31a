"""docs/config.md prints the defaults that the code has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bcfl_plugins import BcflConfig
from bcfl_plugins.load import installed_plugins
from scripts.docs.config_table import render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "config.md"


def test_the_table_is_the_generated_one() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("<!-- table: start -->")[1].split("<!-- table: end -->")[0]
    assert table.strip() == render().strip(), (
        "run `python -m scripts.docs.config_table` and paste what it prints between the marks"
    )


def test_every_example_is_a_valid_config() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        config = BcflConfig.from_run_config(tomllib.loads(block)["tool"]["flwr"]["app"]["config"])
        config.check_tables(installed_plugins())
        assert set(config.plugin_names) <= installed_plugins()
