"""All built-in plugins in one run on the embedded chain, and the same run without each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    NodeId,
    NodeRef,
    OpenedRound,
    RoundContext,
    RoundResult,
    RunInfo,
    Session,
    open_session,
)
from bcfl_plugins.hooks.merge import merge_verdicts
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT
from tests.slow import slow_but
from tests.unit.bcfl_plugins.plugins.one_round import STAKE, node, signed

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.journal import RunRecord

ALL = ("staking", "outliers", "round_log", "slashing")
NODES = 6
ATTACKER = NodeId(5)
ROUNDS = 3
REWARD = 12 * UNIT
TENURE = 3
"""Accepted rounds until a node gets its whole share: as many as are played here."""


def sent_by(
    ref: NodeRef, server_round: int, opened: OpenedRound | None, model: np.ndarray
) -> ClientUpdate:
    """A node's reply; the attacker flips the sign of what it learned."""
    rng = np.random.default_rng([server_round, ref.node_id])
    delta = np.ones(40) + 0.5 * rng.normal(size=40)
    arrays = {"w": model + (-delta if ref.node_id == ATTACKER else delta)}
    commitment = None if opened is None else signed(ref, arrays, opened)
    return ClientUpdate(ref, arrays, 10, commitment=commitment)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run left behind; `None` where there was no chain."""

    averaged: tuple[frozenset[int], ...]
    left_out: tuple[frozenset[int], ...]
    rounds_on_chain: int | None
    stakes: tuple[int | None, ...]
    issuance_drop: int
    record: RunRecord | None
    audit: AuditReport | None


def run_rounds(
    plugins: tuple[str, ...], folder: Path, mode: str = "fail", settle: str = "auto"
) -> Outcome:
    """Drive the hooks as the strategies do."""
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": ", ".join(plugins),
            "bcfl.chain": "embedded",
            "bcfl.run_dir": str(folder),
            "bcfl.on_chain_error": mode,
            "bcfl.round_log.settle": settle,
            **({"bcfl.outliers.evidence": "streak"} if "outliers" in plugins else {}),
            "bcfl.round_log.on_missing": "fail" if "staking" in plugins else "warn",
            "bcfl.terms": {
                "min_stake": STAKE,
                "round_reward": REWARD,
                "tenure_rounds": TENURE,
                "commit_blocks": 2,
                "dispute_blocks": 100,
                "unbonding_blocks": 300,
                "notice_blocks": 300,
                "strikes_to_slash": ROUNDS,
                "outlier_base": "20 %",
            },
        }
    )
    refs = tuple(node(number) for number in range(NODES))
    run = RunInfo(7, ROUNDS)
    averaged, left_out = [], []
    with open_session(config, run_id=7) as session:
        chain = session.services.chain
        assert chain is not None
        before = chain.client.issuance()
        fees = _fees(session)
        hooks = session.hooks
        hooks.run_started(run)
        reference = {"w": np.zeros(40)}
        for server_round in range(1, ROUNDS + 1):
            out = hooks.eligible_nodes(run, server_round, refs)
            opened = hooks.round_opening(run, server_round, reference)
            ctx = RoundContext(run, server_round, opened, reference)
            there = [ref for ref in refs if ref.node_id not in out]
            updates = tuple(sent_by(r, server_round, opened, reference["w"]) for r in there)
            hooks.updates_received(ctx, updates)
            verdicts = hooks.judge_updates(ctx, updates)
            judged = merge_verdicts(updates, verdicts)
            notes = {verdict.plugin: verdict.note for verdict in verdicts}
            model = {"w": np.mean([u.arrays["w"] for u in updates], axis=0)} if updates else None
            result = RoundResult(ctx, model, judged, notes=notes)
            hooks.round_settling(result)
            hooks.round_evaluated(result, {})
            reference = model or reference  # the chain holds the next round to it
            averaged.append(frozenset(int(j.node.node_id) for j in judged if j.accepted))
            left_out.append(frozenset(int(n) for n in out))
        hooks.run_finished(run, None)
        members = chain.client.participants(chain.federation)
        stakes = tuple(members[r.account].active if r.account in members else None for r in refs)
        rounds = chain.client.federation(chain.federation).next_round
        drop = before - chain.client.issuance() - (_fees(session) - fees)
        run_dir = chain.run_dir
    return Outcome(
        tuple(averaged),
        tuple(left_out),
        rounds,
        stakes,
        drop,
        read_run(run_dir),
        audit_run(run_dir),
    )


def _fees(session: Session) -> int:
    """All fees that were burned so far."""
    chain = session.services.chain
    assert chain is not None
    total = 0
    for number in range(1, chain.client.head().number + 1):
        block = chain.client.block_at(number)
        assert block is not None
        for event in chain.client.events(block.hash):
            if event.name == "TransactionFeePaid":
                total += event.integer("actual_fee")
    return total


EVERYBODY = frozenset(range(NODES))
HONEST = EVERYBODY - {int(ATTACKER)}


@pytest.mark.parametrize("mode", slow_but({"queue"}, ["fail", "queue"]))
@pytest.mark.slow
def test_an_attacker_loses_stake_and_the_others_are_paid(tmp_path: Path, mode: str) -> None:
    out = run_rounds(ALL, tmp_path, mode)
    assert out.averaged == (HONEST,) * ROUNDS
    assert out.left_out == (frozenset(),) * ROUNDS
    assert out.stakes == (STAKE,) * 5 + (STAKE * 8 // 10,)
    assert out.issuance_drop == STAKE * 2 // 10, "slashed stake is burned"
    assert out.record is not None
    assert [line.outcome for line in out.record.rounds] == ["settled"] * ROUNDS
    for number, line in enumerate(out.record.rounds, 1):
        share = REWARD // 5 * number // TENURE
        assert line.rewards == {node(one).account: share for one in HONEST}
        assert [*line.strikes] == [node(int(ATTACKER)).account]
    (slash,) = out.record.slashes
    assert (slash.account, slash.amount) == (node(int(ATTACKER)).account, STAKE * 2 // 10)
    assert out.audit is not None
    assert out.audit.ok, out.audit.findings


@pytest.mark.slow
def test_a_root_pays_strikes_and_slashes_as_a_list_does(tmp_path: Path) -> None:
    out = run_rounds(ALL, tmp_path, "queue", settle="root")
    assert out.stakes == (STAKE,) * 5 + (STAKE * 8 // 10,)
    assert out.record is not None
    assert [(line.outcome, line.rewards, line.strikes) for line in out.record.rounds] == [
        ("settled", {}, {})
    ] * ROUNDS, "a root pays and strikes nobody by itself"
    (slash,) = out.record.slashes
    assert (slash.account, slash.amount) == (node(int(ATTACKER)).account, STAKE * 2 // 10)
    assert out.audit is not None
    assert out.audit.ok, out.audit.findings
    counted = out.audit.grounds.recomputed
    assert (counted["rewards"], counted["strikes"]) == (5 * ROUNDS, ROUNDS)


@pytest.mark.slow
def test_without_outliers_everybody_is_averaged_and_paid(tmp_path: Path) -> None:
    out = run_rounds(("staking", "round_log", "slashing"), tmp_path)
    assert out.averaged == (EVERYBODY,) * ROUNDS
    assert out.stakes == (STAKE,) * NODES
    assert out.record is not None
    assert all(len(line.rewards) == NODES for line in out.record.rounds)
    assert out.audit is not None
    assert out.audit.ok, out.audit.findings


@pytest.mark.slow
def test_without_slashing_offences_stay_on_chain(tmp_path: Path) -> None:
    out = run_rounds(("staking", "outliers", "round_log"), tmp_path)
    assert out.averaged == (HONEST,) * ROUNDS
    assert out.stakes == (STAKE,) * NODES
    assert out.record is not None
    assert (len(out.record.rounds), out.record.slashes) == (ROUNDS, ())
    assert out.audit is not None
    assert out.audit.ok, out.audit.findings


@pytest.mark.slow
def test_without_round_log_nothing_is_on_chain(tmp_path: Path) -> None:
    out = run_rounds(("staking", "outliers", "slashing"), tmp_path)
    assert out.averaged == (HONEST,) * ROUNDS
    assert (out.rounds_on_chain, out.stakes) == (0, (STAKE,) * NODES)
    assert out.record is not None
    assert out.record.rounds == ()


@pytest.mark.slow
def test_without_staking_nobody_has_stake_and_nobody_is_left_out(tmp_path: Path) -> None:
    out = run_rounds(("outliers", "round_log", "slashing"), tmp_path)
    assert out.left_out == (frozenset(),) * ROUNDS
    assert out.averaged == (HONEST,) * ROUNDS
    assert out.stakes == (None,) * NODES
    assert out.record is not None
    assert [line.outcome for line in out.record.rounds] == ["aborted"] * ROUNDS
    assert out.audit is not None
    assert out.audit.ok, out.audit.findings
