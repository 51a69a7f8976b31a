"""Rounds whose updates are masked in groups: sums are exact, poison costs a group its round."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.plugins.secure_aggregation import SecureAggregation
from bcfl_plugins.published.grouped import RULE, GroupRecord
from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.sizes import MaskScale, bits_for
from pallet_bridge.audit.grounds import DRAWN
from pallet_bridge.audit.run import audit_run
from pallet_bridge.encoding import blake2_256
from pallet_bridge.run.content import read_value
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.types import Outcome
from strategies.messages.masks import KEYS, SHARES, SKETCH, UNMASK
from strategies.testing import FIRST_NODE_ID
from strategies.unprotected import NothingTrained
from tests.e2e.masked.federation import GROUPED, SUMMED, federate
from tests.e2e.masked.test_rounds import outcomes, reports, silent

if TYPE_CHECKING:
    from pathlib import Path

    from flwr.app import Message

    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId, RoundKey
    from tests.e2e.masked.federation import Trained

NODES, ATTACKER, ROUNDS = 9, 4, 18


def record_of(run: Trained, report: RoundReport) -> GroupRecord:
    """Return what the round's groups follow from."""
    assert report.evidence is not None
    (told,) = [one for one in report.evidence.judgements if one.rule == RULE]
    assert told.inputs is not None
    data = FolderStore(run.folder / STORE).get(told.inputs)
    return GroupRecord.read(read_value(data, lambda _: False))


def groups_of(run: Trained, report: RoundReport) -> list[set[int]]:
    """Return the numbers of the nodes of each group that was unmasked."""
    numbers = {entry.account: entry.node_id - FIRST_NODE_ID for entry in report.entries}
    return [{numbers[who] for who in one.members} for one in record_of(run, report).groups]


def counted(report: RoundReport) -> list[int]:
    return sorted(n for n, one in outcomes(report).items() if one is Outcome.ACCEPTED)


class Chosen(Grouping):
    """What a server makes of a drawing that chooses itself who is with whom."""

    def groups(self, place: RoundKey) -> tuple[tuple[AccountId, ...], ...]:
        del place
        return tuple(self.accounts[at : at + 3] for at in range(0, len(self.accounts), 3))


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return federate(
        tmp_path_factory.mktemp("poisoned"),
        rounds=ROUNDS,
        nodes=NODES,
        attackers=frozenset({ATTACKER}),
        size=-10.0,
        **GROUPED,
        **{"outliers.evidence": "difference", "outliers.members": NODES},
    )


def test_the_model_is_the_exact_mean_of_what_nodes_trained(tmp_path: Path) -> None:
    run = federate(tmp_path, rounds=2, nodes=10, **GROUPED)
    scale = MaskScale(1.0, bits_for(10, 1.0))
    assert run.sum_is_of(1, range(10), roster=10)
    assert run.sum_is_of(2, range(10), roster=10)
    for number, report in enumerate(reports(run)):
        groups = groups_of(run, report)
        assert sorted(map(len, groups)) == [3, 3, 4]
        record = record_of(run, report)
        assert record.bits == scale.bits
        for one, members in zip(record.groups, groups, strict=True):
            total = np.zeros_like(run.updates[number][0])
            for node in members:
                total += run.updates[number][node]
            assert one.digest == blake2_256(total.astype("<u4").tobytes())
    first, second = (groups_of(run, report) for report in reports(run))
    assert {*map(frozenset, first)} != {*map(frozenset, second)}, "groups are drawn anew"
    report = audit_run(run.folder, replay=Replayer())
    assert report.ok, report.findings
    assert not report.notes, "all of it is decided again"
    assert report.grounds.recomputed[DRAWN] == 6


def test_a_group_with_poison_is_not_counted_and_costs_no_strike(poisoned: Trained) -> None:
    for number, report in enumerate(reports(poisoned)):
        (out,) = [group for group in groups_of(poisoned, report) if ATTACKER in group]
        kept = counted(report)
        assert {*range(NODES)} - {*kept} == out
        assert poisoned.sum_is_of(number + 1, kept, roster=NODES)
        found = outcomes(report)
        assert all(found[node] is Outcome.EXCLUDED for node in out - {ATTACKER})


def test_who_is_in_each_rejected_group_gets_a_strike_and_nobody_else(poisoned: Trained) -> None:
    struck = Counter(
        node
        for report in reports(poisoned)
        for node, one in outcomes(report).items()
        if one is Outcome.REJECTED
    )
    assert struck == {ATTACKER: 1}
    assert outcomes(reports(poisoned)[16])[ATTACKER] is Outcome.REJECTED
    audited = audit_run(poisoned.folder, replay=Replayer())
    assert audited.ok, audited.findings
    assert not audited.notes


def test_without_leave_to_strike_for_difference_nobody_is_struck(tmp_path: Path) -> None:
    run = federate(tmp_path, rounds=2, nodes=9, attackers=frozenset({0}), size=-10.0, **GROUPED)
    for report in reports(run):
        assert Counter(outcomes(report).values()) == {Outcome.ACCEPTED: 6, Outcome.EXCLUDED: 3}


@pytest.mark.parametrize("method", ["multikrum", "krum", "signguard"])
def test_other_rules_judge_means_too(tmp_path: Path, method: str) -> None:
    """The last one reads single parameters, which no sketch has."""
    run = federate(
        tmp_path,
        nodes=15,
        attackers=frozenset({3}),
        size=-10.0,
        **GROUPED,
        **{"outliers.method": method},
    )
    (report,) = reports(run)
    assert 3 not in counted(report)
    assert run.sum_is_of(1, counted(report), roster=15)


@pytest.mark.parametrize("kind", [KEYS, SHARES, "train", UNMASK])
def test_who_drops_out_of_a_group_of_three_costs_the_group_its_round(
    tmp_path: Path, kind: str
) -> None:
    """Two thirds of the two others and one are both of them: the sum of such a group is of all."""
    run = federate(tmp_path, nodes=12, fail=silent(2, kind), **GROUPED)
    (report,) = reports(run)
    kept = counted(report)
    assert run.sum_is_of(1, kept, roster=11 if kind == KEYS else 12)
    assert len(kept) == 9
    assert 2 not in kept
    assert not any(one is Outcome.REJECTED for one in outcomes(report).values())


@pytest.mark.parametrize("kind", [SHARES, "train", UNMASK])
def test_a_group_of_five_stands_one_that_drops_out(tmp_path: Path, kind: str) -> None:
    run = federate(tmp_path, nodes=15, fail=silent(2, kind), **{**GROUPED, "secure.group": 5})
    (report,) = reports(run)
    left = [node for node in range(15) if node != 2 or kind == UNMASK]
    assert counted(report) == left
    assert run.sum_is_of(1, left, roster=15)


def test_nobody_sketches(tmp_path: Path) -> None:
    asked: list[str] = []

    def fail(message: Message) -> str | None:
        asked.append(message.metadata.message_type)
        return None

    federate(tmp_path, nodes=9, fail=fail, **GROUPED)
    assert SKETCH not in asked
    assert asked.count(UNMASK) == 9


def test_fewer_than_three_groups_are_not_trained(tmp_path: Path) -> None:
    warned = {"round_log.on_missing": "warn"}
    with pytest.raises(NothingTrained, match="2 groups of 3 or more have all the nodes"):
        federate(tmp_path, nodes=8, **GROUPED, **warned)


def test_a_server_that_chooses_the_groups_gets_no_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It puts other members together than the drawing does."""
    told = SecureAggregation.grouping

    def choosing(self: SecureAggregation, place: RoundKey) -> Chosen:
        true = told(self, place)
        return Chosen(true.block, true.number, true.size, true.accounts)

    monkeypatch.setattr(SecureAggregation, "grouping", choosing)
    with pytest.raises(NothingTrained):
        federate(tmp_path, nodes=9, **GROUPED, **{"round_log.on_missing": "warn"})
    assert "was not drawn into this node's group" in caplog.text


def test_an_audit_finds_groups_that_were_not_drawn(poisoned: Trained) -> None:
    """By the report's own words: another block, and who was drawn elsewhere is named."""
    (report, *_) = reports(poisoned)
    true = record_of(poisoned, report)
    assert not [*true.problems(report.key)]
    other = replace(true, grouping=replace(true.grouping, block=bytes(32)))
    problems = [text for _, text in other.problems(report.key)]
    assert any("into which it was not drawn" in text for text in problems)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"plugins": SUMMED}, "nobody judges by the means of groups"),
        ({"outliers.evidence": "streak"}, "most members may be honest"),
        ({"outliers.shares": "examples"}, 'bcfl.outliers.shares = "off"'),
        ({"outliers.clip": 2.0}, "bcfl.outliers.clip"),
        ({"secure.group": 2}, "must be"),
        ({"secure.threshold": 3}, "has 2 other nodes"),
    ],
)
def test_what_cannot_act_on_groups_is_refused(
    tmp_path: Path, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        federate(tmp_path, **{**GROUPED, **settings})  # type: ignore[arg-type]
