"""What a run config may say, and what the error says when it may not."""

from __future__ import annotations

import pytest

from bcfl_plugins import BcflConfig, ConfigError
from pallet_bridge.types import UNIT


def read(**keys: object) -> BcflConfig:
    return BcflConfig.from_run_config({f"bcfl.{name}": value for name, value in keys.items()})


def test_keys_of_the_app_are_not_read() -> None:
    config = BcflConfig.from_run_config({"num-server-rounds": 3, "lr": 0.1})
    assert (config.plugin_names, config.chain) == ((), "auto")


def test_flat_and_nested_keys_are_the_same() -> None:
    flat = {
        "bcfl.plugins": "staking, outliers",
        "bcfl.outliers.norm_factor": 4.0,
        "bcfl.terms.round_reward": "1.5 UNIT",
    }
    nested = {
        "bcfl": {
            "plugins": "staking, outliers",
            "outliers": {"norm_factor": 4.0},
            "terms": {"round_reward": "1.5 UNIT"},
        }
    }
    assert BcflConfig.from_run_config(flat) == BcflConfig.from_run_config(nested)


def test_names_keep_their_order_and_lose_their_spaces() -> None:
    config = read(plugins=" round_log ,staking,, outliers")
    assert config.plugin_names == ("round_log", "staking", "outliers")


@pytest.mark.parametrize(
    ("written", "planck"),
    [("100 UNIT", 100 * UNIT), ("0.000000000001 UNIT", 1), (7, 7), ("2.5unit", 25 * UNIT // 10)],
)
def test_amounts(written: object, planck: int) -> None:
    config = BcflConfig.from_run_config({"bcfl.terms.min_stake": written})
    assert config.terms.min_stake == planck


@pytest.mark.parametrize(("written", "parts"), [("12.5 %", 125_000_000), ("100%", 10**9), (3, 3)])
def test_fractions(written: object, parts: int) -> None:
    assert BcflConfig.from_run_config({"bcfl.terms.cap": written}).terms.cap == parts


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"bcfl.plugin": "x"}, r"unknown key bcfl\.plugin; did you mean 'plugins'\?"),
        ({"bcfl.qqq": 1}, r"unknown key bcfl\.qqq; known keys: chain, coordinator"),
        ({"bcfl.terms.min-stakes": 1}, r"bcfl\.terms\.min-stakes; did you mean 'min_stake'\?"),
        (
            {"bcfl.wait-for-nodes-s": "1"},
            r"bcfl\.wait-for-nodes-s is '1' \(str\); it must be a float",
        ),
        ({"bcfl.federation": True}, r"bcfl\.federation is True \(bool\); it must be a int"),
        ({"bcfl.federation": -1}, r"bcfl\.federation is -1; it must be 0 to 4294967295"),
        (
            {"bcfl.wait_for_nodes_s": float("nan")},
            r"bcfl\.wait_for_nodes_s is nan; it must be 0 to 8",
        ),
        ({"bcfl.terms.cap": "101 %"}, r"bcfl\.terms\.cap is '101 %'; a fraction is at most 100 %"),
        ({"bcfl.terms.cap": 0.1}, r"bcfl\.terms\.cap is 0\.1; write a fraction like '10 %'"),
        ({"bcfl.terms.min_stake": 1.0}, r"write an amount like '100 UNIT'"),
        ({"bcfl.terms.min_stake": -1}, r"write an amount like '100 UNIT'"),
        ({"bcfl.chain": "embeded"}, r"bcfl\.chain is 'embeded'; did you mean 'embedded'\?"),
        ({"bcfl.screen": "stric"}, r"bcfl\.screen is 'stric'; did you mean 'strict'\?"),
        ({"bcfl.on_chain_error": "zzz"}, r"'zzz'; it can be queue or fail"),
        ({"bcfl.plugins": "outliers,outliers"}, r"names outliers twice"),
        ({"bcfl": 3}, r"bcfl is a table"),
        ({"bcfl.terms": 3}, r"bcfl\.terms is a table; write its keys as bcfl\.terms\.KEY"),
        ({"bcfl.a.b.c": 3}, r"bcfl\.a\.b\.c is nested too deep"),
        ({"bcfl": {"plugins": ["a"]}}, r"bcfl\.plugins is a list; .*write a list with commas"),
        ({"bcfl.min-nodes": 1, "bcfl.min_nodes": 2}, r"bcfl\.min_nodes is given twice"),
        ({"bcfl.wait_for_node_s": 1.0}, r"did you mean 'wait_for_nodes_s'\?"),
        ({"bcfl.wait_s": 1.0}, r"unknown key bcfl\.wait_s; known keys: .*, wait_for_nodes_s$"),
    ],
)
def test_an_error_names_key_value_and_fix(keys: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        BcflConfig.from_run_config(keys)


def test_a_secret_in_the_config_is_refused_and_not_repeated() -> None:
    phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk"
    with pytest.raises(ConfigError, match="no phrase or seed belongs there") as caught:
        read(coordinator=phrase)
    assert "obey" not in str(caught.value)


def test_a_development_key_is_refused_on_a_chain_of_others() -> None:
    with pytest.raises(ConfigError, match="anybody can sign with it"):
        read(chain="wss://chain.example", coordinator="//Alice")
    assert read(chain="ws://127.0.0.1:9944").coordinator == "//Alice"
    assert read(chain="wss://chain.example", coordinator="env:KEY").coordinator == "env:KEY"
