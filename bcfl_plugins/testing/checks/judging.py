"""Rules about decisions: who is kept, with what share, and how often honest updates are not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import assume

from bcfl_plugins.reasons import Reason
from bcfl_plugins.testing.generators.cases import large_case
from bcfl_plugins.testing.generators.generate import TWIST, rounds
from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.search.check import Check, Kinds, attacked, needs_byzantine
from bcfl_plugins.testing.search.measure import (
    Gauge,
    Violation,
    ask,
    batch_of,
    far,
    scale_of,
    slack,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from bcfl_plugins.defenses.base import Decision
    from bcfl_plugins.testing.generators.cases import Case
    from bcfl_plugins.testing.generators.tape import Tape
    from bcfl_plugins.testing.subjects.drivers import Answer
    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import Profile

_ROUNDING = 1e-9
_CROWD = 3

ERRORS = 4
"""Standard errors of the mean above the claim before a rate counts as too high.

A rule that is exactly at its claim fails one run in 30 000; the rounds are the same each time."""


def decides(subject: Subject) -> str:
    """Skip objects that give a result and no decision."""
    silent = subject.driver.kind not in {"defense", "plugin"}
    return "it gives no Decision, so nobody can tell whom it kept" if silent else ""


def _decision(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    decision = answer.decision
    if decision is None:
        raise Violation("It gives no Decision.", case)
    problem = _inconsistent(decision, case.n)
    if problem:
        raise Violation(problem, case, output=repr(decision))
    weights = decision.weights
    if len(weights):
        used = weights > 0
        rows = case.rows()[used].astype(np.float64)
        parts = weights[used, None] * rows
        rounding = float(np.abs(parts).sum()) * 1e-6
        allowed = slack(case, answer, scale_of(case.heard()).size) + rounding
        if far(parts.sum(axis=0), answer.flat) > allowed:
            raise Violation(
                f"The shares {shown(weights)} of the updates do not make up the result.",
                case,
                output=f"{shown(answer.flat)}; the shares give {shown(parts.sum(axis=0))}",
            )


def _inconsistent(decision: Decision, n: int) -> str:
    """Say what contradicts itself in a decision about n updates; empty when nothing does."""
    weights, kept, scores = decision.weights, decision.kept, decision.scores
    shares = {
        "a share in Decision.weights is negative or not finite": (
            not np.isfinite(weights).all() or (weights < 0).any()
        ),
        f"the shares sum to {weights.sum():.6g}, more than one": weights.sum() > 1 + _ROUNDING,
    }
    whole = {
        f"Decision.kept is not {n} flags": kept.shape != (n,) or kept.dtype != np.bool_,
        f"Decision.weights is neither {n} numbers nor empty": weights.shape not in {(n,), (0,)},
        f"Decision.scores is not {n} finite numbers": (
            scores.shape != (n,) or not np.isfinite(scores).all()
        ),
        f"Decision.reasons is not {n} reasons": len(decision.reasons) != n,
    }
    broken = [problem for problem, is_so in (whole | shares).items() if is_so]
    if broken:
        return f"In the decision, {broken[0]}."
    if len(weights) and (weights[~kept] != 0).any():
        return "An update that is not kept has a share."
    wrong = [
        place
        for place, reason in enumerate(decision.reasons)
        if bool(kept[place]) != (reason is Reason.NONE)
    ]
    return f"Update {wrong[0]} is kept and has a reason, or neither." if wrong else ""


DECISION = Check(
    "decision",
    "A decision is complete and agrees with the result: flags, shares, finite scores, reasons.",
    "Build the decision from the same numbers as the result.",
    _decision,
    cases=lambda subject, kinds: rounds(subject.pairs, kinds=kinds),
    kinds=("far", "free", "library", "nan", "mixed"),
    skip=decides,
)


def _by_direction(subject: Subject) -> bool:
    """Say whether a rule looks at directions, or has no bound: far is not wrong to it."""
    return not (subject.tags.translation and subject.tags.bounded)


def _no_crowd(subject: Subject) -> str:
    crowds = any(n > _CROWD for n, _ in attacked(subject))
    return "" if crowds else "the rule tolerates no byzantine update among 4 to 9"


def _far_out(subject: Subject, _kinds: Kinds) -> SearchStrategy[Case]:
    """Draw outliers: far from the others; for rules by direction one that points the other way."""
    if _by_direction(subject):
        pairs = [(n, f) for n, f in attacked(subject) if n > _CROWD]
        lone = rounds(pairs, kinds=("echo",), textures=("tight",), count=lambda _f: 1)
        return lone.map(_opposed)
    return rounds(attacked(subject), kinds=("free",), count=lambda f: f, twist=_farther_out).map(
        _placed
    )


def _farther_out(_case: Case, tape: Tape) -> tuple[float, ...]:
    """Read how far out, to which side, and whether every other one is on the other side."""
    sides = (1.0, -1.0)
    return (
        tape.pick(TWIST, (1e3, 1e6, 1e12)),
        tape.pick(TWIST + 1, sides),
        tape.pick(TWIST + 2, sides),
    )


def _opposed(case: Case) -> Case:
    """Make the byzantine update point away from the honest ones, ten thousand times as long."""
    return replace(case, byzantine=[-1e4 * scale_of(case.honest).mean], attack="opposed")


def _placed(case: Case) -> Case:
    """Put the byzantine updates far from the honest ones, each farther than the one before."""
    scale = scale_of(case.honest)
    distance, sign, other = case.twist
    step = distance * max(scale.radius, scale.size, 1.0)
    rows = np.empty_like(case.byzantine)
    for place in range(len(rows)):
        side = sign if place % 2 == 0 else sign * other
        rows[place] = scale.mean + side * step * (1 + place)
    return replace(case, byzantine=rows, attack="far", twist=())


def _selects(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    decision = _judged(answer, case)
    outliers = np.flatnonzero(case.is_byzantine).tolist()
    kept = [place for place in outliers if decision.kept[place]]
    if kept:
        raise Violation(
            f"Updates {kept} lie more than a thousand honest spreads out, and it keeps them.",
            case,
            output=f"kept {decision.kept.tolist()}",
        )


def _judged(answer: Answer, case: Case) -> Decision:
    if answer.decision is None:
        raise Violation("It gives no Decision.", case)
    return answer.decision


SELECTS = Check(
    "selects",
    "A rule that selects rejects updates a thousand spreads out; a rule that looks at directions "
    "rejects one that is opposed to all others and ten thousand times as long.",
    "Reject by distance or direction from the majority, or drop the tag: selects=False.",
    _selects,
    cases=_far_out,
    tag="selects",
    skip=lambda subject: decides(subject) or _no_crowd(subject),
)


def _one_leaves(subject: Subject, _kinds: Kinds) -> SearchStrategy[Case]:
    return rounds(
        attacked(subject),
        kinds=("free",),
        textures=("generic", "plain"),
        count=lambda _f: 1,
        twist=lambda _case, tape: (
            tape.pick(TWIST, (3.0, 5.0, 30.0)),
            tape.pick(TWIST + 1, (2.0, 10.0, 1e4)),
        ),
    )


def _monotone(subject: Subject, case: Case, _gauge: Gauge) -> None:
    scale = scale_of(case.honest)
    away = case.byzantine[0] - scale.mean
    length = float(np.linalg.norm(away))
    assume(length > 0 and scale.radius > 0)
    start, growth = case.twist
    way = away / length * scale.radius
    near = replace(case, byzantine=[scale.mean + start * way], attack="leaving")
    farther = replace(near, byzantine=[scale.mean + start * growth * way])
    place = near.at[0]
    one = _share(_judged(ask(subject, near), near), place)
    two = _share(_judged(ask(subject, farther), farther), place)
    if two > one + _ROUNDING:
        raise Violation(
            f"The byzantine update moves {growth:g} times as far away, and its share rises.",
            near,
            output=f"share {one:.6g}, then {two:.6g}",
            observed=two,
            bound=one,
        )


def _share(decision: Decision, place: int) -> float:
    """Return the share of an update; for rules without shares, whether it is kept."""
    kept = float(decision.kept[place])
    return float(decision.weights[place]) if len(decision.weights) else kept


MONOTONE = Check(
    "monotone",
    "An update that moves farther from all others never gains a share.",
    "Let the share fall with the distance, or drop the tag: monotone=False.",
    _monotone,
    cases=_one_leaves,
    tag="monotone",
    skip=lambda subject: decides(subject) or needs_byzantine(subject),
)


def _nobody_attacks(subject: Subject, profile: Profile) -> Iterator[Case]:
    f = min(4, subject.max_byzantine(20))
    if f >= 0:
        first = 0 if profile.seed is None else (profile.seed + 1) * profile.rounds
        twist = (float(profile.rounds), float(first))
        yield large_case(seed=first, n=20, f=0, d=50, told=f, twist=twist)


def _false_rejection(subject: Subject, case: Case, gauge: Gauge) -> None:
    most = subject.tags.false_rejection
    if most is None:
        return
    shares = []
    count, first = map(int, case.twist)
    for seed in range(first, first + count):
        one = large_case(seed=seed, n=case.n, f=0, d=case.d, told=case.told)
        kept = _judged(ask(subject, one, batch_of(one)), one).kept
        shares.append(1 - float(kept.mean()))
    rate = float(np.mean(shares))
    error = float(np.std(shares)) / math.sqrt(len(shares))
    bound = most + ERRORS * error + _ROUNDING
    gauge.see(rate, max(most, _ROUNDING))
    if rate > bound:
        raise Violation(
            f"It rejects {rate:.2%} of honest updates when nobody attacks, {ERRORS} standard "
            f"errors above the {most:.2%} that it claims ({len(shares)} rounds).",
            case,
            observed=rate,
            bound=bound,
        )


FALSE_REJECTION = Check(
    "false_rejection",
    "Without an attack no greater share of equally distributed honest updates is rejected than "
    "claimed.",
    "Raise the threshold, or claim the rate that it has: false_rejection=...",
    _false_rejection,
    fixed=_nobody_attacks,
    tag="false_rejection",
    skip=decides,
)

JUDGING_CHECKS = (DECISION, SELECTS, MONOTONE, FALSE_REJECTION)
__all__ = ["JUDGING_CHECKS"]
