"""What the table ``bcfl.spool`` may say."""

from __future__ import annotations

import pytest

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.config.spooling import SpoolConfig
from bcfl_plugins.errors import ConfigError


def test_without_a_table_two_gigabytes_stay_in_memory() -> None:
    assert BcflConfig.from_run_config({}).spool == SpoolConfig(over_mib=2048, folder="")


def test_a_table_says_how_much_and_where() -> None:
    keys = {"bcfl.spool.over_mib": 77, "bcfl.spool.folder": "/srv/replies"}
    assert BcflConfig.from_run_config(keys).spool == SpoolConfig(77, "/srv/replies")


@pytest.mark.parametrize("wrong", [{"over_mib": -1}, {"over_mb": 5}, {"folder": 3}])
def test_what_it_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"bcfl\.spool"):
        BcflConfig.from_run_config({f"bcfl.spool.{key}": value for key, value in wrong.items()})
