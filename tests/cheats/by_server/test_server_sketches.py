"""A server that lies at the level of evidence `sketch`, to whoever has only what nodes signed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.plugins import outliers
from bcfl_plugins.published.sketches import RoundSketches
from bcfl_plugins.replay.bearing import STATISTICS_WITHIN
from bcfl_plugins.replay.one_round import STATISTICS
from bcfl_plugins.replay.run import Replayer
from bcfl_plugins.replay.sketched import SUMS
from bcfl_plugins.secure.sketches import Sketching, SketchSize
from bcfl_plugins.session.open import Session
from pallet_bridge.audit.grounds import AVERAGES, VERDICTS
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.reports import decode_any
from pallet_bridge.types import Outcome
from scripts.lies.federation import run_federation
from strategies import FedAvg
from strategies.client import mod, sketching
from strategies.messages.sketches import EVIDENCE, SKETCH_ASKED
from strategies.server.sketched import phases
from strategies.server.sketched.phases import SketchedRound
from tests.cheats.by_server.test_server_replayed import doctor, lie_in_reports, words
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bcfl_plugins.secure.signed_sketches import SketchedUpdate
    from bcfl_plugins.secure.statements import Sealed
    from pallet_bridge.audit.run import AuditReport
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import RoundKey

    Signed = tuple[SketchedUpdate, ...]

pytestmark = pytest.mark.slow

ROUNDS = 2
VICTIM = 100
NARROW = {"evidence.tables": 1, "evidence.width": 32}  # there are lies that one seed does not see


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Run a real federation at the level `sketch`, whatever its server was told to lie about."""

    def make(**settings: Any) -> Path:
        return run_federation(tmp_path / "runs", "sketch", rounds=ROUNDS, **settings)

    return make


def replayed(folder: Path) -> AuditReport:
    return audit_run(folder, replay=Replayer())


def found(folder: Path) -> list[str]:
    """Return what is wrong, which an audit that takes the server's word does not see."""
    assert audit_run(folder).findings == ()
    again = replayed(folder)
    assert {one.kind for one in again.findings} == {"replay"}
    return [one.statement for one in again.findings]


def say_that_it_is_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server say so, whatever the sketches show it."""
    monkeypatch.setattr(SketchedRound, "_is_sum", lambda *_: True)


def publish(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Signed, Signed], tuple[Signed, Signed]]
) -> None:
    """Let the server publish other sketches than it got."""
    honest = RoundSketches.plain

    def plain(self: RoundSketches) -> dict[str, object]:
        first, second = change(self.sealed, self.averaged)
        return honest(replace(self, sealed=first, averaged=second))

    monkeypatch.setattr(RoundSketches, "plain", plain)


class Own(FedAvg):
    """Moves one weight of the average."""

    def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
        arrays, metrics = super().aggregate_train(server_round, replies)
        assert arrays is not None
        moved = arrays["w"].numpy().copy()
        moved[0] += 0.01
        arrays["w"] = type(arrays["w"])(moved)
        return arrays, metrics


def test_an_honest_run_is_borne_out(run: Callable[..., Path]) -> None:
    """What each cheat below is found by is no slip: here nothing is found, and models are right."""
    again = replayed(run(method="multikrum"))
    assert (again.findings, again.notes) == ((), ())
    told = words(again)
    assert told[STATISTICS_WITHIN] == told[SUMS] == ROUNDS
    assert STATISTICS not in told
    assert AVERAGES not in told
    assert VERDICTS not in told


@cheat(
    Role.SERVER,
    "Settles a model that is not the sum of what it accepted, at the level `sketch`.",
    Comes.FOUND,
    "A sketch is linear: those that nodes signed add up to that of the right model.",
)
def test_a_model_of_its_own_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    say_that_it_is_the_sum(monkeypatch)
    told = found(run(strategy=Own))
    assert sum("is not the weighted sum of the" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Leaves a member that it says it accepted out of the model, at the level `sketch`.",
    Comes.FOUND,
    "The signed sketches of all of them do not add up to that of the model.",
)
def test_a_member_left_out_of_the_model_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without(FedAvg):
        def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
            every = [one for one in replies if one.metadata.src_node_id != VICTIM]
            return super().aggregate_train(server_round, every)

    say_that_it_is_the_sum(monkeypatch)
    told = found(run(strategy=Without))
    assert sum("is not the weighted sum of the" in one for one in told) == ROUNDS


def fitted_to_the_first_seed(monkeypatch: pytest.MonkeyPatch) -> type[FedAvg]:
    """Return a strategy that adds to its model a lie of length one which the seed does not show."""
    seeds: list[bytes] = []
    honest = SketchedRound.unsigned

    def unsigned(self: SketchedRound, ctx: Any, updates: Any) -> dict[int, str]:
        left = honest(self, ctx, updates)
        assert self._sealed is not None
        seeds.append(self._sealed.seed(self.instruction.opened.key))
        return left

    def unseen(seed: bytes, length: int) -> np.ndarray:
        drawn = Sketching(SketchSize(1, 32), seed)
        units = np.eye(length, dtype=np.uint32)
        shown = [drawn.of_vector(unit).view(np.int32).reshape(-1) for unit in units]
        _, _, ways = np.linalg.svd(np.array(shown, np.float64).T)
        lie: np.ndarray = ways[-1]
        return lie

    class Fitted(FedAvg):
        def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
            arrays, metrics = super().aggregate_train(server_round, replies)
            assert arrays is not None
            moved = arrays["w"].numpy()
            arrays["w"] = type(arrays["w"])((moved + unseen(seeds[-1], 40)).astype(np.float32))
            return arrays, metrics

    monkeypatch.setattr(SketchedRound, "unsigned", unsigned)
    say_that_it_is_the_sum(monkeypatch)
    return Fitted


@cheat(
    Role.SERVER,
    "Fits a false model to the seed by which nodes sketched, so that the sketches add up.",
    Comes.FOUND,
    "Accepted nodes sign a second sketch, by a seed of the model itself.",
)
def test_a_model_that_is_fitted_to_the_first_seed_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = fitted_to_the_first_seed(monkeypatch)
    told = found(run(strategy=fitted, method="multikrum", **NARROW))
    assert sum("is not the weighted sum of the" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "The same, and says that a node did not answer when it was asked for a second sketch.",
    Comes.WORD,
    "The coordinator's: the audit names the node, and counts the model as not checked.",
)
def test_a_second_sketch_that_is_withheld_is_named(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = fitted_to_the_first_seed(monkeypatch)
    publish(monkeypatch, lambda first, second: (first, second[1:]))
    again = replayed(run(strategy=fitted, method="multikrum", **NARROW))
    assert again.findings == ()
    assert any("by sketches whose seed was known before it only" in one for one in again.notes)
    assert words(again)[AVERAGES] == ROUNDS


@cheat(
    Role.SERVER,
    "Publishes no sketch of a member whose update it accepted.",
    Comes.FOUND,
    "Each accepted update has a sketch that its node signed.",
)
def test_a_member_whose_sketch_is_left_out_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = {}

    def change(first: Signed, second: Signed) -> tuple[Signed, Signed]:
        accepted[len(accepted)] = second[0].account
        return tuple(one for one in first if one.account != second[0].account), second

    publish(monkeypatch, change)
    told = found(run())
    assert sum("it is accepted, and no sketch" in one for one in told) == ROUNDS
    assert all(str(who) in " ".join(told) for who in accepted.values())


@cheat(
    Role.SERVER,
    "Publishes a member's sketch as that of another, or one that it made up.",
    Comes.FOUND,
    "Each is signed by its account, with the round, the seed and the commitment.",
)
@pytest.mark.parametrize("which", ["swapped", "made up", "forged"])
@pytest.mark.parametrize("stage", [0, 1])
def test_a_sketch_that_its_node_did_not_sign_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, which: str, stage: int
) -> None:
    def change(first: Signed, second: Signed) -> tuple[Signed, Signed]:
        listed = [first, second]
        one, other, *rest = listed[stage]
        lies = {
            "swapped": (replace(one, account=other.account), replace(other, account=one.account)),
            "made up": (replace(one, sketch=other.sketch, bits=other.bits), other),
            "forged": (replace(one, signature=other.signature), other),
        }
        told = sorted((*lies[which], *rest), key=lambda made: made.account.raw)
        listed[stage] = tuple(told)
        return listed[0], listed[1]

    publish(monkeypatch, change)
    told = found(run())
    assert any("is not the one that it signed" in one for one in told)


@cheat(
    Role.SERVER,
    "Draws the seed of sketches from a block that it likes better than that of the seal.",
    Comes.FOUND,
    "The report names the block, and the chain says in which the round was sealed.",
)
def test_a_seed_of_another_block_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Session.sealed

    def liked(self: Session, place: RoundKey) -> Sealed:
        return replace(honest(self, place), block=b"\x07" * 32)

    monkeypatch.setattr(Session, "sealed", liked)
    told = found(run())
    assert sum("by a seed of block" in one for one in told) == ROUNDS


@cheat(
    Role.SERVER,
    "Judges something else than what a member sent, at the level `sketch`.",
    Comes.FOUND,
    "Inner products and lengths are compared with those of the sketches that nodes signed.",
)
def test_statistics_of_something_else_are_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor(monkeypatch)
    told = found(run(method="multikrum"))
    assert any("by signed sketches it is" in one for one in told)


@cheat(
    Role.SERVER,
    "The same, a little: by less than what a sketch can tell.",
    Comes.WORD,
    "The coordinator's: the audit counts statistics that are borne out to within the tolerance.",
)
def test_statistics_that_are_a_little_off_are_its_word(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = outliers.LiveInputs

    def little(ctx: Any, updates: Any, validation: Any) -> Any:
        made = tuple(
            replace(one, arrays={**one.arrays, "w": one.arrays["w"] * np.float32(1.01)})
            if one.node.node_id == VICTIM
            else one
            for one in updates
        )
        return honest(ctx, made, validation)

    monkeypatch.setattr(outliers, "LiveInputs", little)
    again = replayed(run(method="multikrum"))
    assert again.findings == ()
    assert words(again)[STATISTICS_WITHIN] == ROUNDS


@cheat(
    Role.SERVER,
    "Rejects the update of an honest member, at the level `sketch`.",
    Comes.FOUND,
    "`--replay` decides again on statistics that fit the signed sketches.",
)
def test_a_false_verdict_is_found(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
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
    told = found(run())
    assert any("is not accepted" in one or "is 'Rejected' in the report" in one for one in told)


@cheat(
    Role.NODE,
    "Signs a sketch of something else than its update, so that the server's verdicts look false.",
    Comes.REFUSED,
    "The server has the update, and leaves out who signed something else. A second such sketch is "
    "dropped. Lies that add up to nothing pass by luck: of 200 tolerances in one round of 160.",
)
@pytest.mark.parametrize("stage", [0, 1])
def test_a_node_that_signs_something_else_is_left_out(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, stage: int
) -> None:
    honest, made = mod.ANSWERS[EVIDENCE], sketching.sketched

    def lying(message: Any, context: Any) -> Any:
        asked = bool(message.content[SKETCH_ASKED]["model"])
        if message.metadata.dst_node_id != VICTIM or asked != bool(stage):
            return honest(message, context)
        with monkeypatch.context() as now:
            now.setattr(sketching, "sketched", lambda *told: made(*told) // np.uint32(2))
            return honest(message, context)

    monkeypatch.setitem(mod.ANSWERS, EVIDENCE, lying)
    folder = run(method="multikrum")
    again = replayed(folder)
    assert again.findings == ()
    details = [
        (one.outcome, one.detail)
        for path in (folder / "reports").iterdir()
        for one in decode_any(path.read_bytes()).entries  # type: ignore[union-attr]
        if one.node_id == VICTIM
    ]
    if stage:
        assert {one for one, _ in details} == {Outcome.ACCEPTED}
        assert all("whose seed was known before it only" in note for note in again.notes)
    else:
        assert details == [(Outcome.EXCLUDED, phases.FALSE)] * ROUNDS
        assert again.notes == ()


def test_an_update_that_no_node_signs_a_sketch_of_is_left_out_without_a_strike(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not average what nobody could check; the others' round goes on."""
    honest = phases.ask

    def deaf(grid: Any, kind: str, questions: Any, read: Any, timeout: float) -> Any:
        good, bad = honest(grid, kind, questions, read, timeout)
        bad |= {node: "it did not answer" for node in good if node == VICTIM}
        return {node: one for node, one in good.items() if node != VICTIM}, bad

    monkeypatch.setattr(phases, "ask", deaf)
    folder = run()
    again = replayed(folder)
    assert again.findings == ()
    for path in (folder / "reports").iterdir():
        report = decode_any(path.read_bytes())
        (entry,) = (one for one in report.entries if one.node_id == VICTIM)  # type: ignore[union-attr]
        assert entry.outcome is Outcome.EXCLUDED
        assert "it signed no sketch of its update" in entry.detail
