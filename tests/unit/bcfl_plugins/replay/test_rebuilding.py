"""A third party's rule is decided again like ours, by whoever hands it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.plugins.outliers import Outliers, OutliersSettings, judge_of, pinned
from bcfl_plugins.published.inputs import KeptInputs
from bcfl_plugins.published.keeping import EvidenceKeeper
from bcfl_plugins.published.stops import CannotReplay, DoesNotHold
from bcfl_plugins.replay import rebuilding
from bcfl_plugins.replay.rebuilding import rebuilt
from bcfl_plugins.session.load import plugin_factory
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo, Verdict
from pallet_bridge.run.content import read_value, value_bytes
from pallet_bridge.run.judgements import Judgement, Level
from pallet_bridge.run.store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.defenses.core.batch import Batch

SETTINGS = OutliersSettings()


@dataclass(frozen=True, slots=True)
class Shortest(Rule):
    """Keep the shorter half, and count the rounds."""

    name: ClassVar[str] = "shortest"
    paper: ClassVar[str] = "own"
    tags: ClassVar[RuleTags] = RuleTags(selects=True)

    part: float = 0.5

    def max_byzantine(self, n: int) -> int:
        return (n - 1) // 2

    def decide(self, batch: Batch) -> Aggregate:
        kept = np.argsort(np.argsort(batch.squares)) < self.part * batch.m
        state = (batch.extras.state or 0) + 1
        return batch.weighted(kept / kept.sum(), batch.squares, kept=kept, state=state)


@dataclass(frozen=True, slots=True)
class Secretive(Shortest):
    """The same, with a memory that cannot be written down."""

    name: ClassVar[str] = "secretive"

    def decide(self, batch: Batch) -> Aggregate:
        return replace(Shortest.decide(self, replace(batch)), state=object())


def judged(rule: Rule, folder: Path, level: Level = Level.DECISION) -> tuple[Verdict, FolderStore]:
    """Judge one round, and keep what the level asks for."""
    store = FolderStore(folder)
    how = Judgement("outliers", rule.name, rule.version, pinned(SETTINGS, rule, is_measured=False))
    keeper = EvidenceKeeper(level, store)
    plugin = Outliers(judge_of(SETTINGS, rule, None), None, keeper, how)
    updates = tuple(
        ClientUpdate(NodeRef(NodeId(number)), {"w": np.full(4, 1.0 + number)}, 10)
        for number in range(6)
    )
    ctx = RoundContext(RunInfo(1, 1), 1, None, {"w": np.zeros(4)})
    return plugin.bcfl_judge_updates(ctx, updates), store


def test_a_rule_of_somebody_else_is_decided_again(tmp_path: Path) -> None:
    verdict, store = judged(Shortest(part=0.6), tmp_path)
    told = verdict.judgement
    assert told is not None
    assert told.inputs is not None
    assert told.before is not None
    assert (told.rule, told.settings["part"], told.gap) == ("shortest", "0.6", "")
    made = rebuilt(told, {"shortest": Shortest})
    made.judge.recall(read_value(store.get(told.before), lambda _: False))
    again = made.judge.decide(KeptInputs.read(read_value(store.get(told.inputs), lambda _: False)))
    assert again == replace(verdict, judgement=None)
    assert store.put(value_bytes(made.judge.kept())) == told.after
    assert len(again.rejections) == 2


def test_without_its_class_nobody_can(tmp_path: Path) -> None:
    verdict, _ = judged(Shortest(), tmp_path)
    assert verdict.judgement is not None
    with pytest.raises(CannotReplay, match="the rule shortest is not known here"):
        rebuilt(verdict.judgement, {})


def test_a_memory_that_cannot_be_written_costs_the_evidence_and_not_the_run(
    tmp_path: Path,
) -> None:
    verdict, _ = judged(Secretive(), tmp_path)
    assert verdict.judgement is not None
    assert verdict.judgement.gap.startswith("it cannot be kept: a builtins.object")
    assert (verdict.judgement.before, verdict.judgement.inputs) == (None, None)
    assert len(verdict.rejections) == 3


@pytest.mark.parametrize(
    ("changes", "stop", "told"),
    [
        ({"plugin": "unheard_of"}, CannotReplay, "unheard_of is not installed"),
        ({"plugin": "staking"}, CannotReplay, "staking does not decide again"),
        ({"version": 2}, CannotReplay, "was of version 2, here is 1"),
        ({"settings": {}}, None, ""),
        ({"settings": {"decay": "7"}}, DoesNotHold, "settings of cluster_guard are none"),
        ({"settings": {"decay": "{"}}, DoesNotHold, "settings of cluster_guard are none"),
        ({"settings": {"unheard_of": "1"}}, DoesNotHold, "settings of cluster_guard are none"),
    ],
)
def test_what_is_not_known_is_told_apart_from_what_is_wrong(
    changes: dict[str, object], stop: type[Exception] | None, told: str
) -> None:
    judgement = replace(Judgement("outliers", "cluster_guard", 1), **changes)
    if stop is None:
        assert not rebuilt(judgement, {}).is_measuring
        return
    with pytest.raises(stop, match=told):
        rebuilt(judgement, {})


def test_what_is_pinned_makes_the_same_rule() -> None:
    rule = create_rule("cluster_guard", decay=0.5, room=2.0, memory=7)
    told = Judgement("outliers", rule.name, 1, pinned(SETTINGS, rule, is_measured=True))
    made = rebuilt(told, {})
    assert made.is_measuring
    assert repr(rule) == repr(made.judge._inner._rule)


def test_a_plugin_is_looked_up_once_for_all_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look-up reads the metadata of every installed package."""
    looked_up: list[str] = []

    def counted(name: str) -> Any:
        looked_up.append(name)
        return plugin_factory(name)

    monkeypatch.setattr(rebuilding, "plugin_factory", counted)
    rebuilding._found.cache_clear()
    made = [rebuilt(Judgement("outliers", "cluster_guard", 1), {}) for _ in range(3)]
    assert looked_up == ["outliers"]
    assert len({id(one.judge) for one in made}) == 3  # a judge remembers: none is shared
