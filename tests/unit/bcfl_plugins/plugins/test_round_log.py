"""The plugin that follows the seal, and rounds too long for a list; on the embedded chain."""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.errors import AlreadyInstructed, RecordIncomplete
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.rounds.governed import GovernedTerms
from bcfl_plugins.types import ClientUpdate, NodeId, RoundContext, RoundResult
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.terms_codec import decode_terms
from pallet_bridge.types import RoundBinding
from tests.unit.bcfl_plugins.plugins.one_round import RUN, opened_for, session_of, update

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.session.open import Session
    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.journal import RunRecord

UNSETTLED = {"round_log.on_missing": "warn"}
"""For runs that settle nothing, and are not about that."""


def finish(session: Session, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
    session.hooks.updates_received(ctx, updates)
    result = RoundResult(ctx, {"w": np.ones(3)}, merge_verdicts(updates, ()))
    session.hooks.round_settling(result)
    session.hooks.round_evaluated(result, {})
    session.hooks.run_finished(RUN, None)


def too_late(session: Session, ctx: RoundContext, blocks: int) -> None:
    """Let the chain go on while the nodes train."""
    chain = session.services.chain
    assert chain is not None
    assert ctx.opened is not None
    chain.work.drain(60)
    found = chain.client.round(chain.federation, ctx.opened.round)
    assert found is not None
    chain.client.wait_until_block(found.opened_at + blocks, timeout=60)


def left_by(folder: Path) -> tuple[RunRecord, AuditReport]:
    (run,) = folder.iterdir()
    return read_run(run), audit_run(run)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fail", "queue"])
def test_what_the_nodes_are_told_is_what_the_chain_has(tmp_path: Path, mode: str) -> None:
    with session_of(tmp_path, on_chain_error=mode, **UNSETTLED) as session:
        chain = session.services.chain
        assert chain is not None
        opened = opened_for(session, 1).opened
        assert opened is not None
        chain.work.drain(60)
        found = chain.client.round(opened.federation, opened.round)
        assert found is not None
        assert RoundBinding.of(opened.key, found) == opened.binding
        assert decode_terms(opened.terms) == chain.client.terms(opened.federation)
        session.hooks.run_finished(RUN, None)


@pytest.mark.slow
def test_a_round_that_another_run_opened_on_another_model_is_not_instructed(
    tmp_path: Path,
) -> None:
    with session_of(tmp_path) as session:
        chain = session.services.chain
        assert chain is not None
        chain.client.execute(calls.open_round(chain.federation, b"\x0e" * 32), chain.coordinator)
        terms = GovernedTerms(chain)
        assert terms.under(0, b"\x0e" * 32, lambda: None) == (terms.version, terms.terms)
        with pytest.raises(AlreadyInstructed, match="round 0"):
            terms.under(0, b"\x0f" * 32, lambda: None)
        chain.client.execute(calls.abort(chain.federation, 0), chain.coordinator)


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
    assert audit.grounds.proved["statements signed by their accounts"] == 2
    assert audit.grounds.recomputed["commitments opened"] == 2


@pytest.mark.slow
def test_by_default_commitments_are_relayed_as_they_come_and_nobody_is_cut_off(
    tmp_path: Path,
) -> None:
    with session_of(tmp_path, on_chain_error="fail", **UNSETTLED) as session:
        chain, hooks = session.services.chain, session.hooks
        assert chain is not None
        ctx = opened_for(session, 2)
        assert ctx.opened is not None
        assert hooks.updates_arriving(ctx, (update(0, ctx.opened),), last=False).sealed is False
        assert list(chain.client.commitments(0, 0)) == [update(0, ctx.opened).node.account]
        too_late(session, ctx, 9)
        assert hooks.updates_arriving(ctx, (), last=False).sealed is False
        hooks.run_finished(RUN, None)


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
    assert audit.grounds.recomputed["rewards"] == members


@pytest.mark.parametrize("mode", ["fail", "queue"])
@pytest.mark.slow
def test_a_window_shorter_than_the_training_fails_the_run_and_names_one_that_fits(
    tmp_path: Path, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys = {"on_chain_error": mode, "terms.commit_blocks": 4}
    with session_of(tmp_path, **keys) as session:
        ctx = opened_for(session, 3)
        assert ctx.opened is not None
        too_late(session, ctx, 9)
        with pytest.raises(RecordIncomplete) as raised:
            finish(session, ctx, tuple(update(number, ctx.opened) for number in range(3)))
    error = raised.value
    assert (error.trained, error.settled, error.waiting) == (1, 0, ())
    assert error.refused == {
        0: dict.fromkeys(range(3), "the chain refused its commitment: WindowClosed")
    }
    assert "node 0, 1, 2: the chain refused its commitment: WindowClosed" in str(error)
    assert "bcfl.terms.commit_blocks to 16 or more" in str(error)
    assert "10 blocks after its opening, and its window has 4" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert caplog.text.count("commit_blocks to 16") == 1, "said in the round in which it happens"
    record, audit = left_by(tmp_path)
    assert [line.outcome for line in record.rounds] == ["aborted"]
    assert record.end is not None
    assert audit.ok, audit.findings


@pytest.mark.slow
def test_a_window_that_ends_before_any_reply_is_named(tmp_path: Path) -> None:
    keys = {"round_log.follow": "seal", "terms.commit_blocks": 6}
    with session_of(tmp_path, **keys) as session:
        hooks = session.hooks
        for _ in range(2):
            ctx = opened_for(session, 2)
            assert not hooks.updates_arriving(ctx, (), last=False).sealed
            too_late(session, ctx, 8)
            assert hooks.updates_arriving(ctx, (), last=True).sealed
            hooks.round_settling(RoundResult(ctx, None, ()))
        with pytest.raises(RecordIncomplete) as raised:
            hooks.run_finished(RUN, None)
    assert {*raised.value.aborted} == {0, 1}
    assert "bcfl.terms.commit_blocks to 12 or more" in str(raised.value)
    assert "window of round 0 ended after 6 blocks, before any reply" in str(raised.value)


@pytest.mark.slow
def test_a_window_that_was_proposed_holds_the_same_training(tmp_path: Path) -> None:
    keys = {"on_chain_error": "fail", "terms.commit_blocks": 16}
    with session_of(tmp_path, **keys) as session:
        ctx = opened_for(session, 3)
        assert ctx.opened is not None
        too_late(session, ctx, 9)
        finish(session, ctx, tuple(update(number, ctx.opened) for number in range(3)))
    record, _ = left_by(tmp_path)
    assert [line.outcome for line in record.rounds] == ["settled"]


@pytest.mark.slow
def test_one_node_without_a_verdict_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with session_of(tmp_path, on_chain_error="fail") as session:
        ctx = opened_for(session, 3)
        assert ctx.opened is not None
        stranger = update(7, ctx.opened)  # it never joined
        finish(session, ctx, (update(0, ctx.opened), update(1, ctx.opened), stranger))
    why = "the chain refused its commitment: NotParticipant"
    assert f"round 0: node 7 has no verdict on chain: {why}" in caplog.text
    record, _ = left_by(tmp_path)
    assert [line.outcome for line in record.rounds] == ["settled"]


@pytest.mark.slow
def test_a_missing_record_may_be_a_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with session_of(tmp_path, **{"round_log.on_missing": "warn"}) as session:
        ctx = opened_for(session, 2)
        assert ctx.opened is not None
        too_late(session, ctx, 7)
        finish(session, ctx, (update(0, ctx.opened), update(1, ctx.opened)))
    assert "1 moved the model and 0 are settled; round 0: aborted" in caplog.text


@pytest.mark.slow
def test_a_session_that_stays_open_owes_each_run_its_own_rounds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with session_of(tmp_path, **{"round_log.on_missing": "warn"}) as session:
        for blocks, start in ((7, 0.0), (1, 0.0), (8, 1.0)):
            ctx = opened_for(session, 2, start)
            assert ctx.opened is not None
            too_late(session, ctx, blocks)
            finish(session, ctx, (update(0, ctx.opened), update(1, ctx.opened)))
    said = "1 moved the model and 0 are settled; round {}: aborted"
    assert [caplog.text.count(said.format(number)) for number in range(3)] == [1, 0, 1]
    record, _ = left_by(tmp_path)
    assert [line.outcome for line in record.rounds] == ["aborted", "settled", "aborted"]


@pytest.mark.slow
def test_a_round_that_moved_nothing_is_no_gap_beside_one_that_is_settled(tmp_path: Path) -> None:
    with session_of(tmp_path, on_chain_error="fail") as session:
        hooks, ctx = session.hooks, opened_for(session, 2)
        hooks.round_settling(RoundResult(ctx, None, ()))
        second = opened_for(session, 2)
        assert second.opened is not None
        finish(session, second, (update(0, second.opened), update(1, second.opened)))
    record, _ = left_by(tmp_path)
    assert [line.outcome for line in record.rounds] == ["aborted", "settled"]


@pytest.mark.slow
def test_a_run_in_which_nothing_was_averaged_fails(tmp_path: Path) -> None:
    with session_of(tmp_path, on_chain_error="fail") as session:
        session.hooks.round_settling(RoundResult(opened_for(session, 2), None, ()))
        with pytest.raises(RecordIncomplete, match="no update of it was averaged") as raised:
            session.hooks.run_finished(RUN, None)
    assert (raised.value.trained, raised.value.settled) == (0, 0)


@pytest.mark.slow
def test_a_run_that_failed_keeps_its_own_error(tmp_path: Path) -> None:
    with session_of(tmp_path, on_chain_error="fail") as session:
        opened_for(session, 2)
        session.hooks.run_finished(RUN, ValueError("the training"))


@pytest.mark.slow
def test_a_run_says_where_it_is_recorded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "flwr.bcfl")
    with session_of(tmp_path / "with space"):
        (run,) = (tmp_path / "with space").iterdir()
        assert f"this run is recorded in {run}" in caplog.text
        assert "bcfl audit" not in caplog.text
    assert f"bcfl audit '{run}'" in caplog.text
