"""Rules about calls: who is answered, who is refused, and what a call must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.testing.generators.cases import Case, shuffled
from bcfl_plugins.testing.generators.generate import (
    FINITE,
    NON_FINITE,
    ORDERS,
    OVERFLOW,
    TWIST,
    order,
    rounds,
)
from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.search.check import Check, Kinds, attacked, model_counts, only_ours
from bcfl_plugins.testing.search.measure import (
    Gauge,
    Violation,
    admissible,
    ask,
    batch_of,
    far,
    scale_of,
    slack,
    tight_slack,
)
from bcfl_plugins.testing.subjects.drivers import UpdateBatch
from bcfl_plugins.testing.subjects.subject import LARGEST, Crashed, Refused, Subject, harmless
from bcfl_plugins.testing.subjects.tags import Tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from bcfl_plugins.testing.subjects.drivers import Answer
    from bcfl_plugins.testing.subjects.tags import Profile


def _declared(subject: Subject, _profile: Profile) -> Iterator[Case]:
    for n, f in subject.declared():
        yield Case(harmless(n, f).rows, f=f)


def _answers(subject: Subject, case: Case, _gauge: Gauge) -> None:
    if (case.n, case.told) == subject.overdue:
        raise Violation("It takes too long: no more was tried of what it answers.", case)
    answer = ask(subject, case)
    if not np.isfinite(answer.flat).all():
        raise Violation("Its result is not finite.", case, output=shown(answer.flat))


ANSWERS = Check(
    "answers",
    "A rule answers every round that it says it tolerates.",
    "Say with max_byzantine(n) how many byzantine updates it tolerates among n, or answer.",
    _answers,
    fixed=_declared,
)


def _beyond(subject: Subject, _profile: Profile) -> Iterator[Case]:
    for n in range(1, LARGEST + 1):
        f = subject.max_byzantine(n) + 1
        if 0 < f <= n:
            yield Case(harmless(n, f).rows, f=f)
    yield Case(np.zeros((0, 2)), f=0)
    if subject.driver.kind != "defense":
        return
    for n, f in subject.pairs:
        if f + 1 < n:
            rows = harmless(n, f).rows
            yield Case(rows[f + 1 :], np.full((f + 1, 2), np.nan), f=f, attack="nan")


def _refuses(subject: Subject, case: Case, _gauge: Gauge) -> None:
    too_much = f"f = {case.told} among n = {case.n} updates"
    if not np.isfinite(case.byzantine).all():
        too_much = f"{len(case.byzantine)} updates that are not finite with f = {case.told}"
    elif case.n == 0:
        too_much = "a round without updates"
    try:
        answer = subject.ask(batch_of(case))
    except Refused:
        return
    except Crashed as crash:
        wanted = " or ".join(kind.__name__ for kind in subject.driver.refusals)
        raise Violation(
            f"It meets {too_much} with another error than {wanted}.", case, output=str(crash)
        ) from None
    raise Violation(f"It answers {too_much}.", case, output=shown(answer.flat))


def _abstains(subject: Subject) -> str:
    return "a plugin abstains where a rule refuses" if subject.driver.kind == "plugin" else ""


REFUSES = Check(
    "refuses",
    "A rule refuses what it does not tolerate, with an error that callers can catch.",
    "Raise ValueError (a Defense: TooFewUpdates) when f > max_byzantine(n) or n is too small.",
    _refuses,
    fixed=_beyond,
    skip=_abstains,
)


def _any_round(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    return rounds(subject.pairs, kinds=kinds)


def _finite(subject: Subject, case: Case, _gauge: Gauge) -> None:
    answer = ask(subject, case)
    if not np.isfinite(answer.flat).all():
        raise Violation("Its result is not finite.", case, output=shown(answer.flat))


FINITE_OUT = Check(
    "finite",
    "Finite updates give a finite result, however large f of them are.",
    "Accumulate in float64, subtract before squaring, and drop updates whose squares overflow.",
    _finite,
    cases=_any_round,
    kinds=(*FINITE, *OVERFLOW),
)


def _no_mutation(subject: Subject, case: Case, _gauge: Gauge) -> None:
    batch = batch_of(case)
    answer = ask(subject, case, batch)
    if answer.given is None:
        return
    before = batch.pack(subject.driver.forms[0])
    if not _same(before, answer.given):
        raise Violation("It changed the updates that it was given.", case)


def _same(before: Any, after: Any) -> bool:  # noqa: ANN401 - any form of updates
    if isinstance(before, dict):
        return list(before) == list(after) and all(_same(before[k], after[k]) for k in before)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(np.array_equal(before, after, equal_nan=before.dtype.kind == "f"))


def _owns_its_input(subject: Subject) -> str:
    kind = subject.driver.kind
    return f"a {kind} gets copies" if kind in {"plugin", "strategy"} else ""


NO_MUTATION = Check(
    "no_mutation",
    "A rule never writes into the updates that it was given.",
    "Copy an array before writing into it.",
    _no_mutation,
    cases=_any_round,
    kinds=(*FINITE, *NON_FINITE),
    skip=_owns_its_input,
)


def _deterministic(subject: Subject, case: Case, _gauge: Gauge) -> None:
    first = ask(subject, case)
    again = ask(subject, case)
    if not np.array_equal(first.flat, again.flat, equal_nan=True):
        raise Violation(
            "The same round gives another result the second time.",
            case,
            output=f"{shown(first.flat)}, then {shown(again.flat)}",
        )
    if not _same_decision(first, again):
        raise Violation("The same round is decided otherwise the second time.", case)


def _same_decision(first: Answer, again: Answer) -> bool:
    one, two = first.decision, again.decision
    if one is None or two is None:
        return one is two
    return bool(
        np.array_equal(one.kept, two.kept)
        and np.array_equal(one.weights, two.weights)
        and np.array_equal(one.scores, two.scores)
        and tuple(one.reasons) == tuple(two.reasons)
    )


DETERMINISTIC = Check(
    "deterministic",
    "The same round gives the same result, bit for bit.",
    "Draw from a generator seeded by a setting, and keep nothing between calls but the state.",
    _deterministic,
    cases=lambda subject, kinds: rounds(subject.pairs, kinds=kinds, textures=("generic", "plain")),
    kinds=FINITE,
)


def _in_any_order(subject: Subject, kinds: Kinds) -> SearchStrategy[Case]:
    """Draw rounds: with ties for rules of ours, which break them by id, and for who claims it.

    With the kind ``"echo"`` nobody is byzantine, and ties are sure: updates are mirror images.
    """
    tags = subject.tags
    ties = subject.driver.kind == "defense" or (isinstance(tags, Tags) and tags.ties)
    pairs = [(n, f) for n, f in (attacked(subject) or subject.pairs) if n > 1] or subject.pairs
    most, textures = (None, ("coarse", "plain")) if ties else (1, ("generic",))
    if ties and kinds == ("echo",):
        pairs = [(n, f) for n, f in pairs if n % 2 == 0] or pairs
        most, textures = 0, ("mirrored",)
    return rounds(
        pairs,
        kinds=kinds,
        textures=textures,
        count=None if most is None else (lambda f: min(f, most)),
        twist=lambda case, tape: order(tape.pick(TWIST, ORDERS), case.n),
    )


def _order(subject: Subject, case: Case, _gauge: Gauge) -> None:
    named = tuple(range(case.n))
    _same_in_order(subject, case, named)
    if subject.driver.kind == "defense" and not subject.tags.stateful:
        _same_in_order(subject, case, None)


def _same_in_order(subject: Subject, case: Case, ids: tuple[int, ...] | None) -> None:
    arrival = [int(place) for place in case.twist]
    batch = batch_of(case)
    rows = shuffled(case, arrival)
    moved = None if ids is None else tuple(ids[place] for place in arrival)
    one = ask(subject, case, UpdateBatch(case.rows(), case.told, batch.trusted, ids))
    two = ask(subject, case, UpdateBatch(rows, case.told, batch.trusted, moved))
    # A sum rounds by the size of what is added: here, and only here, byzantine updates count.
    allowed = tight_slack(case, one, scale_of(case.rows().astype(np.float64)).size)
    if far(one.flat, two.flat) > allowed:
        raise Violation(
            f"The result depends on the order of arrival; here {arrival}.",
            case,
            output=f"{shown(one.flat)}, then {shown(two.flat)}",
            observed=far(one.flat, two.flat),
            bound=allowed,
        )
    if one.decision is None or two.decision is None:
        return
    content = case.rows()
    for new, old in enumerate(arrival):
        twins = [
            i for i in range(case.n) if np.array_equal(content[i], content[old], equal_nan=True)
        ]
        if bool(two.decision.kept[new]) not in {bool(one.decision.kept[i]) for i in twins}:
            raise Violation(
                f"Whether an update is kept depends on the order of arrival; here {arrival}.",
                case,
                output=f"{one.decision.kept.tolist()}, then {two.decision.kept.tolist()}",
            )


ORDER = Check(
    "order",
    "The order in which updates arrive changes nothing.",
    "Break ties by node id or by content, never by position, and seed random choices by them.",
    _order,
    cases=_in_any_order,
    kinds=("free", "far", "library", "echo"),
)


def _reference(subject: Subject, case: Case, _gauge: Gauge) -> None:
    rows = case.rows()
    model = np.full(case.d, case.twist[0], rows.dtype)
    plain = ask(subject, case)
    honest = rows[~case.is_byzantine]
    trusted = (honest + model).astype(np.float64).mean(axis=0)
    batch = batch_of(case, rows + model, reference=model, trusted=trusted)
    moved = ask(subject, case, batch)
    size = scale_of(case.heard()).size + abs(case.twist[0])
    allowed = slack(case, plain, size)
    distance = far(moved.flat, plain.flat + case.twist[0])
    if distance > allowed and not admissible(subject, case, moved.flat - case.twist[0], allowed):
        raise Violation(
            "With a reference the result is not the reference plus the rule's delta.",
            case,
            output=f"{shown(moved.flat)}, without {shown(plain.flat)}",
            observed=distance,
            bound=allowed,
        )


REFERENCE = Check(
    "reference",
    "Given the model that went out, a rule judges deltas and returns a model.",
    "Subtract the reference in float64 before anything else, and add it at the end.",
    _reference,
    cases=lambda subject, kinds: rounds(
        subject.pairs,
        kinds=kinds,
        textures=("plain",),
        dtypes=("float64",),
        twist=lambda _case, tape: (tape.pick(TWIST, (0.0, 1.0, 64.0, -1024.0)),),
    ),
    kinds=("free", "echo"),
    skip=lambda subject: only_ours(subject) or model_counts(subject),
)

CONTRACT_CHECKS = (ANSWERS, REFUSES, FINITE_OUT, NO_MUTATION, DETERMINISTIC, ORDER, REFERENCE)
__all__ = ["CONTRACT_CHECKS"]
