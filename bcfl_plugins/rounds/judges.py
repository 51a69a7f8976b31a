"""Who judges a round for the plugin ``outliers``: a defense, and the evidence on top of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from bcfl_plugins.apportion import ONE, split
from bcfl_plugins.defenses.base import BUFFERS, Extras
from bcfl_plugins.defenses.core.arrays.buffers import is_buffer
from bcfl_plugins.defenses.participation import fitted, unsupported
from bcfl_plugins.errors import ConfigError, TooFewUpdates
from bcfl_plugins.evidence import EvidenceState, NodeFacts, decode, judge_harm, observe
from bcfl_plugins.published.inputs import LiveInputs
from bcfl_plugins.published.validation import name_of
from bcfl_plugins.reasons import Reason
from bcfl_plugins.rounds.hearing import MOST, breaking, with_helpful
from bcfl_plugins.types import SCORE_ONE, Rejection, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.defenses.base import Decision, Defense, Floats
    from bcfl_plugins.evidence import EvidenceSettings
    from bcfl_plugins.published.inputs import RoundInputs
    from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, Validation

_log = logging.getLogger("flwr.bcfl")

ShareMode = Literal["rule", "examples", "off"]

CLIP = 2
"""A claimed number of examples counts up to this many times the median claim."""

HANDED_OVER = "handed over to cluster_guard"
"""How the note of a round begins that another defense judged than the one that was named."""

_LARGEST_SCORE = 1e6

_DETAILS = {
    Reason.BAD_SIGNATURE: "it is no member",
    Reason.NON_FINITE: "its arrays are not finite numbers, or too large to square",
    Reason.OUTLIER_DIRECTION: "it points away from the others",
    Reason.OUTLIER_NORM: "its length is not that of the others",
    Reason.OUTLIER_CLUSTER: "it is far from the others",
}
_TIED = "it is left out as one of several that are equally good, which costs no strike"


class Judge(Protocol):
    """Judges the updates of one round after the other."""

    def decide(self, inputs: RoundInputs) -> Verdict:
        """Return what there is against each update, and remember what the next round needs."""

    def forget(self) -> None:
        """Start anew."""

    def kept(self) -> object:
        """Return what is remembered; `recall` takes it back in another process."""

    def recall(self, memory: object) -> None:
        """Go on from what `kept` returned.

        Raises
        ------
        ConfigError
            If it was kept under other settings.
        """


@dataclass(frozen=True, slots=True)
class RebuiltJudge:
    """A judge as it was made for a run, without a memory, to decide its rounds again.

    Parameters
    ----------
    judge : Judge
        The judge.
    is_measuring : bool
        Whether it asked the server's own measure of models.
    clip : float or None
        As `Verdict.clip`.
    evening : frozenset of str
        The rules that it may ask which measure large arrays smaller than they are, see
        `bcfl_plugins.defenses.core.arrays.scales`.
    """

    judge: Judge
    is_measuring: bool = False
    clip: float | None = None
    evening: frozenset[str] = frozenset()


class RuleJudge:
    """A rule of the registry; only its decision is used, the strategy averages.

    A round may have fewer updates than the rule's f needs. Then f follows participation, and where
    not even f = 1 is left the round is handed over to the deputy.

    Parameters
    ----------
    rule : Defense
        Who judges.
    shares : {"rule", "examples", "off"}
        Whether the updates that it keeps count by its shares, by these and the number of examples
        that each node claims, or as the strategy weighs them. A rule that reads claims judges them
        itself; with others the shares are multiplied by them, up to `CLIP` times the median claim.
    buffers : sequence of str
        As in `Extras`.
    deputy : Defense or None
        Judges the rounds that the rule cannot; without one they are not judged.
    """

    def __init__(
        self,
        rule: Defense,
        shares: ShareMode = "rule",
        buffers: Sequence[str] = BUFFERS,
        deputy: Defense | None = None,
    ) -> None:
        self._rule = rule
        self._deputy = None if deputy is None else RuleJudge(deputy, shares, buffers)
        self._shares = shares
        self._by_rule = shares == "examples" and rule.tags.claims
        self._buffers = tuple(buffers)
        self._state: object = None

    def judge(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict:
        """Judge the updates of one round."""
        return self.decide(LiveInputs(ctx, updates))

    def decide(self, inputs: RoundInputs) -> Verdict:
        """Judge one round, or hand it over, or abstain."""
        if not inputs.nodes:
            return Verdict("outliers", note="abstained: no updates")
        count = len({*inputs.groups}) or len(inputs.nodes)
        rule, cut = fitted(self._rule, count)
        problem = unsupported(rule, count)
        if problem and self._deputy is not None:
            return _handed_over(self._deputy, inputs, problem)
        ids = [node.node_id for node in inputs.nodes]
        extras = Extras(
            ids=ids,
            claims=inputs.claims if self._by_rule else None,
            state=self._state,
            buffers=self._buffers,
        )
        medians = tuple(name for name in inputs.names if is_buffer(name, self._buffers))
        try:
            found = inputs.decided(rule, extras)
        except TooFewUpdates as error:
            if self._deputy is not None:
                return _handed_over(self._deputy, inputs, str(error))
            return Verdict("outliers", note=f"abstained: {error}", medians=medians)
        self._state = found.state
        decision = found.decision
        scores = {
            node: round(min(max(float(score), -_LARGEST_SCORE), _LARGEST_SCORE) * SCORE_ONE)
            for node, score in zip(ids, decision.scores, strict=True)
        }
        tied = _tied(inputs, decision)
        rejections = (
            Rejection(
                node,
                int(reason),
                f"{_TIED if tie else _DETAILS[reason]} ({self._rule.name})",
                scores[node],
                strike=not tie,
            )
            for node, kept, reason, tie in zip(
                ids, decision.kept, decision.reasons, tied, strict=True
            )
            if not kept
        )
        return Verdict(
            "outliers",
            tuple(sorted(rejections, key=lambda rejection: rejection.node_id)),
            scores,
            "; ".join(part for part in (cut, decision.note) if part),
            shares=self._shares_of(inputs, decision),
            medians=medians,
        )

    def forget(self) -> None:
        """Start anew."""
        self._state = None
        if self._deputy is not None:
            self._deputy.forget()

    def kept(self) -> object:
        """Return the rule's name and memory, and the deputy's."""
        deputy = None if self._deputy is None else self._deputy.kept()
        return {"rule": self._rule.name, "memory": self._state, "deputy": deputy}

    def recall(self, memory: object) -> None:
        """Go on from a memory of the same rule."""
        match memory:
            case {"rule": str(rule), "memory": state, "deputy": deputy} if rule == self._rule.name:
                if self._deputy is not None:
                    self._deputy.recall(deputy)
                self._state = state
            case _:
                raise ConfigError(f"the memory is of another rule than {self._rule.name}")

    def _shares_of(self, inputs: RoundInputs, decision: Decision) -> Mapping[NodeId, int]:
        kept = [row for row, good in enumerate(decision.kept.tolist()) if good]
        if self._shares == "off" or not decision.weights.size or not kept:
            return {}
        exact = [Fraction(decision.weights[row]) for row in kept]
        total = min(round(ONE * sum(exact)), ONE)
        if self._shares == "examples" and not self._by_rule:
            most = round(CLIP * float(np.median(inputs.claims)))
            claims = [min(inputs.claims[row], most) for row in kept]
            exact = [share * claim for share, claim in zip(exact, claims, strict=True)]
        parts = split(exact, total)
        return {inputs.nodes[row].node_id: part for row, part in zip(kept, parts, strict=True)}


def _handed_over(deputy: RuleJudge, inputs: RoundInputs, problem: str) -> Verdict:
    verdict = deputy.decide(inputs)
    return replace(verdict, note=f"{HANDED_OVER}: {problem.rstrip('.')}; {verdict.note}")


class EvidenceJudge:
    """A defense whose rejections cost a strike only once the evidence is strong enough.

    A round counts against a node when its update was rejected and did harm: by validation data, or
    because it breaks any average (see `hearing.BREAKING`). With `difference` every rejection
    counts, and a minority that is always rejected is struck as well. How it is accumulated says
    `bcfl_plugins.evidence`.

    Parameters
    ----------
    inner : Judge
        Who rejects.
    settings : EvidenceSettings
        What a strike takes.
    validation : callable or None
        The server's own measure of a model; without it only what breaks an average is harm.
    difference : bool
        Whether every rejection counts as harm.
    by_claims : bool
        Whether an update that is heard because it helps counts by the claimed number of examples,
        up to `hearing.MOST` times the median claim.
    """

    def __init__(
        self,
        inner: Judge,
        settings: EvidenceSettings,
        validation: Validation | None,
        *,
        difference: bool = False,
        by_claims: bool = False,
    ) -> None:
        self._by_claims = by_claims
        self._difference = difference
        self._inner = inner
        self._settings = settings
        self._validation = validation
        self._state = EvidenceState(settings)
        self._told = False

    def judge(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> Verdict:
        """Judge the updates of one round."""
        return self.decide(LiveInputs(ctx, updates, self._validation))

    def decide(self, inputs: RoundInputs) -> Verdict:
        """Let the defense judge, and take its strikes away where the evidence is weak."""
        verdict = self._inner.decide(inputs)
        nodes = inputs.nodes
        if not nodes:
            return verdict
        if self._validation is not None:
            verdict = with_helpful(inputs, verdict, self._slots(inputs))
        against = {rejection.node_id: rejection for rejection in verdict.rejections}
        held = [_held_against(against.get(node.node_id)) for node in nodes]
        broken = breaking(inputs, against, held, verdict.medians)
        harmful = self._harmful(inputs, held, broken, verdict.medians)
        self._state, findings = observe(
            self._state,
            [
                NodeFacts(name_of(node), one, harm, broken=bad)
                for node, one, harm, bad in zip(nodes, held, harmful, broken, strict=True)
            ],
        )
        self._tell_of_more(nodes)
        found = {finding.node: finding for finding in findings}
        rejections = tuple(
            Rejection(
                node_id=node_id,
                reason=rejection.reason,
                detail=f"{rejection.detail}; {found[name_of(node)].reason}",
                score=rejection.score,
                strike=rejection.strike and found[name_of(node)].strike,
            )
            for node_id, rejection, node in (
                (node.node_id, against[node.node_id], node)
                for node in nodes
                if node.node_id in against
            )
        )
        return replace(verdict, rejections=rejections, state=self._state.encode())

    def forget(self) -> None:
        """Start anew."""
        self._inner.forget()
        self._state = EvidenceState(self._settings)

    def kept(self) -> object:
        """Return the evidence, and what the defense remembers."""
        return {"evidence": self._state.encode(), "inner": self._inner.kept()}

    def recall(self, memory: object) -> None:
        """Go on from evidence under the same settings."""
        match memory:
            case {"evidence": str(text), "inner": inner}:
                state = decode(text)
            case _:
                raise ConfigError("it holds no evidence: bcfl.outliers.evidence was another")
        if state.settings != self._settings:
            raise ConfigError("the evidence was shared among another number of members")
        self._inner.recall(inner)
        self._state = state

    def _tell_of_more(self, nodes: Sequence[NodeRef]) -> None:
        """Say once that there are nodes of which no evidence is kept."""
        recorded = {name for name, _ in self._state.nodes}
        beyond = sum(name_of(node) not in recorded for node in nodes)
        if beyond and not self._told:
            self._told = True
            _log.warning(
                "bcfl: %d nodes get no strike, whatever they send: evidence is kept of the first "
                "%d. Set bcfl.outliers.members to the most different nodes of a run",
                beyond,
                self._settings.members,
            )

    def _slots(self, inputs: RoundInputs) -> Floats:
        """Return (n,) how many slots of the mean each update may fill."""
        if not self._by_claims:
            return np.ones(len(inputs.nodes))
        claims = np.array(inputs.claims, dtype=np.float64)
        return np.clip(claims / max(float(np.median(claims)), 1.0), 0.0, MOST)

    def _harmful(
        self,
        inputs: RoundInputs,
        held: Sequence[bool],
        broken: Sequence[bool],
        medians: Sequence[str],
    ) -> Sequence[bool | None]:
        if self._difference:
            return held
        if self._validation is None:
            return [None] * len(inputs.nodes)
        return judge_harm(
            inputs.losses(medians), ~np.array(held, np.bool_), np.array(broken, np.bool_)
        )


def _held_against(rejection: Rejection | None) -> bool:
    return rejection is not None and rejection.strike


def _tied(inputs: RoundInputs, decision: Decision) -> list[bool]:
    """Say of each update whether it is left out though one that is kept is the very same.

    A rule that keeps a fixed number has to choose among equals, by their ids: that is no fault of
    those that it leaves out. The same where it keeps nobody: there is nobody to be far from. Equal
    scores prove nothing: a rule may reject by something else than its score.
    """
    if decision.kept.all():
        return [False] * len(inputs.nodes)
    twins = inputs.twins()
    kept = {twin for twin, good in zip(twins, decision.kept.tolist(), strict=True) if good}
    return [
        not good and reason is not Reason.NON_FINITE and (not kept or twin in kept)
        for twin, good, reason in zip(twins, decision.kept, decision.reasons, strict=True)
    ]
