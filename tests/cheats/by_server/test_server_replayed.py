"""A server that lies about how it judged and averaged, to whoever decides its rounds again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.plugins import outliers
from bcfl_plugins.published import keeping
from bcfl_plugins.published.average import WEIGHTED_MEAN
from bcfl_plugins.published.inputs import LiveInputs
from bcfl_plugins.replay.one_round import STATISTICS
from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.rounds import settle
from pallet_bridge.audit.grounds import AVERAGES, VERDICTS
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.reports import decode_any
from pallet_bridge.run.store import STORE
from pallet_bridge.types import Outcome
from scripts.lies.federation import run_federation
from strategies import FedAvg
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.reports import RoundReport

pytestmark = pytest.mark.slow

ROUNDS = 2
VICTIM = 100


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Run a real federation, whatever its server was told to lie about."""

    def make(level: str = "updates", **settings: Any) -> Path:
        return run_federation(tmp_path / "runs", level, rounds=ROUNDS, **settings)

    return make


def both(folder: Path) -> tuple[AuditReport, AuditReport]:
    """Audit a run without and with deciding its rounds again."""
    return audit_run(folder), audit_run(folder, replay=Replayer())


def words(report: AuditReport) -> Mapping[str, int]:
    """Return what is on the word of the coordinator."""
    return next(told for whose, told in report.grounds.words.items() if "coordinator" in whose)


def found(folder: Path) -> list[str]:
    """Return what is wrong, which an audit that takes the server's word does not see."""
    believing, again = both(folder)
    assert believing.findings == ()
    assert words(believing)[VERDICTS] > 0
    assert {one.kind for one in again.findings} == {"replay"}
    return [one.statement for one in again.findings]


def lie_in_reports(
    monkeypatch: pytest.MonkeyPatch, lie: Callable[[RoundReport], RoundReport]
) -> None:
    """Let the server settle what it made up."""
    honest = settle.make_report
    monkeypatch.setattr(settle, "make_report", lambda *told: lie(honest(*told)))


def reports_of(folder: Path) -> list[Any]:
    told = [decode_any(path.read_bytes()) for path in (folder / "reports").iterdir()]
    return sorted(told, key=lambda one: one.round)


@cheat(
    Role.SERVER,
    "Rejects the update of an honest member, and publishes what its rule read of the round.",
    Comes.FOUND,
    "`--replay` decides again, at the levels `decision` and `updates`, and gets another verdict.",
)
@pytest.mark.parametrize("level", ["decision", "updates"])
def test_a_false_verdict_is_found_by_deciding_again(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    def lie(report: RoundReport) -> RoundReport:
        entries = [
            replace(one, outcome=Outcome.REJECTED, reason=6, weight=0, share=0)
            if one.node_id == VICTIM
            else one
            for one in report.entries
        ]
        return replace(report, entries=tuple(entries))

    lie_in_reports(monkeypatch, lie)
    told = found(run(level))
    assert sum("its outcome is 'Rejected' in the report" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Settles a model that is not the average of what it accepted, and publishes the updates.",
    Comes.FOUND,
    "`--replay` averages again, and gets another model.",
)
def test_a_model_of_its_own_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(FedAvg):
        def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
            arrays, metrics = super().aggregate_train(server_round, replies)
            assert arrays is not None
            moved = arrays["w"].numpy().copy()
            moved[0] += 1.0
            arrays["w"] = type(arrays["w"])(moved)
            return arrays, metrics

    monkeypatch.setattr(keeping, "average_of", lambda *_: (WEIGHTED_MEAN, False))
    told = found(run(strategy=Own))
    assert sum("is not the weighted mean of the" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Leaves a member that it says it accepted out of the average, and publishes the updates.",
    Comes.FOUND,
    "`--replay` averages all of them again, and gets another model.",
)
def test_a_member_left_out_of_the_average_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without(FedAvg):
        def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
            every = [one for one in replies if one.metadata.src_node_id != VICTIM]
            return super().aggregate_train(server_round, every)

    monkeypatch.setattr(keeping, "average_of", lambda *_: (WEIGHTED_MEAN, False))
    told = found(run(strategy=Without))
    assert sum("is not the weighted mean of the" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Judges by another hyper-parameter than its report pins.",
    Comes.FOUND,
    "`--replay` decides by those that are pinned, and gets other shares.",
)
@pytest.mark.parametrize("level", ["decision", "updates"])
def test_another_hyper_parameter_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    honest = outliers.pinned
    monkeypatch.setattr(
        outliers, "pinned", lambda *told, **more: {**honest(*told, **more), "shares": '"examples"'}
    )
    told = found(run(level, **{"outliers.shares": "rule"}))
    assert any("its share is" in one for one in told)


@cheat(
    Role.SERVER,
    "Lets its rule forget what nodes did, so that the past of one does not count.",
    Comes.FOUND,
    "What a rule remembers before a round is what it remembered after the one before.",
)
@pytest.mark.parametrize("level", ["decision", "updates"])
def test_a_memory_that_is_changed_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    honest = outliers.Outliers._decided

    def forgetful(self: Any, inputs: LiveInputs) -> Any:
        self._judge.forget()
        self._kept = None
        return honest(self, inputs)

    monkeypatch.setattr(outliers.Outliers, "_decided", forgetful)
    told = found(run(level))
    assert told == [
        "round 1: outliers does not begin with what it remembered after round 0",
    ]


def doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server judge something else than what the victim sent."""

    def doctored(ctx: Any, updates: Any, validation: Any) -> LiveInputs:
        made = tuple(
            replace(one, arrays={**one.arrays, "w": -9 * np.ones_like(one.arrays["w"])})
            if one.node.node_id == VICTIM
            else one
            for one in updates
        )
        return LiveInputs(ctx, made, validation)

    monkeypatch.setattr(outliers, "LiveInputs", doctored)


@cheat(
    Role.SERVER,
    "Judges something else than what a member sent, and publishes statistics of that.",
    Comes.WORD,
    "The coordinator's at the level `decision`: verdicts are recomputed from statistics, which are "
    "counted as its word.",
)
def test_statistics_of_something_else_are_its_word(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor(monkeypatch)
    folder = run("decision", method="multikrum")
    _, again = both(folder)
    assert again.findings == ()
    assert words(again)[STATISTICS] == ROUNDS
    verdicts = {one.node_id: one.outcome for one in reports_of(folder)[-1].entries}
    assert verdicts[VICTIM] is not Outcome.ACCEPTED


@cheat(
    Role.SERVER,
    "The same, where it publishes the updates.",
    Comes.FOUND,
    "The updates are those that the members committed to, and `--replay` takes the statistics of "
    "them again.",
)
def test_statistics_of_something_else_are_found_beside_the_updates(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor(monkeypatch)
    told = found(run("updates", method="multikrum"))
    assert sum("what it read of the updates comes to" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Withholds something that its report names.",
    Comes.FOUND,
    "It is missing in the store.",
)
def test_what_is_withheld_is_missed(run: Callable[..., Path]) -> None:
    folder = run()
    base = reports_of(folder)[1].base_model.hex()
    (folder / STORE / base[:2] / base).unlink()
    told = found(folder)
    assert any(f"{base} is not in the store" in one for one in told)


@cheat(
    Role.SERVER,
    "Publishes nothing to decide its rounds again from.",
    Comes.WORD,
    "The coordinator's: the audit says for which rounds, and why.",
)
def test_what_is_not_published_is_its_word(run: Callable[..., Path]) -> None:
    folder = run()
    shutil.rmtree(folder / STORE)
    believing, again = both(folder)
    assert again.findings == ()
    assert again.notes == ("nothing can be decided again: there is no store/",)
    assert words(again) == words(believing)


@cheat(
    Role.SERVER,
    "Says that its model comes of a server step which nobody else knows.",
    Comes.WORD,
    "The coordinator's: the audit says of which rounds it cannot compute the model.",
)
def test_a_server_step_of_its_own_is_its_word(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "average_of", lambda *_: ("", False))
    folder = run()
    _, again = both(folder)
    assert again.findings == ()
    assert words(again)[AVERAGES] == ROUNDS
    (note,) = again.notes
    assert note.startswith("rounds 0 to 1: the server step of the strategy is not one that can be")
    assert read_run(folder).end is not None
