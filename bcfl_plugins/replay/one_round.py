"""Decide one round again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bcfl_plugins.config.secure import MASKING
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.published.average import WEIGHTED_MEAN
from bcfl_plugins.published.grouped import RULE, VERSION, GroupRecord
from bcfl_plugins.published.inputs import KeptInputs, LiveInputs
from bcfl_plugins.published.keeping import mean_of
from bcfl_plugins.published.steps import SERVER_ROUND, in_order, read_memory, read_numbers, stepped
from bcfl_plugins.published.stops import CannotReplay, Differs, DoesNotHold
from bcfl_plugins.replay.bearing import STATISTICS_WITHIN, Bearing
from bcfl_plugins.replay.compare import decided, node_problems, note_problems, verdict_problems
from bcfl_plugins.replay.drawing import RoundSources, drawing_problems
from bcfl_plugins.replay.guarding import guarded
from bcfl_plugins.replay.rebuilding import rebuilt
from bcfl_plugins.replay.sketched import SEALS, SUMS, SignedRound
from bcfl_plugins.types import ClientUpdate, RoundContext, RunInfo
from pallet_bridge.audit.audited import Finding, ReplayedRound
from pallet_bridge.encoding import commitment_hash, update_digest
from pallet_bridge.errors import BcflError, EncodingError
from pallet_bridge.run.content import address_of, value_bytes
from pallet_bridge.run.judgements import Level
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.published.inputs import RoundInputs
    from bcfl_plugins.published.keeping import RoundMean
    from bcfl_plugins.replay.material import Material
    from bcfl_plugins.rounds.judges import Judge
    from bcfl_plugins.types import Array, JudgedUpdate, NodeRef, Verdict
    from pallet_bridge.run.judgements import Evidence, Judgement, Step
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId

STATISTICS = "statistics that verdicts were decided on again"
MEASUREMENTS = "rounds whose verdicts rest on what it measured on data of its own"
UNBOUND = "published updates that are taken as those signed, whose openings are not at hand"
DRAWN = "groups that are drawn from a block and from members that it names"
LEFT_OUT = "nodes that were left out for what they said about their masks"
UNSIGNED = "published updates of nodes without a verdict on chain"

_TO_THE_BIT = frozenset({Level.DECISION, Level.UPDATES})
"""Levels at which a result is the same to the bit wherever it is made, without a tolerance."""


@dataclass(slots=True)
class RoundReplay:
    """One round that is done again.

    Parameters
    ----------
    report : RoundReport
        Its report.
    material : Material
        What was published.
    openings : Mapping
        What opens its commitments, as far as it is at hand.
    rules : Mapping
        Rules by name, besides those of the registry.
    chain : RoundSources
        What draws of the round follow from, as far as it is known.
    """

    report: RoundReport
    material: Material
    openings: Mapping[AccountId, OpenedUpdate]
    rules: Mapping[str, type[Defense]]
    chain: RoundSources = field(default_factory=RoundSources)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    _base: dict[str, Array] = field(default_factory=dict)
    _server_round: int | None = None
    _signed: SignedRound | None = None
    record: GroupRecord | None = None

    def done(self) -> ReplayedRound:
        """Do it; what is wrong goes to `findings`, and what cannot be done to `gaps`.

        Findings that are another result, of content that the report names by its hash, go to
        `differs` too.
        """
        evidence = self.report.evidence
        if evidence is None:
            self.gaps.append("the report is of a format that does not say how it was decided")
        elif evidence.level is Level.BOOKKEEPING:
            self.gaps.append('bcfl.evidence.publish was "bookkeeping"')
        elif evidence.level is Level.SKETCH:
            return self._by_sketches(evidence)
        else:
            updates = self._updates(evidence)
            if updates is not None or evidence.level is Level.DECISION:
                return self._decide(evidence, updates)
        return ReplayedRound()

    def _by_sketches(self, evidence: Evidence) -> ReplayedRound:
        """Check what nodes signed, then the model by it, then the verdicts."""
        before = len(self.findings)
        try:
            self._signed = SignedRound.read(self.report, self.material)
        except DoesNotHold as error:
            self._wrong(None, str(error))
            return ReplayedRound()
        if self.chain.seal is None:
            self._believe(SEALS)
        for account, problem in self._signed.problems(self.chain.seal):
            self._wrong(account, problem)
        if len(self.findings) > before:
            return ReplayedRound(words=self.words)
        is_sum = False
        try:
            self._signed.check_model(self.material)
            is_sum = True
            self._believe(SUMS)
        except CannotReplay as error:
            self.gaps.append(str(error))
        except DoesNotHold as error:
            self._wrong(None, str(error))
        return replace(self._decide(evidence, None), is_averaged=is_sum)

    def _updates(self, evidence: Evidence) -> tuple[ClientUpdate, ...] | None:
        """Return the updates of the round, checked against what their nodes signed."""
        if evidence.level is not Level.UPDATES:
            return None
        with_updates: list[ClientUpdate] = []
        try:
            self._base = self.material.arrays(self.report.base_model, "the model that went out")
            found = self.material.updates(evidence.updates, self._base)
        except DoesNotHold as error:
            self._wrong(None, str(error))
            return None
        entries = {entry.account: entry for entry in self.report.entries}
        for listed, update in found:
            account = listed.node.account
            entry = None if account is None else entries.get(account)
            if account is None or entry is None or entry.signature is None:
                self._believe(UNSIGNED)
            elif (opened := self.openings.get(account)) is None:
                self._believe(UNBOUND)
            elif entry.node_id == listed.node.node_id and entry.revealed != commitment_hash(
                account, listed.digest, opened.salt
            ):
                self._wrong(account, "its published update is not the one that it committed to")
                return None
            with_updates.append(update)
        return tuple(with_updates)

    def _decide(
        self, evidence: Evidence, updates: tuple[ClientUpdate, ...] | None
    ) -> ReplayedRound:
        verdicts: list[Verdict] = []
        nodes = updates
        before = len(self.findings)
        for told in evidence.judgements:
            try:
                verdict, judged_nodes = self._again(told, updates)
            except CannotReplay as error:
                self.gaps.append(f"{told.plugin}: {error}")
                return ReplayedRound(words=self.words)
            except DoesNotHold as error:
                self._wrong(None, f"{told.plugin}: {error}", differs=isinstance(error, Differs))
                return ReplayedRound(words=self.words)
            verdicts.append(verdict)
            if nodes is None:
                nodes = judged_nodes
            elif _who(judged_nodes) != _who(nodes):
                self._wrong(None, f"{told.plugin} judged other updates than those of the round")
        if nodes is None:
            self.gaps.append("no plugin judged, and the updates are not published")
            return ReplayedRound(words=self.words)
        listed = [one.node for one in nodes], [one.num_examples for one in nodes]
        for account, problem in node_problems(*listed, self.report):
            self._wrong(account, problem)
        try:
            judged = merge_verdicts(nodes, verdicts)
        except BcflError as error:
            self._wrong(None, str(error))
            return ReplayedRound(words=self.words)
        for problem in () if self.record is None else self.record.split_problems(judged):
            self._wrong(None, problem)
        right = self._compare(judged, verdicts)
        averaged = updates is not None and self._average(evidence, judged, updates, verdicts)
        holds = len(self.findings) == before
        drawn = self.chain.drawn(self.record) if holds else 0
        return ReplayedRound(right if holds else 0, averaged, self.words, drawn)

    def _again(
        self, told: Judgement, updates: tuple[ClientUpdate, ...] | None
    ) -> tuple[Verdict, tuple[ClientUpdate, ...]]:
        """Return a verdict that was made again, and who sent what by what it was made of.

        Where means of groups are judged, who sent something is more than who is judged.
        """
        if (told.plugin, told.rule, told.version) == (MASKING, RULE, VERSION):
            self.record = self._grouped(told)
            return self.record.verdict(told.plugin), self.record.updates()
        kept = self._kept(told)
        self._server_round = kept.server_round
        verdict = self._verdict(told, kept, updates)
        if self.record is None:
            judged = zip(kept.nodes, kept.claims, strict=True)
            return verdict, tuple(ClientUpdate(node, {}, claim) for node, claim in judged)
        if not self.record.is_judged(kept.nodes, kept.groups):
            self._wrong(None, f"{told.plugin} judged other groups than those of the round")
        return verdict, self.record.updates()

    def _grouped(self, told: Judgement) -> GroupRecord:
        """Return what is kept of a round that was masked in groups, its groups drawn again."""
        plain = self.material.value(told.inputs, "what the groups follow from")
        try:
            record = GroupRecord.read(plain)
        except EncodingError as error:
            raise DoesNotHold(str(error)) from error
        for account, problem in drawing_problems(record, self.report, self.chain):
            self._wrong(account, problem)
        self._believe(DRAWN, len(record.groups) - self.chain.drawn(record))
        self._believe(LEFT_OUT, len(record.rejections))
        return record

    def _kept(self, told: Judgement) -> KeptInputs:
        if told.gap and (told.inputs is None or self._level is not Level.UPDATES):
            raise CannotReplay(told.gap)
        plain = self.material.value(told.inputs, "what the rule read")
        try:
            return KeptInputs.read(plain)
        except EncodingError as error:
            raise DoesNotHold(str(error)) from error

    def _verdict(
        self, told: Judgement, kept: KeptInputs, updates: tuple[ClientUpdate, ...] | None
    ) -> Verdict:
        """Let the judge decide again, and check what it remembers after that."""
        made = rebuilt(told, self.rules)
        memory = self.material.value(told.before, "what the rule remembered before")
        inputs: RoundInputs = kept
        if updates is not None:
            ctx = RoundContext(RunInfo(0, 0), kept.server_round, None, self._base)
            inputs = LiveInputs(ctx, updates, measured=kept.measured)
        if made.is_measuring and kept.measured:
            self._believe(MEASUREMENTS)
        verdict: Verdict = guarded(lambda: _decided(made.judge, memory, inputs))
        if updates is None:
            self._bear_out(kept, verdict, made.evening)
        if isinstance(inputs, LiveInputs):
            self._check_inputs(told, inputs)
        after = address_of(value_bytes(made.judge.kept()))
        if after != told.after:
            shown = "nothing" if told.after is None else told.after.hex()
            raise Differs(
                f"after the round it remembers {after.hex()} when it is decided again, and {shown} "
                f"in the report"
            )
        return replace(verdict, clip=made.clip)

    def _bear_out(self, kept: KeptInputs, verdict: Verdict, evening: frozenset[str]) -> None:
        """Compare statistics with what nodes signed; without it they are the server's word."""
        bearing = None if self._signed is None else Bearing(kept, self._signed, evening)
        if bearing is None or not bearing.is_comparable(verdict.medians):
            self._believe(STATISTICS)
            return
        problems = list(guarded(lambda: [*bearing.problems()]))
        for node, problem in problems:
            self._wrong(None if node is None else node.account, problem)
        whole = bool(problems) or guarded(bearing.is_whole)
        self._believe(STATISTICS_WITHIN if whole else STATISTICS)

    def _check_inputs(self, told: Judgement, inputs: LiveInputs) -> None:
        found = address_of(value_bytes(inputs.kept().plain()))
        if found != told.inputs:
            shown = "nothing" if told.inputs is None else told.inputs.hex()
            raise Differs(
                f"what it read of the updates comes to {found.hex()}, and in the report to {shown}"
            )
        if inputs.gap != told.gap:
            raise DoesNotHold(f"the report says {told.gap!r} of what it reads, not {inputs.gap!r}")

    def _compare(self, judged: Sequence[JudgedUpdate], verdicts: Sequence[Verdict]) -> int:
        """Compare verdicts; return how many are as reported."""
        right = 0
        for one, entry in decided(judged, self.report):
            problem = verdict_problems(one, entry)
            if problem:
                self._wrong(entry.account, problem, differs=True)
            else:
                right += 1
        for problem in note_problems(verdicts, self.report):
            self._wrong(None, problem)
        return right

    def _average(
        self,
        evidence: Evidence,
        judged: Sequence[JudgedUpdate],
        updates: tuple[ClientUpdate, ...],
        verdicts: Sequence[Verdict],
    ) -> bool:
        """Average again; say whether the model is as reported."""
        if evidence.average != WEIGHTED_MEAN:
            called = f" ({evidence.average})" if evidence.average else ""
            self.gaps.append(
                f"the server step of the strategy{called} is not one that can be done again: by "
                f"the report the model is not the weighted mean of what was accepted"
            )
            return False
        medians = sorted({name for verdict in verdicts for name in verdict.medians})
        clip = min((one.clip for one in verdicts if one.clip is not None), default=None)
        mean = mean_of(self._base, judged, updates, medians, clip)
        made, step = "the weighted mean", evidence.step
        try:
            model = None if mean is None else mean.model()
            if mean is not None and step is not None:
                made = f"what {step.method} makes of the weighted mean"
                model = self._stepped(step, mean)
        except DoesNotHold as error:
            self._wrong(None, str(error), differs=isinstance(error, Differs))
            return False
        found = None if model is None else update_digest(model)
        if found == self.report.model:
            return True
        accepted = sum(entry.outcome is Outcome.ACCEPTED for entry in self.report.entries)
        self._wrong(
            None,
            f"the model {self.report.model.hex()} is not {made} of the {accepted} "
            f"accepted updates, which is {'none' if found is None else found.hex()}",
            differs=True,
        )
        return False

    def _stepped(self, step: Step, mean: RoundMean) -> Mapping[str, Array]:
        """Take the server's step again, and check what it remembers after that."""
        before = self.material.value(step.before, "what the server step remembered before")
        memory = read_memory(before)
        settings = read_numbers(step.settings)
        said = settings.get(SERVER_ROUND, self._server_round)
        if self._server_round not in {None, said}:
            raise DoesNotHold(
                f"the server step was taken as in round {said} of the strategy, and the updates "
                f"were judged in its round {self._server_round}"
            )
        model, after = stepped(step.method, settings, memory, mean.base, mean.wide)
        address = address_of(value_bytes(in_order(after)))
        if address != step.after:
            raise Differs(
                f"after the round the server step remembers {address.hex()} when it is taken "
                f"again, and {step.after.hex()} in the report"
            )
        return mean.restored(model)

    @property
    def _level(self) -> Level:
        evidence = self.report.evidence
        return Level.BOOKKEEPING if evidence is None else evidence.level

    def _believe(self, what: str, count: int = 1) -> None:
        if count:
            self.words[what] = self.words.get(what, 0) + count

    def _wrong(self, account: AccountId | None, problem: str, *, differs: bool = False) -> None:
        whose = "" if account is None else f", {account}"
        number = self.report.round
        statement = f"round {number}{whose}: {problem}"
        self.findings.append(Finding("replay", number, account, statement))
        if differs and self._level in _TO_THE_BIT:
            self.differs.append(statement)


def _who(updates: Sequence[ClientUpdate]) -> list[tuple[NodeRef, int]]:
    return [(one.node, one.num_examples) for one in updates]


def _decided(judge: Judge, memory: object, inputs: RoundInputs) -> Verdict:
    judge.recall(memory)
    return judge.decide(inputs)
