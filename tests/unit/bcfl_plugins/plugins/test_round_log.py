"""The plugin that follows the seal, and rounds too long for a list; on the embedded chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.types import ClientUpdate, NodeId, RoundContext, RoundResult
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from tests.unit.bcfl_plugins.plugins.one_round import RUN, opened_for, session_of, update

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.session.open import Session
    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.journal import RunRecord


def finish(session: Session, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
    session.hooks.updates_received(ctx, updates)
    result = RoundResult(ctx, {"w": np.ones(3)}, merge_verdicts(updates, ()))
    session.hooks.round_settling(result)
    session.hooks.round_evaluated(result, {})
    session.hooks.run_finished(RUN, None)


def left_by(folder: Path) -> tuple[RunRecord, AuditReport]:
    (run,) = folder.iterdir()
    return read_run(run), audit_run(run)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fail", "queue"])
def test_a_commitment_after_the_quorums_is_named_as_late(tmp_path: Path, mode: str) -> None:
    keys = {"on_chain_error": mode, "round_log.follow": "seal", "terms.quorum": 2}
    with session_of(tmp_path, **keys) as session:
        ctx = opened_for(session, 3)
        assert ctx.opened is not None
        first = tuple(update(number, ctx.opened) for number in (0, 1))
        late = update(2, ctx.opened)
        hooks = session.hooks
        assert hooks.updates_arriving(ctx, (), last=False).sealed is False
        hooks.updates_arriving(ctx, first, last=False)
        assert session.services.chain is not None
        session.services.chain.work.drain(60)  # else they may go into one batch
        hooks.updates_arriving(ctx, (late,), last=False)
        gathered = hooks.updates_arriving(ctx, (), last=True)
        assert gathered.sealed
        assert list(gathered.late) == [NodeId(2)]
        assert "after the round was sealed" in gathered.late[NodeId(2)]
        finish(session, ctx, first)
    record, audit = left_by(tmp_path)
    assert [(line.outcome, len(line.rewards)) for line in record.rounds] == [("settled", 2)]
    assert audit.ok, audit.findings
    assert audit.checks["commitments"] == 2


def test_by_default_nobody_follows(tmp_path: Path) -> None:
    with session_of(tmp_path) as session:
        assert not session.hooks.follows


@pytest.mark.slow
def test_more_members_than_a_list_takes_are_settled_by_a_root(tmp_path: Path) -> None:
    members = 257
    keys = {"on_chain_error": "fail", "terms.max_participants": 300, "terms.dispute_blocks": 2}
    with session_of(tmp_path, **keys) as session:
        chain = session.services.chain
        assert chain is not None
        assert chain.client.limits().verdicts < members
        ctx = opened_for(session, members)
        assert ctx.opened is not None
        finish(session, ctx, tuple(update(number, ctx.opened) for number in range(members)))
        settlement = chain.client.round(0, 0).settlement  # type: ignore[union-attr]
        assert settlement is not None
        assert (settlement.mode.value, settlement.left.count) == ("Merkle", 0)
    record, audit = left_by(tmp_path)
    assert record.rounds[0].rewards == {}
    assert audit.ok, audit.findings
    assert audit.checks["rewards"] == members
