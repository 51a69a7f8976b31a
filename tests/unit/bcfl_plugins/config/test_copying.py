"""What the table ``bcfl.copy`` may say."""

from __future__ import annotations

import pytest

from bcfl_plugins.config.copying import CopyConfig, read_copy
from bcfl_plugins.errors import ConfigError


def test_without_a_table_nothing_is_copied() -> None:
    assert read_copy({}) == CopyConfig()
    assert not CopyConfig().to


def test_recipients_are_a_list_with_commas() -> None:
    found = read_copy({"to": "s3://there", "recipients": " age1a,age1b ,, "})
    assert found.recipient_keys == ("age1a", "age1b")


def test_a_table_whose_url_is_left_empty_copies_nothing() -> None:
    """Flower takes from ``--run-config`` only what the app's own table has."""
    assert not read_copy({"to": "", "recipients": "", "every_s": 5}).to


def test_who_without_where_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"name a URL as bcfl\.copy\.to"):
        read_copy({"recipients": "age1a"})


@pytest.mark.parametrize(
    "table", [{"too": "x"}, {"to": 3}, {"to": "x", "every_s": 0}, {"to": "x", "hold_s": -1}]
)
def test_a_wrong_key_or_value_is_an_error(table: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"bcfl\.copy"):
        read_copy(table)  # type: ignore[arg-type]
