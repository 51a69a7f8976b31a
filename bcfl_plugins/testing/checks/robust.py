"""Rules about attacks: how far f byzantine updates may move the result."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.reasons import Reason
from bcfl_plugins.testing.generators.cases import Case, large_case
from bcfl_plugins.testing.generators.generate import FINITE, NON_FINITE, OVERFLOW, rounds
from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.search.check import (
    Check,
    Kinds,
    attacked,
    model_counts,
    needs_byzantine,
)
from bcfl_plugins.testing.search.measure import (
    Gauge,
    Scale,
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

    from bcfl_plugins.defenses.base import Flags
    from bcfl_plugins.testing.subjects.drivers import Answer
    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import Profile

LEEWAY = 10.0
"""Honest spreads that a bounded rule may be moved by, times n / (n - 2f).

The published worst case of the geometric median is 2(n - f) / (n - 2f) spreads; no bounded rule
that we know needs more than half of this."""

_MANY_SUBSETS = 40


_SMALL = 1e-9
"""What a rule with a length of its own may be off by, such as one that divides by 1e-12 or more."""


def leeway(case: Case) -> float:
    """Return how many honest spreads a result may be off."""
    n, f = case.n, case.told
    return LEEWAY * (n / (n - 2 * f) if n > 2 * f else n)


def base(subject: Subject, scale: Scale) -> float:
    """Return the honest spread: about the mean, or about zero for rules that act on deltas."""
    return scale.radius if subject.tags.translation else scale.size


def _stay_near(subject: Subject, case: Case, gauge: Gauge, answer: Answer) -> None:
    scale = scale_of(case.heard())
    spread = base(subject, scale)
    distance = far(answer.flat, scale.mean)
    own = 0.0 if subject.tags.scale else _SMALL
    bound = leeway(case) * spread + slack(case, answer, scale.size) + own
    if spread > 0:
        gauge.see(distance / spread, leeway(case))
    if distance > bound:
        raise Violation(
            f"The result is {distance:.6g} away from the honest mean; the honest updates are "
            f"within {spread:.6g}.",
            case,
            output=shown(answer.flat),
            observed=distance,
            bound=bound,
        )


def _bounded(subject: Subject, case: Case, gauge: Gauge) -> None:
    _stay_near(subject, case, gauge, ask(subject, case))


def _attacked(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    return rounds(attacked(subject), kinds=kinds)


def _bounded_by_spread(subject: Subject) -> str:
    if not subject.tags.scale and subject.driver.kind == "defense":
        return "the rule has a length of its own (no tag scale); `breakdown` holds it"
    return needs_byzantine(subject)


BOUNDED = Check(
    "bounded",
    "However f updates are chosen, the result stays within a multiple of the honest spread.",
    "Give a single update no more than a bounded share, or drop the tag: bounded=False.",
    _bounded,
    cases=_attacked,
    kinds=FINITE,
    tag="bounded",
    skip=_bounded_by_spread,
)

OVERFLOWING = Check(
    "overflow",
    "Updates that are finite but too large to square move the result no more than others do.",
    "Drop updates whose squared length is not finite before any arithmetic; count them against f.",
    _bounded,
    cases=_attacked,
    kinds=OVERFLOW,
    tag="bounded",
    skip=_bounded_by_spread,
)


def _non_finite(subject: Subject, case: Case, gauge: Gauge) -> None:
    answer = ask(subject, case)
    if not np.isfinite(answer.flat).all():
        raise Violation(
            "Updates that are not finite reach the result.", case, output=shown(answer.flat)
        )
    broken: Flags = np.asarray(~np.isfinite(case.rows()).all(axis=1))
    if broken.any() and subject.tags.bounded and not _bounded_by_spread(subject):
        _stay_near(subject, case, gauge, answer)
    decision = answer.decision
    if decision is None:
        return
    _as_without(subject, case, answer, broken)
    for place in np.flatnonzero(broken).tolist():
        if decision.kept[place] or decision.reasons[place] is not Reason.NON_FINITE:
            raise Violation(
                f"Update {place} is not finite, and the decision does not say so.",
                case,
                output=f"kept {bool(decision.kept[place])}, {decision.reasons[place]!r}",
            )


def _as_without(subject: Subject, case: Case, answer: Answer, broken: Flags) -> None:
    """Hold a rule of ours to the answer that it gives when those updates never came."""
    left = case.told - int(broken.sum())
    if subject.driver.kind != "defense" or left < 0:
        return
    whole = batch_of(case)
    ids = tuple(np.flatnonzero(~broken).tolist())
    less = replace(whole, rows=whole.rows[~broken], f=left, ids=ids)
    wanted = ask(subject, case, less)
    distance = far(answer.flat, wanted.flat)
    allowed = slack(case, answer, scale_of(case.heard()).size)
    if distance > allowed:
        raise Violation(
            "The result is not that of the finite updates with an f less by the others.",
            case,
            output=f"{shown(answer.flat)}, without them {shown(wanted.flat)}",
            observed=distance,
            bound=allowed,
        )


NOT_FINITE = Check(
    "non_finite",
    "Up to f updates with NaN or infinity are dropped: they neither spread nor stop the round.",
    "Drop rows that are not all finite first, and count them against f: 0 * NaN is NaN.",
    _non_finite,
    cases=_attacked,
    kinds=(*NON_FINITE, "bits"),
    skip=needs_byzantine,
)


def _ladder(subject: Subject, _profile: Profile) -> Iterator[Case]:
    """Byzantine updates far out: together, to both sides, each farther than the one before.

    The twist is the factor that brings them back to 1e3.
    """
    for n, f in attacked(subject):
        rng = np.random.Generator(np.random.PCG64(100 * n + f))
        honest = np.round(1 + rng.normal(size=(n - f, 2)), 2)
        alike = np.ones((f, 1))
        both = np.where(np.arange(f) % 2, 1.0, -1.0)[:, None]
        steps = 0.1 ** np.arange(f)[:, None]
        for magnitude, way in itertools.product((1e6, 1e12, 1e30), (alike, both, steps)):
            rows = honest.mean(axis=0) + magnitude * way
            yield Case(honest, rows, attack="far", twist=(1e3 / magnitude,))


def _breakdown(subject: Subject, case: Case, gauge: Gauge) -> None:
    scale = scale_of(case.heard())
    near = replace(case, byzantine=scale.mean + (case.byzantine - scale.mean) * case.twist[0])
    answer = ask(subject, case)
    distance = far(answer.flat, ask(subject, near).flat)
    bound = leeway(case) * base(subject, scale) + slack(case, answer, scale.size)
    gauge.see(distance, bound)
    if distance > bound:
        raise Violation(
            "The farther byzantine updates are, the farther they move the result.",
            case,
            output=shown(answer.flat),
            observed=distance,
            bound=bound,
        )


BREAKDOWN = Check(
    "breakdown",
    "Byzantine updates at 1e6, 1e12 or 1e30 move the result no farther than those at 1e3 do.",
    "Cap or drop far updates before they enter a sum, or drop the tag: bounded=False.",
    _breakdown,
    fixed=_ladder,
    tag="bounded",
    skip=needs_byzantine,
)


def _kappa(subject: Subject, case: Case, gauge: Gauge) -> None:
    published = subject.tags.kappa
    if published is None or case.n <= 2 * case.told:
        return
    bound = published(case.n, case.told)
    answer = ask(subject, case)
    rows = case.rows().astype(np.float64)
    size = scale_of(case.heard()).size
    for chosen in _subsets(case):
        some = rows[list(chosen)]
        with np.errstate(over="ignore", invalid="ignore"):
            mean = some.mean(axis=0)
            variance = float(((some - mean) ** 2).sum(axis=1).mean())
        if not math.isfinite(variance) or not np.isfinite(mean).all():
            continue
        distance = far(answer.flat, mean)
        allowed = math.sqrt(bound * variance) + slack(case, answer, max(size, _size(some)))
        if variance > (1e-6 * size) ** 2:
            gauge.see(distance**2 / variance, bound)
        if distance > allowed:
            raise Violation(
                f"With the updates {list(chosen)} as the honest ones, the squared distance from "
                f"their mean is more than kappa = {bound:.4g} times their variance.",
                case,
                output=shown(answer.flat),
                observed=distance**2,
                bound=bound * variance,
            )


def _size(rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.linalg.norm(rows, axis=1).max())


def _subsets(case: Case) -> list[tuple[int, ...]]:
    """Return the honest updates, and all other sets of n - f when there are few of them."""
    honest = tuple(np.flatnonzero(~case.is_byzantine).tolist())
    size = case.n - case.told
    if math.comb(case.n, size) > _MANY_SUBSETS:
        return [honest[:size]]
    return list(itertools.combinations(range(case.n), size))


KAPPA = Check(
    "kappa",
    "(f, kappa)-robust: for any n - f updates, the squared distance of the result from their mean "
    "is at most kappa times their variance (Allouah et al., AISTATS 2023).",
    "Solve more exactly, correct the bound, or drop the tag: kappa=None.",
    _kappa,
    cases=lambda subject, kinds: rounds(subject.pairs, kinds=kinds),
    kinds=FINITE,
    tag="kappa",
)


def _box(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    honest = case.heard()
    size = float(np.abs(honest).max(initial=0))
    room = slack(case, answer, size)
    low, high = honest.min(axis=0), honest.max(axis=0)
    outside = np.maximum(low - answer.flat, answer.flat - high)
    if not (outside <= room).all():
        worst = int(np.argmax(outside))
        raise Violation(
            f"Coordinate {worst} lies outside the honest range [{low[worst]:.6g}, "
            f"{high[worst]:.6g}].",
            case,
            output=shown(answer.flat),
            observed=float(outside[worst]),
            bound=room,
        )


BOX = Check(
    "box",
    "Each coordinate of the result lies between the least and the greatest honest one.",
    "Trim f values on each side, or drop the tag: box=False.",
    _box,
    cases=lambda subject, kinds: rounds(subject.pairs, kinds=kinds),
    kinds=(*FINITE, *OVERFLOW),
    tag="box",
)


def _unanimous(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    return rounds(subject.pairs, kinds=kinds, textures=("plain", "tight")).map(
        lambda case: replace(case, honest=np.tile(case.honest[:1], (len(case.honest), 1)))
    )


def _unanimity(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    agreed = case.heard()[0]
    allowed = slack(case, answer, float(np.linalg.norm(agreed)))
    distance = far(answer.flat, agreed)
    if distance > allowed:
        raise Violation(
            "All honest updates are equal, and the result is another.",
            case,
            output=shown(answer.flat),
            observed=distance,
            bound=allowed,
        )


UNANIMITY = Check(
    "unanimity",
    "If all honest updates are equal, the result is that update.",
    "Iterate until it converges, use no absolute threshold, or drop the tag: unanimity=False.",
    _unanimity,
    cases=_unanimous,
    kinds=(*FINITE, *OVERFLOW),
    tag="unanimity",
)

ROUNDED = 0.02
"""Honest spreads that rounding a model of `RATIO` to float32 may cost."""

RATIO = 1e4
"""Length of the model over that of an update: an ordinary fine-tuning round."""


def _fine_tuning(subject: Subject, _profile: Profile) -> Iterator[Case]:
    f = min(4, subject.max_byzantine(20))
    for seed, size in itertools.product((0, 1), (5.0, 1.5)):
        yield large_case(seed=seed, n=20, f=f, d=2000, size=size)


def _cancellation(subject: Subject, case: Case, _gauge: Gauge) -> None:
    rng = np.random.Generator(np.random.PCG64(7))
    deltas = case.rows()
    model = (RATIO * rng.normal(size=case.d)).astype(np.float32)
    models = (model + deltas).astype(np.float32)
    exact = models.astype(np.float64) - model
    honest = exact[~case.is_byzantine]
    wanted = ask(subject, case, batch_of(case, exact))
    ways = []
    if subject.driver.kind == "defense":
        trusted = honest.mean(axis=0) + model
        ways.append(batch_of(case, models, reference=model, trusted=trusted))
    if subject.tags.translation:
        ways.append(batch_of(case, models))
    radius = scale_of(honest).radius
    for batch in ways:
        distance = far(ask(subject, case, batch).flat - model, wanted.flat)
        if distance > ROUNDED * radius:
            raise Violation(
                f"Adding a model {RATIO:.0e} times as long as the updates changes the result by "
                f"{distance / radius:.2g} honest spreads.",
                case,
                output="models in float32 against the same updates without the model in float64",
                observed=distance,
                bound=ROUNDED * radius,
            )


def _moves_models(subject: Subject) -> str:
    if subject.driver.kind == "plugin":
        return "a plugin gets the reference beside the updates, as models"
    if subject.driver.kind == "defense" or subject.tags.translation:
        taken = subject.max_byzantine(20) >= 0
        return model_counts(subject) if taken else "the rule does not take 20 updates"
    return "the rule acts on deltas and takes no reference (no tag translation)"


CANCELLATION = Check(
    "cancellation",
    "A large common model under the updates changes nothing but the model.",
    "Subtract the model, or the mean, in float64 before taking distances; never square models.",
    _cancellation,
    fixed=_fine_tuning,
    skip=_moves_models,
)

ROBUST_CHECKS = (
    NOT_FINITE, BOUNDED, OVERFLOWING, BREAKDOWN, KAPPA, BOX, UNANIMITY, CANCELLATION,
)  # fmt: skip
__all__ = ["ROBUST_CHECKS"]
