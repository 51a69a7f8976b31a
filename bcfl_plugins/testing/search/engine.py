"""Run one check on one subject: search, shrink, and say what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption

from bcfl_plugins.testing.results import CheckResult, Counterexample
from bcfl_plugins.testing.search.measure import Gauge, Violation
from bcfl_plugins.testing.subjects.patience import Patience, TookTooLong, within
from bcfl_plugins.testing.subjects.sources import regression

if TYPE_CHECKING:
    from bcfl_plugins.testing.generators.cases import Case
    from bcfl_plugins.testing.search.check import Check
    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import Profile

_LEAST = 4
"""Generated rounds with each kind of attack that even a slow subject gets."""

_TOO_SLOW = (
    "Bound its iterations. A rule that is right but slow gets more time: Profile(..., seconds=)."
)


def applies(check: Check, subject: Subject) -> str:
    """Say why a check cannot be made, or return an empty string."""
    tags = subject.tags
    if check.tag is not None and getattr(tags, check.tag) in {None, False}:
        return f"not claimed; Tags({check.tag}=...) has it checked"
    if not subject.pairs and check.name not in {"answers", "refuses"}:
        return "it answers no round of up to nine updates"
    return check.skip(subject)


def run_check(check: Check, subject: Subject, profile: Profile) -> CheckResult:
    """Run one check.

    Parameters
    ----------
    check : Check
        The rule.
    subject : Subject
        Who is held to it.
    profile : Profile
        How hard to try.

    Returns
    -------
    CheckResult
        ``passed``, ``failed`` or ``skipped``.
    """
    reason = applies(check, subject)
    if reason:
        return CheckResult(check.name, "skipped", check.rule, defense=subject.name, reason=reason)
    trial = _Trial(check, subject, profile)
    try:
        broken = within(profile.seconds, trial.run)
    except TookTooLong:
        return trial.overdue()
    return trial.result() if broken is None else trial.failure(broken)


@dataclass(slots=True)
class _Trial:
    """One run of a check: what it has tried, and what is at hand."""

    check: Check
    subject: Subject
    profile: Profile
    gauge: Gauge = field(default_factory=Gauge)
    patience: Patience = field(default_factory=lambda: Patience(math.inf))
    case: Case | None = None
    begun: float = 0.0
    violation: Violation | None = None
    """The last one: what is left when a failure does not repeat, or the time is over."""

    def run(self, patience: Patience) -> Violation | None:
        """Search until a case breaks the rule."""
        self.patience = patience
        return self._fixed() or self._search()

    def result(self) -> CheckResult:
        """Return that the rule was kept."""
        return CheckResult(
            self.check.name,
            "passed",
            self.check.rule,
            defense=self.subject.name,
            tag=self.check.tag,
            examples=self.gauge.cases,
            observed=self.gauge.observed,
            bound=self.gauge.bound,
        )

    def failure(self, broken: Violation) -> CheckResult:
        """Return how the rule was broken."""
        example = Counterexample(
            broken.case, broken.problem, broken.output, broken.observed, broken.bound
        )
        return replace(
            self.result(),
            status="failed",
            fix=self.check.fix,
            counterexample=example,
            regression=regression(self.check.name, self.subject.source, broken.case),
            observed=self.gauge.observed if broken.observed is None else broken.observed,
            bound=self.gauge.bound if broken.bound is None else broken.bound,
        )

    def overdue(self) -> CheckResult:
        """Return that the time was over: with the violation at hand, or the round."""
        if self.violation is not None:
            self.violation.problem += " (The time was over before it was the smallest round.)"
            return self.failure(self.violation)
        limit = f"{self.profile.seconds:g} s"
        late = replace(self.result(), status="failed", fix=_TOO_SLOW)
        if self.case is None:
            return replace(late, problem=f"The check took longer than {limit}.")
        stuck = self.patience.spent - self.begun > self.profile.seconds / 2
        tried = "this round alone" if stuck else f"{self.gauge.cases} rounds, of which this is one"
        example = Counterexample(self.case, f"It took longer than {limit}: {tried}.")
        code = regression(self.check.name, self.subject.source, self.case) if stuck else ""
        return replace(late, counterexample=example, regression=code)

    def _fixed(self) -> Violation | None:
        if self.check.fixed is None:
            return None
        for case in self.check.fixed(self.subject, self.profile):
            try:
                self._hold(case)
            except Violation as violation:
                return violation
        return None

    def _search(self) -> Violation | None:
        """Search with one kind of attack after the other: a drawn one could come up never."""
        for kind in self.check.kinds if self.check.cases is not None else ():
            broken = self._search_kind(kind)
            if broken is not None:
                return broken
        return None

    def _search_kind(self, kind: str) -> Violation | None:
        assert self.check.cases is not None  # noqa: S101 - `_search` asked
        test = hypothesis.given(self.check.cases(self.subject, (kind,)))(self._probe)
        share = len(self.check.kinds) * self.subject.driver.slowness
        seed = self.profile.seed
        test = _settings(max(_LEAST, self.profile.examples // share), seed)(test)
        if seed is not None:
            test = hypothesis.seed(seed)(test)
        try:
            test()
        except Violation as violation:
            return violation
        except Flaky:
            return self._flaky()
        except Unsatisfiable:
            return None
        return None

    def _probe(self, case: Case) -> None:
        self._hold(case)
        if self.gauge.at_hand > 0:
            hypothesis.target(math.log2(self.gauge.at_hand))

    def _hold(self, case: Case) -> None:
        self.patience.look()
        self.case, self.begun = case, self.patience.spent
        self.gauge.start()
        try:
            _hold(self.check, self.subject, case, self.gauge)
        except Violation as violation:
            self.violation = violation
            raise

    def _flaky(self) -> Violation | None:
        """Return the failure that does not repeat: the subject is not deterministic."""
        if self.violation is not None:
            self.violation.problem += " (Not each time: the rule is not deterministic.)"
        return self.violation


def _hold(check: Check, subject: Subject, case: Case, gauge: Gauge) -> None:
    """Test one case; byzantine updates overflow, and that is no warning of ours."""
    with np.errstate(all="ignore"):
        check.test(subject, case, gauge)


def _settings(examples: int, seed: int | None) -> Any:  # noqa: ANN401 - hypothesis's settings
    return hypothesis.settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def replayed(check: Check, subject: Subject, case: Case) -> None:
    """Hold a subject to one rule on one case.

    Raises
    ------
    Violation
        If the case breaks the rule.
    """
    try:
        _hold(check, subject, case, Gauge())
    except UnsatisfiedAssumption:
        return
