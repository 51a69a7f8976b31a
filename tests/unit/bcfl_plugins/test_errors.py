from __future__ import annotations

import pickle

import pytest

from bcfl_plugins.errors import BadUpdates, DefenseError, TooFewUpdates


@pytest.mark.parametrize(
    "error", [BadUpdates("ids", "one is missing"), TooFewUpdates("krum", 5, 2, 1)]
)
def test_errors_of_defenses_pickle_with_their_facts(error: DefenseError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_a_refusal_says_what_would_work() -> None:
    assert "Use f = 1 or less" in str(TooFewUpdates("krum", 5, 2, 1))
    assert "Wait for more updates" in str(TooFewUpdates("krum", 1, 0, -1))
