from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins import ConfigError
from bcfl_plugins.rounds.settle import is_by_root, once_sealed, wait_for_copy
from pallet_bridge import calls
from pallet_bridge.copies.pushing import RunCopy
from tests.polling import until
from tests.unit.bcfl_plugins.plugins.one_round import opened_for, session_of, update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Round

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


class Gate:
    """Copying, held up until it is let go on."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, push = Gate(), RunCopy.push

    def held(copy: RunCopy) -> int:
        if threading.current_thread().name == "bcfl-copy":
            made.reached.set()
            made.open.wait()
        return push(copy)

    monkeypatch.setattr(RunCopy, "push", held)
    yield made
    made.open.set()


def opened_in(chain: ChainServices, number: int) -> Round:
    found = chain.client.round(chain.federation, number)
    assert found is not None
    return found


COPY = {"copy.every_s": 3600.0, "on_chain_error": "fail"}


@pytest.mark.slow
def test_a_round_is_copied_before_it_is_settled(tmp_path: Path, gate: Gate) -> None:
    """The copy is asked for at once, however seldom it is made; and the settlement waits for it."""
    to = f"memory://{tmp_path}"
    with session_of(tmp_path / "runs", **COPY, **{"copy.to": to}) as session:
        chain = session.services.chain
        opened = opened_for(session, 3).opened
        assert chain is not None
        assert opened is not None
        there = opened_in(chain, opened.round)
        waiting = threading.Thread(target=wait_for_copy, args=(chain, opened.round, there))
        waiting.start()
        assert gate.reached.wait(60)
        waiting.join(1.0)
        assert waiting.is_alive()
        gate.open.set()
        waiting.join(60)
        assert not waiting.is_alive()
        chain.send(calls.abort(chain.federation, opened.round))


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["hold_s", "settle_until"])
def test_a_copy_that_is_not_made_in_time_costs_no_round(
    tmp_path: Path, gate: Gate, limit: str, caplog: pytest.LogCaptureFixture
) -> None:
    more = {"copy.to": f"memory://{tmp_path}", "copy.hold_s": 0.1 if limit == "hold_s" else 86400.0}
    with session_of(tmp_path / "runs", **COPY, **more) as session:
        chain = session.services.chain
        opened = opened_for(session, 3).opened
        assert chain is not None
        assert opened is not None
        there = opened_in(chain, opened.round)
        if limit == "settle_until":
            chain.wait_until_block(there.commit_until, there.commit_until)
        waiting = threading.Thread(target=wait_for_copy, args=(chain, opened.round, there))
        with caplog.at_level(logging.WARNING, "flwr.bcfl"):
            waiting.start()
            assert gate.reached.wait(60)
            if limit == "settle_until":
                waiting.join(1.0)
                assert waiting.is_alive()
                chain.wait_until_block(there.settle_until, there.settle_until)
            waiting.join(60)
        assert not waiting.is_alive()
        assert f"round {opened.round} is settled before it is copied" in caplog.text
        wait_for_copy(chain, opened.round, replace(there, settle_until=2**31))  # nor does the next
        gate.open.set()
        copying = chain.copying
        assert copying is not None
        until(lambda: not copying.is_behind, 60, "the place is back, and rounds wait again")
        chain.send(calls.abort(chain.federation, opened.round))
