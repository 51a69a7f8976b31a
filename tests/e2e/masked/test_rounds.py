"""Rounds whose updates are masked: the sum is exact, poison is rejected, the audit holds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.errors import ConfigError, RecordIncomplete
from bcfl_plugins.replay.run import Replayer
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import REPORTS
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import Outcome
from strategies import FedAdam, FedAvgM, FedMedian, QFedAvg
from strategies.messages.masks import KEYS, SHARES, SKETCH, UNMASK
from strategies.testing import DROP, FIRST_NODE_ID
from strategies.unprotected import NothingTrained
from tests.e2e.masked.federation import SUMMED, federate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flwr.app import Message

    from pallet_bridge.run.reports import RoundReport
    from tests.e2e.masked.federation import Trained

BY_SUM = {"plugins": SUMMED, "secure.mode": "sum"}


def silent(node: int, kind: str, server_round: int = 1) -> Callable[[Message], str | None]:
    """Lose the messages of one kind to one node, from a time on: a round has one of each."""
    asked: list[int] = []

    def fail(message: Message) -> str | None:
        if message.metadata.message_type != kind:
            return None
        if message.metadata.dst_node_id != FIRST_NODE_ID + node:
            return None
        asked.append(1)
        if len(asked) < server_round:
            return None
        return "it was killed" if kind == "train" else DROP  # a lost training is waited for

    return fail


def reports(run: Trained) -> list[RoundReport]:
    store = ReportStore(run.folder / REPORTS)
    return [store.get(line.report) for line in run.record.rounds if line.report is not None]


def outcomes(report: RoundReport) -> dict[int, Outcome]:
    return {entry.node_id - FIRST_NODE_ID: entry.outcome for entry in report.entries}


def test_the_model_is_the_exact_mean_of_what_nodes_trained(tmp_path: Path) -> None:
    run = federate(tmp_path, rounds=2)
    assert run.sum_is_of(1, range(6), roster=6)
    assert run.sum_is_of(2, range(6), roster=6)
    assert not run.sum_is_of(2, range(5), roster=6)
    report = audit_run(run.folder)
    assert report.ok, report.findings


def test_poison_is_rejected_by_sketches_and_is_not_in_the_sum(tmp_path: Path) -> None:
    run = federate(tmp_path, rounds=2, nodes=10, attackers=frozenset({0, 1}))
    assert run.sum_is_of(1, range(2, 10), roster=10)
    assert run.sum_is_of(2, range(2, 10), roster=10)
    for report in reports(run):
        found = outcomes(report)
        assert {node for node, one in found.items() if one is not Outcome.ACCEPTED} == {0, 1}
    audited = audit_run(run.folder, replay=Replayer())
    assert audited.ok, audited.findings
    (note,) = audited.notes
    assert "secure_aggregation: its rejections follow from what nodes signed" in note


def test_flowers_own_client_app_answers_with_what_the_page_registers(tmp_path: Path) -> None:
    run = federate(tmp_path, is_flowers_own=True)
    assert run.sum_is_of(1, range(6), roster=6)


def test_a_sum_without_sketches_judges_nobody(tmp_path: Path) -> None:
    run = federate(tmp_path, nodes=5, attackers=frozenset({0}), **BY_SUM)
    assert run.sum_is_of(1, range(5), roster=5)
    (report,) = reports(run)
    assert set(outcomes(report).values()) == {Outcome.ACCEPTED}


@pytest.mark.parametrize("strategy", [FedAdam, FedAvgM])
def test_a_step_of_the_server_works_on_the_mean(tmp_path: Path, strategy: type[FedAvgM]) -> None:
    run = federate(tmp_path, strategy=strategy, **BY_SUM)
    assert np.isfinite(run.models[1]["w"]).all()
    assert run.models[1]["w"].any()


@pytest.mark.parametrize("kind", [KEYS, SHARES, "train", SKETCH])
def test_who_drops_out_before_the_unmasking_is_not_in_the_sum(tmp_path: Path, kind: str) -> None:
    run = federate(tmp_path, fail=silent(2, kind))
    assert run.sum_is_of(1, [0, 1, 3, 4, 5], roster=5 if kind == KEYS else 6)


def test_who_drops_out_while_unmasking_is_in_the_sum_all_the_same(tmp_path: Path) -> None:
    run = federate(tmp_path, fail=silent(2, UNMASK))
    assert run.sum_is_of(1, range(6), roster=6)


@pytest.mark.parametrize("kind", [KEYS, SHARES, "train", UNMASK])
def test_a_sum_without_sketches_stands_the_same_drops(tmp_path: Path, kind: str) -> None:
    left = range(6) if kind == UNMASK else [0, 1, 3, 4, 5]
    run = federate(tmp_path, fail=silent(2, kind), **BY_SUM)
    assert run.sum_is_of(1, left, roster=5 if kind == KEYS else 6)


def test_a_node_that_was_away_takes_part_in_the_next_round(tmp_path: Path) -> None:
    asked: list[str] = []

    def fail(message: Message) -> str | None:
        first = message.metadata.message_type == SHARES and SHARES not in asked
        if message.metadata.dst_node_id == FIRST_NODE_ID + 2 and first:
            asked.append(SHARES)
            return DROP
        return None

    run = federate(tmp_path, rounds=2, fail=fail)
    assert run.sum_is_of(1, [0, 1, 3, 4, 5], roster=6)
    assert run.sum_is_of(2, range(6), roster=6)


def test_a_round_that_cannot_be_unmasked_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    """One drops out before it sends, another before it unmasks: their pair's mask stays."""
    lost = silent(2, "train"), silent(3, UNMASK)

    def fail(message: Message) -> str | None:
        return lost[0](message) or lost[1](message)

    with pytest.raises(RecordIncomplete, match=r"3 of 4 shares of .* came back"):
        federate(tmp_path, fail=fail)


def test_too_few_nodes_are_not_asked_to_train(tmp_path: Path) -> None:
    def fail(message: Message) -> str | None:
        away = message.metadata.dst_node_id < FIRST_NODE_ID + 3
        return DROP if message.metadata.message_type == SHARES and away else None

    warned = {"round_log.on_missing": "warn"}
    with pytest.raises(NothingTrained, match="3 of 6 nodes dealt shares, and 5 must"):
        federate(tmp_path, fail=fail, **warned)
    with pytest.raises(NothingTrained, match="2 nodes take part, and 3 are needed"):
        federate(tmp_path, nodes=2, **BY_SUM, **warned)


def test_too_few_accepted_are_not_unmasked(tmp_path: Path) -> None:
    with pytest.raises(RecordIncomplete, match="nodes unmask a sum of 5 at least"):
        federate(tmp_path, attackers=frozenset({0, 1}), size=-30.0)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"outliers.shares": "examples"}, 'bcfl.outliers.shares = "off"'),
        ({"outliers.clip": 2.0}, "bcfl.outliers.clip"),
        ({"outliers.method": "trimmed_mean"}, "rejects nobody|reads single parameters"),
        ({"evidence.publish": "updates"}, "bcfl.evidence.publish"),
        ({"rewards.method": "cosine"}, "bcfl.rewards.method"),
        ({"secure.mode": "sum"}, "take outliers out"),
        ({"secure.mode": "two_servers"}, "the http:// or https:// URL of the second server"),
        ({"secure.width": 1000}, "no power of two"),
        ({"secure.width": 4096}, "tells too much of 4000 parameters"),
        ({"plugins": "secure_aggregation, round_log"}, "nobody judges by the sketches"),
        ({"plugins": "secure_aggregation, outliers"}, "put round_log into"),
        ({"plugins": "outliers, round_log"}, "updates go unmasked"),
        ({"strategy": FedMedian}, "FedMedian looks at each update"),
        ({"strategy": partial(QFedAvg, client_learning_rate=0.1)}, "QFedAvg looks at each"),
    ],
)
def test_what_cannot_act_on_masked_updates_is_refused(
    tmp_path: Path, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        federate(tmp_path, **settings)  # type: ignore[arg-type]
