"""Run one check on one subject: search, shrink, and say what was found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption

from bcfl_plugins.testing.checks import ALL, Check
from bcfl_plugins.testing.measure import Gauge, Violation
from bcfl_plugins.testing.results import CheckResult, Counterexample
from bcfl_plugins.testing.sources import regression

if TYPE_CHECKING:
    from bcfl_plugins.testing.cases import Case
    from bcfl_plugins.testing.subjects import Subject
    from bcfl_plugins.testing.tags import Profile

_LEAST = 4
"""Generated rounds with each kind of attack that even a slow subject gets."""


@dataclass(slots=True)
class _Last:
    """The last violation: what is left when a failure does not repeat."""

    violation: Violation | None = None


def applies(check: Check, subject: Subject) -> str:
    """Say why a check cannot be made, or return an empty string."""
    claims = subject.claims
    if check.claim is not None and getattr(claims, check.claim) in {None, False}:
        return f"not claimed; Tags({check.claim}=...) has it checked"
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
        return CheckResult(check.name, subject.name, "skipped", check.rule, reason=reason)
    gauge = Gauge()
    broken = _fixed(check, subject, profile, gauge) or _search(check, subject, profile, gauge)
    result = CheckResult(
        check.name,
        subject.name,
        "failed" if broken else "passed",
        check.rule,
        claim=check.claim,
        examples=gauge.cases,
        observed=gauge.observed,
        bound=gauge.bound,
    )
    return result if broken is None else _failed(result, check, subject, broken)


def run_all(subject: Subject, profile: Profile) -> list[CheckResult]:
    """Run every check."""
    return [run_check(check, subject, profile) for check in ALL]


def _failed(result: CheckResult, check: Check, subject: Subject, broken: Violation) -> CheckResult:
    example = Counterexample(
        broken.case, broken.problem, broken.output, broken.observed, broken.bound
    )
    return CheckResult(
        result.name,
        result.defense,
        "failed",
        result.rule,
        claim=result.claim,
        examples=result.examples,
        fix=check.fix,
        counterexample=example,
        regression=regression(check.name, subject.source, broken.case),
        observed=broken.observed if broken.observed is not None else result.observed,
        bound=broken.bound if broken.bound is not None else result.bound,
    )


def _fixed(check: Check, subject: Subject, profile: Profile, gauge: Gauge) -> Violation | None:
    if check.fixed is None:
        return None
    for case in check.fixed(subject, profile):
        gauge.start()
        try:
            _hold(check, subject, case, gauge)
        except Violation as violation:
            return violation
    return None


def _search(check: Check, subject: Subject, profile: Profile, gauge: Gauge) -> Violation | None:
    """Search with one kind of attack after the other: a drawn one could come up never."""
    for kind in check.kinds if check.cases is not None else ():
        broken = _search_kind(check, subject, profile, gauge, kind)
        if broken is not None:
            return broken
    return None


def _search_kind(
    check: Check, subject: Subject, profile: Profile, gauge: Gauge, kind: str
) -> Violation | None:
    assert check.cases is not None  # noqa: S101 - `_search` asked
    last = _Last()

    def probe(case: Case) -> None:
        gauge.start()
        try:
            _hold(check, subject, case, gauge)
        except Violation as violation:
            last.violation = violation
            raise
        if gauge.at_hand > 0:
            hypothesis.target(math.log2(gauge.at_hand))

    test = hypothesis.given(check.cases(subject, (kind,)))(probe)
    examples = profile.examples // (len(check.kinds) * subject.driver.slowness)
    test = _settings(max(_LEAST, examples), profile.seed)(test)
    if profile.seed is not None:
        test = hypothesis.seed(profile.seed)(test)
    try:
        test()
    except Violation as violation:
        return violation
    except Flaky:
        return _flaky(last)
    except Unsatisfiable:
        return None
    return None


def _hold(check: Check, subject: Subject, case: Case, gauge: Gauge) -> None:
    """Test one case; byzantine updates overflow, and that is no warning of ours."""
    with np.errstate(all="ignore"):
        check.test(subject, case, gauge)


def _flaky(last: _Last) -> Violation | None:
    """Return the failure that does not repeat: the subject is not deterministic."""
    if last.violation is not None:
        last.violation.problem += " (Not each time: the rule is not deterministic.)"
    return last.violation


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
