from __future__ import annotations

import pytest

from bcfl_plugins.config.tables import read_amount, read_table, write_amount, written
from bcfl_plugins.config.terms import TermsConfig
from bcfl_plugins.errors import ConfigError
from pallet_bridge.types import UNIT, Planck


@pytest.mark.parametrize("planck", [0, 1, UNIT - 1, UNIT, 3 * UNIT + 70, 10**30 + 1])
def test_an_amount_is_written_as_it_is_read(planck: int) -> None:
    assert read_amount("it", write_amount(planck)) == planck


@pytest.mark.parametrize(
    ("planck", "text"),
    [(-UNIT, "-1 UNIT"), (-1, "-0.000000000001 UNIT"), (1500, "0.0000000015 UNIT")],
)
def test_a_difference_has_its_sign(planck: int, text: str) -> None:
    assert write_amount(planck) == text


@pytest.mark.parametrize(
    "text", ["", "UNIT", "-5 UNIT", "1.0000000000001 UNIT", "5 UNITS", "1e3", -1]
)
def test_what_is_no_amount_is_refused_by_its_name(text: object) -> None:
    with pytest.raises(ConfigError, match="--stake"):
        read_amount("--stake", text)


def test_a_record_is_written_as_the_table_that_made_it() -> None:
    config = TermsConfig(min_stake=Planck(7 * UNIT + 3), quorum=4, admission="open")
    table = written(TermsConfig, config)
    assert table["min_stake"] == "7.000000000003 UNIT"
    assert read_table(TermsConfig, "bcfl.terms", table) == config


@pytest.mark.parametrize("text", ["9" * 5_000 + " UNIT", "9" * 40 + " UNIT", "0." + "9" * 5_000])
def test_an_amount_of_any_length_is_read_or_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match=r"bcfl\.some\.key"):
        read_amount("bcfl.some.key", text)
    with pytest.raises(ConfigError, match=r"bcfl\.some\.key"):
        read_amount("bcfl.some.key", 2**128)
    assert read_amount("bcfl.some.key", 2**128 - 1) == 2**128 - 1
