from __future__ import annotations

import pytest

from bcfl_plugins import BcflConfig, ConfigError
from pallet_bridge.run.judgements import Level


def test_by_default_statistics_are_kept_for_whom_the_server_names() -> None:
    evidence = BcflConfig.from_run_config({}).evidence
    assert (evidence.level, evidence.readers) == (Level.DECISION, "sealed")


@pytest.mark.parametrize("level", Level)
def test_each_level_has_its_word(level: Level) -> None:
    config = BcflConfig.from_run_config({"bcfl.evidence.publish": level.value})
    assert config.evidence.level is level


def test_a_sketch_is_as_wide_as_a_power_of_two() -> None:
    with pytest.raises(
        ConfigError, match=r"width is 1000, which is no power of two; take 512 or 1024"
    ):
        BcflConfig.from_run_config({"bcfl.evidence.width": 1000})


def test_a_near_miss_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'decision'"):
        BcflConfig.from_run_config({"bcfl.evidence.publish": "decisions"})
