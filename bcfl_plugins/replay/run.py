"""Decide the rounds of a run again, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.published.steps import SERVER_ROUND
from bcfl_plugins.published.stops import CannotReplay, DoesNotHold
from bcfl_plugins.replay.drawing import RoundSources
from bcfl_plugins.replay.halved import hold_halves
from bcfl_plugins.replay.material import Material
from bcfl_plugins.replay.one_round import RoundReplay
from bcfl_plugins.replay.rebuilding import rebuilt
from pallet_bridge.audit.audited import Finding, Replayed, ReplayedRound
from pallet_bridge.run.content import address_of, value_bytes
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.settlement.attester import Redone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bcfl_plugins.defenses.base import Defense
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.run.judgements import Judgement, Step
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.run.store import ContentStore
    from pallet_bridge.types import AccountId, RoundKey

NO_STORE = f"nothing can be decided again: there is no {STORE}/"
_NO_MEMORY = address_of(value_bytes({}))
STEPS = "memories of the server step after rounds that have no report of one"
MEMORIES = "memories of rules after rounds that have no report"


@dataclass(frozen=True, slots=True)
class Replayer:
    """Decides rounds again; a call is what `pallet_bridge.audit.run.audit_run` takes as `replay`.

    Parameters
    ----------
    rules : sequence of type
        Classes of rules that are not in the registry.
    store : ContentStore or None
        Where the run's content is; ``None``: in its folder.
    on_chain : callable or None
        Returns what the chain has of a round, for `problems`; ``None``: it is not known.
    """

    rules: Sequence[type[Defense]] = ()
    store: ContentStore | None = None
    on_chain: Callable[[RoundKey], RoundSources] | None = None

    def __call__(self, run: Path, audited: AuditedRun) -> Replayed:
        """Decide the rounds of a run again.

        Parameters
        ----------
        run
            The run's folder.
        audited
            What was read of it.
        """
        store = self._store(run)
        if store is None:
            return Replayed({}, notes=(NO_STORE,))
        course = _Course(audited, self._material(store), self._by_name())
        done = dict(course.rounds())
        return Replayed(MappingProxyType(done), tuple(course.findings), tuple(course.notes()))

    def redone(
        self, run: Path, report: RoundReport, openings: Mapping[AccountId, OpenedUpdate]
    ) -> Redone:
        """Return how one round does not come out as its report says, or cannot be decided again.

        That its rules remember what they did after the round before is not looked at.
        """
        store = self._store(run)
        if store is None:
            return Redone((f"round {report.round}: {NO_STORE}",))
        chain = RoundSources() if self.on_chain is None else self.on_chain(report.key)
        one = RoundReplay(report, self._material(store), openings, self._by_name(), chain)
        one.done()
        hold_halves(one)
        gaps = (f"round {report.round}: {gap}" for gap in one.gaps)
        problems = (*(found.statement for found in one.findings), *gaps)
        return Redone(problems, tuple(one.differs))

    def _store(self, run: Path) -> ContentStore | None:
        if self.store is not None:
            return self.store
        return FolderStore(run / STORE) if (run / STORE).is_dir() else None

    def _material(self, store: ContentStore) -> Material:
        return Material(store, frozenset(rule.__module__ for rule in self.rules))

    def _by_name(self) -> Mapping[str, type[Defense]]:
        return {rule.name: rule for rule in self.rules}


@dataclass(slots=True)
class _Course:
    """The rounds of a run, as one remembers the ones before."""

    audited: AuditedRun
    material: Material
    rules: Mapping[str, type[Defense]]
    findings: list[Finding] = field(default_factory=list)
    _gaps: dict[str, list[int]] = field(default_factory=dict)
    _last: dict[str, tuple[int, Judgement]] = field(default_factory=dict)
    _step: tuple[int, Step] | None = None
    _size: int = 0

    def rounds(self) -> Iterator[tuple[int, ReplayedRound]]:
        for number, _, report in self.audited.reported():
            told, facts = self.audited.openings.get(number, {}), self.audited.facts
            chain = RoundSources(
                facts.seals.get(number), facts.opened.get(number), self.audited.members_at
            )
            one = RoundReplay(report, self.material, told, self.rules, chain)
            done = one.done()
            hold_halves(one)
            for gap in (*one.gaps, *self._resized(one)):
                self._gaps.setdefault(gap, []).append(number)
            follows = self._follow(number, report, one) & self._step_follows(number, report, one)
            self.findings += one.findings
            yield number, done if follows else ReplayedRound(words=one.words)

    def notes(self) -> Iterator[str]:
        for gap, numbers in self._gaps.items():
            yield f"{_told(numbers)}: {gap}"

    def _resized(self, one: RoundReplay) -> Iterator[str]:
        """Give a change of the least size of groups: whoever chooses it draws once more."""
        if one.record is None:
            return
        before, self._size = self._size, one.record.grouping.size
        if before not in {0, self._size}:
            yield f"groups are of {self._size} members or more, and were of {before} before"

    def _follow(self, number: int, report: RoundReport, one: RoundReplay) -> bool:
        """Check that each rule begins with what it remembered, under the settings that it had."""
        evidence = report.evidence
        found = len(one.findings)
        for told in () if evidence is None else evidence.judgements:
            before = self._last.get(told.plugin)
            self._last[told.plugin] = number, told
            if told.before is None:
                continue
            problem = ""
            if before is None:
                problem = self._not_fresh(number, told, one)
            else:
                problem = self._not_continued(number, told, before, one)
            if problem:
                one.findings.append(
                    Finding("replay", number, None, f"round {number}: {told.plugin} {problem}")
                )
        return len(one.findings) == found

    def _step_follows(self, number: int, report: RoundReport, one: RoundReplay) -> bool:
        """Check that the server's step begins with what it remembered, under its settings."""
        told = None if report.evidence is None else report.evidence.step
        if told is None:
            return True
        last, self._step = self._step, (number, told)
        if last is None and number == self.audited.rounds.start:
            problem = "" if told.before == _NO_MEMORY else "begins the run with a memory"
        elif last is None or (last[0] != number - 1 and told.before != last[1].after):
            one.words[STEPS] = one.words.get(STEPS, 0) + 1
            return True
        elif _settled(told) != _settled(last[1]):
            problem = f"is another one than in round {last[0]}, or has other settings"
        elif told.before != last[1].after:
            problem = f"does not begin with what it remembered after round {last[0]}"
        else:
            problem = ""
        if problem:
            statement = f"round {number}: the server step {told.method} {problem}"
            one.findings.append(Finding("replay", number, None, statement))
        return not problem

    def _not_fresh(self, number: int, told: Judgement, one: RoundReplay) -> str:
        if number != self.audited.rounds.start:
            one.words[MEMORIES] = one.words.get(MEMORIES, 0) + 1
            return ""
        try:
            fresh = address_of(value_bytes(rebuilt(told, self.rules).judge.kept()))
        except (CannotReplay, DoesNotHold):
            return ""  # told already
        if fresh == told.before:
            return ""
        return "begins the run with a memory"

    def _not_continued(
        self, number: int, told: Judgement, before: tuple[int, Judgement], one: RoundReplay
    ) -> str:
        last, judged = before
        if (judged.rule, judged.version, judged.settings) != (
            told.rule,
            told.version,
            told.settings,
        ):
            gap = f"{told.plugin} judges by another rule or settings than in round {last}"
            self._gaps.setdefault(gap, []).append(number)
        if judged.after == told.before:
            return ""
        if last != number - 1:
            one.words[MEMORIES] = one.words.get(MEMORIES, 0) + 1
            return ""
        return f"does not begin with what it remembered after round {last}"


def _settled(step: Step) -> tuple[str, dict[str, str]]:
    """Return what a step has to share with the one of the round before."""
    same = {name: text for name, text in step.settings.items() if name != SERVER_ROUND}
    return step.method, same


def _told(numbers: Sequence[int]) -> str:
    """Name rounds, a range of them in short."""
    if len(numbers) == 1:
        return f"round {numbers[0]}"
    if [*numbers] == [*range(numbers[0], numbers[-1] + 1)]:
        return f"rounds {numbers[0]} to {numbers[-1]}"
    return f"rounds {', '.join(map(str, numbers))}"
