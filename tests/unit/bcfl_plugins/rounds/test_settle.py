from __future__ import annotations

import pytest

from bcfl_plugins import ConfigError
from bcfl_plugins.rounds.settle import is_by_root

BOUND = 256


@pytest.mark.parametrize(
    ("mode", "verdicts", "by_root"),
    [
        ("auto", 0, False),
        ("auto", BOUND, False),
        ("auto", BOUND + 1, True),
        ("list", BOUND, False),
        ("root", 1, True),
        ("root", 10_000, True),
    ],
)
def test_a_list_as_long_as_the_chain_takes_one(mode: str, verdicts: int, *, by_root: bool) -> None:
    assert is_by_root(mode, verdicts, BOUND) is by_root


def test_a_list_that_is_too_long_is_refused_and_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r'257 verdicts.*"auto"'):
        is_by_root("list", BOUND + 1, BOUND)
