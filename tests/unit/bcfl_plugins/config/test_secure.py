from __future__ import annotations

import pytest

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.config.secure import pinned_aggregator, proofs_of, read_secure, threshold_of
from bcfl_plugins.errors import ConfigError

NAMED = {"bcfl.plugins": "secure_aggregation"}


def test_a_table_without_its_plugin_is_refused() -> None:
    with pytest.raises(ConfigError, match="or updates go unmasked"):
        BcflConfig.from_run_config({"bcfl.secure.mode": "sum"})
    assert BcflConfig.from_run_config(NAMED).secure is None
    found = BcflConfig.from_run_config({**NAMED, "bcfl.secure.mode": "sum"}).secure
    assert found is not None
    assert found.mode == "sum"
    with pytest.raises(ConfigError, match="is a table"):
        BcflConfig.from_run_config({**NAMED, "bcfl.secure": "sum"})


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"mode": "two_servers"}, "bcfl.secure.aggregator is ''"),
        ({"mode": "two_servers", "aggregator": "ftp://x"}, "http:// or https:// URL"),
        ({"mode": "two_servers", "aggregator": "http://x"}, "aggregator_account is ''"),
        ({"mode": "sum", "aggregator": "http://x"}, 'is of "two_servers"'),
        ({"mode": "groups", "group": 2}, "must be"),
        ({"mode": "groups", "group": 4, "threshold": 4}, "has 3 other nodes"),
        ({"mode": "none"}, "it can be"),
        ({"width": 1000}, "take 512 or 1024"),
        ({"width": 16}, "must be"),
        ({"clip": 0.0}, "must be"),
        ({"bits": 3}, "unknown key"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, int | float | str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_secure(table)


def test_what_operators_say() -> None:
    assert threshold_of({}) == 0
    assert threshold_of({"bcfl-secure-threshold": 4}) == 4
    for wrong in (-1, "four", True, 2.5):
        with pytest.raises(ConfigError, match="a number is needed"):
            threshold_of({"bcfl-secure-threshold": wrong})
    assert pinned_aggregator({}) is None
    with pytest.raises(ConfigError, match="an address is needed"):
        pinned_aggregator({"bcfl-secure-aggregator": "somebody"})
    assert proofs_of({}, public_key=True) == "coordinator"
    assert proofs_of({}, public_key=False) == "light"
    assert proofs_of({"bcfl-secure-proofs": "node"}, public_key=True) == "node"
    with pytest.raises(ConfigError, match="light, node or coordinator"):
        proofs_of({"bcfl-secure-proofs": "server"}, public_key=True)
