from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins import ConfigError
from bcfl_plugins.rounds.settle import is_by_root, once_sealed
from pallet_bridge import calls
from tests.unit.bcfl_plugins.plugins.one_round import opened_for, session_of, update

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.slow
@pytest.mark.parametrize("commits", [0, 2])
def test_a_round_is_settled_by_what_is_there_after_its_window(tmp_path: Path, commits: int) -> None:
    with session_of(tmp_path, on_chain_error="fail") as session:
        chain = session.services.chain
        assert chain is not None
        opened = opened_for(session, 3).opened
        assert opened is not None
        signed = [update(number, opened).commitment for number in range(commits)]
        entries = [one.entry() for one in signed if one is not None]
        if entries:
            chain.send(calls.commit_batch(chain.federation, opened.round, entries))
        before = chain.client.head().number
        found = once_sealed(chain, opened.key, {})
        after = chain.client.head().number
        assert found.commitments == chain.client.commitments(opened.federation, opened.round)
        assert len(found.commitments) == commits
        if commits:
            assert after == found.round.commit_until
        else:
            assert after == before, "a round in which nobody has committed is not waited for"
        chain.send(calls.abort(chain.federation, opened.round))
