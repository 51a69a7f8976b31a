"""Rounds whose end another branch of the chain takes the place of, before it is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.rounds.owed import OwedRounds
from bcfl_plugins.types import RoundResult
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.run.journal import LINES, read_run
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.types import RoundState
from tests.unit.bcfl_plugins.plugins.one_round import RUN, opened_for, session_of, update

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.session.open import Session
    from bcfl_plugins.types import ClientUpdate, RoundContext

pytestmark = pytest.mark.slow


class Branches:
    """A session whose chain makes nothing final, until it is let."""

    def __init__(self, session: Session, patch: pytest.MonkeyPatch) -> None:
        chain = session.services.chain
        assert chain is not None
        assert isinstance(chain.client, EmbeddedClient)
        self.session, self.chain, self.client = session, chain, chain.client
        start = self.client.head()
        patch.setattr(self.client, "finalized", lambda: start)
        self._patch = patch

    def open(self, start: float = 0.0) -> RoundContext:
        """Open a round for three nodes."""
        ctx = opened_for(self.session, 3, start)
        self.chain.work.drain(60)
        return ctx

    def relay(self, ctx: RoundContext) -> tuple[ClientUpdate, ...]:
        """Relay what the nodes signed."""
        assert ctx.opened is not None
        updates = tuple(update(number, ctx.opened) for number in range(3))
        self.session.hooks.updates_received(ctx, updates)
        self.chain.work.drain(60)
        return updates

    def judge(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
        """Settle a round in a block that is not final."""
        model = {name: array + 1 for name, array in ctx.reference.items()}
        self.session.hooks.round_settling(RoundResult(ctx, model, merge_verdicts(updates, ())))
        self.chain.work.drain(60)
        assert ctx.opened is not None
        assert self.state(ctx.opened.round) is RoundState.SETTLED

    def settle(self, start: float = 0.0) -> int:
        """Train a round on a model of such weights and settle it; return its number."""
        ctx = self.open(start)
        self.judge(ctx, self.relay(ctx))
        assert ctx.opened is not None
        return ctx.opened.round

    def change(self, snapshot: int, blocks: int) -> None:
        """Let another branch take the place of all after a snapshot, with none of our calls."""
        before = self.client.head()
        self.client.node.revert(snapshot)
        with self.client.node.locked() as chain:
            chain.advance_time(60_000)
            for _ in range(blocks):
                chain.author()
        assert self.client.block_at(before.number) != before

    def let(self) -> None:
        """Let all blocks be final, as on the embedded chain they are."""
        self._patch.undo()

    def state(self, number: int) -> RoundState | None:
        found = self.client.round(self.chain.federation, number)
        return None if found is None else found.state


def audited(folder: Path) -> list[tuple[int, str]]:
    """Return how the rounds of a folder's run ended; its audit has to be clean."""
    (run,) = folder.iterdir()
    audit = audit_run(run)
    assert audit.ok, audit.findings
    return [(line.round, line.outcome) for line in read_run(run).rounds]


@pytest.mark.parametrize("mode", ["fail", "queue"])
def test_a_round_whose_blocks_are_gone_is_settled_again_and_told_where_it_is(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_of(tmp_path, on_chain_error=mode) as session:
        branches = Branches(session, monkeypatch)
        first = branches.settle()
        start = branches.client.node.snapshot()
        second = branches.settle(start=1.0)
        branches.change(start, 30)
        assert branches.state(second) is None
        branches.let()
        session.hooks.run_finished(RUN, None)
    assert audited(tmp_path) == [(first, "settled"), (second, "settled")]
    (run,) = tmp_path.iterdir()
    assert (run / LINES).read_text().count('"void"') == 1


def test_the_next_round_opens_once_the_one_before_is_settled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with session_of(tmp_path) as session:
        branches = Branches(session, monkeypatch)
        branches.settle()
        start = branches.client.node.snapshot()
        branches.settle(start=1.0)
        branches.change(start, 20)
        branches.settle(start=2.0)
        assert "settlement of round 1 was on a branch that was given up" in caplog.text
        branches.let()
        session.hooks.run_finished(RUN, None)
    assert audited(tmp_path) == [(0, "settled"), (1, "settled"), (2, "settled")]


def test_commitments_whose_block_is_gone_are_sent_again_before_the_round_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_of(tmp_path, **{"terms.commit_blocks": 16}) as session:
        branches = Branches(session, monkeypatch)
        ctx = branches.open()
        start = branches.client.node.snapshot()
        updates = branches.relay(ctx)
        branches.change(start, 5)
        assert branches.client.commitments(0, 0) == {}
        branches.judge(ctx, updates)
        branches.let()
        session.hooks.run_finished(RUN, None)
        assert len(branches.client.commitments(0, 0)) == 3
    assert audited(tmp_path) == [(0, "settled")]


def test_a_round_that_the_other_branch_does_not_take_any_more_is_told_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_of(tmp_path, **{"terms.settle_blocks": 10}) as session:
        branches = Branches(session, monkeypatch)
        ctx = branches.open()
        updates = branches.relay(ctx)
        start = branches.client.node.snapshot()
        branches.judge(ctx, updates)
        branches.change(start, 60)
        branches.let()
        with pytest.raises(RecordIncomplete, match="gave up the branch") as raised:
            session.hooks.run_finished(RUN, None)
    assert (raised.value.settled, [*raised.value.aborted]) == (0, [0])
    assert audited(tmp_path) == [(0, "aborted")]


def test_without_finality_a_run_does_not_end_well_and_keeps_what_it_owes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_of(tmp_path, **{"round_log.flush_s": 2.0}) as session:
        branches = Branches(session, monkeypatch)
        branches.settle()
        with pytest.raises(RecordIncomplete) as raised:
            session.hooks.run_finished(RUN, None)
        assert raised.value.waiting == (0,)
        assert "finality of block" in str(raised.value.__cause__)
    (run,) = tmp_path.iterdir()
    assert OwedRounds(run).rounds() == [0]
    left = OutboxFile(run / "outbox.jsonl", branches.client.genesis_hash).pending()
    assert [entry.call.function for entry in left][-1] == "settle"
