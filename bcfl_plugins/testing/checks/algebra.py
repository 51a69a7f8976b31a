"""Rules about arithmetic: what the result does when all updates are moved, scaled or repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import assume

from bcfl_plugins.testing.generators.generate import FINITE, TWIST, rounds
from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.search.check import Check, Kinds, only_ours
from bcfl_plugins.testing.search.measure import (
    Gauge,
    Violation,
    admissible,
    ask,
    batch_of,
    far,
    fingerprint,
    scale_of,
    slack,
    tight_slack,
)
from bcfl_plugins.testing.subjects.drivers import UpdateBatch

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from bcfl_plugins.testing.generators.cases import Case
    from bcfl_plugins.testing.generators.tape import Tape
    from bcfl_plugins.testing.subjects.subject import Subject

_SMALL = ("echo", "free", "mirror")
"""Attacks of numbers so small that a shift loses no digit of the honest ones."""


def _moved(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    """Draw rounds in general position: on a line even an exact geometric median is not unique."""
    shifts = (1.0, -1.0, 64.0, 1024.0, -1024.0)
    return rounds(
        subject.pairs,
        kinds=kinds,
        textures=("generic",),
        min_d=2,
        twist=lambda _case, tape: (tape.pick(TWIST, shifts),),
    )


def _translation(subject: Subject, case: Case, _gauge: Gauge) -> None:
    shift = case.twist[0]
    rows = case.rows()
    plain = ask(subject, case)
    moved = ask(subject, case, batch_of(case, (rows + shift).astype(rows.dtype)))
    wanted = moved.flat - shift
    scale = scale_of(case.heard())
    allowed = tight_slack(case, moved, scale.size + abs(shift)) + slack(case, moved, scale.size)
    if far(plain.flat, wanted) > allowed and not admissible(subject, case, wanted, allowed):
        raise Violation(
            f"Adding {shift:g} to all updates does not add it to the result.",
            case,
            output=f"{shown(plain.flat)}, then {shown(moved.flat)}",
            observed=far(plain.flat, wanted),
            bound=allowed,
        )


TRANSLATION = Check(
    "translation",
    "Adding one vector to all updates adds it to the result.",
    "Measure distances between updates, not from zero, or drop the tag: translation=False.",
    _translation,
    cases=_moved,
    kinds=_SMALL,
    tag="translation",
)


def _scaled(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    factors = (2.0, 2.0**-10, 2.0**10, 2.0**-30)
    return rounds(
        subject.pairs, kinds=kinds, twist=lambda _case, tape: (tape.pick(TWIST, factors),)
    )


def _scale(subject: Subject, case: Case, _gauge: Gauge) -> None:
    factor = case.twist[0]
    rows = case.rows()
    plain = ask(subject, case)
    grown = ask(subject, case, batch_of(case, (rows * factor).astype(rows.dtype)))
    wanted = grown.flat / factor
    allowed = slack(case, grown, scale_of(case.heard()).size)
    if far(plain.flat, wanted) > allowed and not admissible(subject, case, wanted, allowed):
        raise Violation(
            f"Multiplying all updates by {factor:g} does not multiply the result by it.",
            case,
            output=f"{shown(plain.flat)}, then {shown(grown.flat)}",
            observed=far(plain.flat, wanted),
            bound=allowed,
        )


SCALE = Check(
    "scale",
    "Multiplying all updates by a factor above zero multiplies the result by it.",
    "Make every threshold relative to the updates, or drop the tag: scale=False.",
    _scale,
    cases=_scaled,
    kinds=FINITE,
    tag="scale",
)


def _peace(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    return rounds([pair for pair in subject.pairs if pair[1] == 0], kinds=kinds)


def _no_peace(subject: Subject) -> str:
    return "" if any(f == 0 for _, f in subject.pairs) else "the rule answers no round with f = 0"


def _mean(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    scale = scale_of(case.heard())
    allowed = slack(case, answer, scale.size)
    distance = far(answer.flat, scale.mean)
    if distance > allowed:
        raise Violation(
            f"With f = 0 the result is not the mean, {shown(scale.mean)}.",
            case,
            output=shown(answer.flat),
            observed=distance,
            bound=allowed,
        )


MEAN = Check(
    "mean_without_byzantine",
    "With f = 0 the result is the mean of all updates.",
    "Reject nobody when f = 0, or drop the tag: mean_without_byzantine=False.",
    _mean,
    cases=_peace,
    tag="mean_without_byzantine",
    skip=_no_peace,
)


def _repeated(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    pairs = [pair for pair in subject.pairs if pair[1] == 0]
    return rounds(pairs, kinds=kinds, textures=("generic",), min_d=2, twist=_weights)


def _weights(case: Case, tape: Tape) -> tuple[float, ...]:
    return tuple(tape.pick(TWIST + place, (0.0, 1.0, 2.0, 3.0)) for place in range(case.n))


def _weighted(subject: Subject, case: Case, _gauge: Gauge) -> None:
    weights = tuple(case.twist)
    least = min(n for n, f in subject.pairs if f == 0)
    assume(sum(weights) >= least and sum(weight > 0 for weight in weights) >= least)
    rows = case.rows()
    repeated = np.repeat(rows, [int(weight) for weight in weights], axis=0)
    trusted = repeated.astype(np.float64).mean(axis=0)
    twice = ask(subject, case, UpdateBatch(repeated, 0, trusted, tuple(range(len(repeated)))))
    once = ask(subject, case, batch_of(case, weights=weights, trusted=trusted))
    allowed = slack(case, once, scale_of(case.heard()).size)
    if far(once.flat, twice.flat) > allowed:
        raise Violation(
            f"Weights {[int(weight) for weight in weights]} are not as many copies.",
            case,
            output=f"{shown(once.flat)}, copies give {shown(twice.flat)}",
            observed=far(once.flat, twice.flat),
            bound=allowed,
        )


WEIGHTED = Check(
    "weighted",
    "A weight of two is the same update twice, a weight of zero is its absence.",
    "Use the weights in the sum and in the selection, or drop the tag: weighted=False.",
    _weighted,
    cases=_repeated,
    tag="weighted",
    skip=lambda subject: only_ours(subject) or _no_peace(subject),
)


def _two_rounds(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    return rounds(
        subject.pairs,
        kinds=kinds,
        textures=("generic",),
        twist=lambda _case, tape: (tape.pick(TWIST, (1.0, 0.5, -1.0)),),
    )


def _memory(subject: Subject, case: Case, _gauge: Gauge) -> None:
    first = ask(subject, case)
    frozen = fingerprint(first.state)
    later = (case.rows() * case.twist[0]).astype(case.dtype)
    second = ask(subject, case, batch_of(case, later, state=first.state))
    replay = ask(subject, case, batch_of(case, later, state=first.state))
    if fingerprint(first.state) != frozen:
        raise Violation("It writes into the state that it returned in the round before.", case)
    if not np.array_equal(second.flat, replay.flat, equal_nan=True):
        raise Violation(
            "A round that is replayed from the same state gives another result.",
            case,
            output=f"{shown(second.flat)}, then {shown(replay.flat)}",
        )
    if not subject.tags.stateful and first.state is not None:
        raise Violation("It returns a state and does not claim to be stateful.", case)
    if subject.tags.stateful and first.state is None:
        raise Violation("It claims to be stateful and returns no state.", case)


STATE = Check(
    "state",
    "What lasts from round to round is in the state, and a replayed round gives the same.",
    "Return a new state instead of changing the old one; keep nothing in the rule itself.",
    _memory,
    cases=_two_rounds,
    kinds=FINITE,
    skip=only_ours,
)

ALGEBRA_CHECKS = (TRANSLATION, SCALE, MEAN, WEIGHTED, STATE)
__all__ = ["ALGEBRA_CHECKS"]
