"""Rules about the form of updates: arrays keep their names, order, shapes and dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.testing.generators.cases import Case
from bcfl_plugins.testing.generators.generate import rounds
from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.search.check import Check, only_ours
from bcfl_plugins.testing.search.measure import (
    Gauge,
    Violation,
    ask,
    batch_of,
    far,
    scale_of,
    tight_slack,
)
from bcfl_plugins.testing.subjects.drivers import Part
from bcfl_plugins.testing.subjects.subject import Crashed, Refused, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.testing.subjects.tags import Form, Profile

_PARTS = (Part("w", (2, 1)), Part("a", (1,)), Part("head.b", (3,)))
"""Names out of alphabetical order: sorting them mixes arrays up."""

_ODD = (Part("w", (2,)), Part("zero_d", ()), Part("empty", (0, 3)), Part("wide", (1, 1, 2)))
_WHOLE = (Part("w", (2,)), Part("count", (), "int64"), Part("small", (2,), "int32"))
_SPOILS = ("shape", "scalar", "name", "missing")


def _pair(subject: Subject) -> tuple[int, int]:
    """Return the most ordinary round that the subject answers."""
    return max(subject.pairs, key=lambda pair: (pair[1] == 1, pair[0]))


def _honest(n: int, d: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.Generator(np.random.PCG64(n))
    return np.round(1 + rng.normal(size=(n, d)), 2)


def _forms(subject: Subject) -> tuple[Form, ...]:
    return subject.driver.forms


def _dtypes(subject: Subject, _profile: Profile) -> Iterator[Case]:
    n, f = _pair(subject)
    for form in range(len(_forms(subject))):
        for dtype in ("float64", "float32", "float16"):
            yield Case(_honest(n, 6), f=f, dtype=dtype, twist=(form,))


def _differs(wanted: Any, got: Any) -> str:  # noqa: ANN401 - one update in any form
    """Say in what a result is not of the form of one update."""
    if isinstance(wanted, dict):
        if list(wanted) != list(got):
            return f"the arrays {list(got)} in place of {list(wanted)}"
        pieces = [(f"array {name!r}", wanted[name], got[name]) for name in wanted]
    elif isinstance(wanted, list):
        if len(wanted) != len(got):
            return f"{len(got)} arrays in place of {len(wanted)}"
        pieces = [
            (f"array {i}", one, two) for i, (one, two) in enumerate(zip(wanted, got, strict=True))
        ]
    else:
        pieces = [("the array", wanted, got)]
    for name, one, two in pieces:
        shape, dtype = getattr(two, "shape", None), getattr(two, "dtype", type(two).__name__)
        if shape != one.shape:
            return f"{name} of shape {shape} in place of {one.shape}"
        if str(dtype).removeprefix("torch.") != str(one.dtype):
            return f"{name} of {dtype} in place of {one.dtype}"
    return ""


def _keeps(subject: Subject, case: Case, parts: tuple[Part, ...]) -> None:
    form = _forms(subject)[int(case.twist[0])]
    batch = batch_of(case, parts=parts, form=form)
    answer = ask(subject, case, batch)
    problem = _differs(batch.shape_row(case.rows()[0], form), answer.raw)
    if problem:
        raise Violation(f"The result has {problem} (updates given as {form}).", case)


FORM = Check(
    "form",
    "The result has the names, order, shapes and dtypes of one update.",
    "Compute in float64 and cast the result back; go through arrays in the order of the update.",
    lambda subject, case, _gauge: _keeps(subject, case, _PARTS),
    fixed=_dtypes,
)


def _only_layers(subject: Subject) -> str:
    layered = any(form != "matrix" for form in _forms(subject))
    return "" if layered else "the rule takes one (n, d) matrix (Tags(form=...) says otherwise)"


def _layered(subject: Subject, d: int) -> Iterator[Case]:
    n, f = _pair(subject)
    for place, form in enumerate(_forms(subject)):
        if form != "matrix":
            yield Case(_honest(n, d), f=f, twist=(place,))


ODD_SHAPES = Check(
    "odd_shapes",
    "Arrays without axes and arrays without elements come back as they are.",
    "Wrap results in np.asarray(..., dtype) with the shape of the update.",
    lambda subject, case, _gauge: _keeps(subject, case, _ODD),
    fixed=lambda subject, _profile: _layered(subject, 5),
    skip=_only_layers,
)


def _whole(subject: Subject, case: Case, _gauge: Gauge) -> None:
    _keeps(subject, case, _WHOLE)
    form = _forms(subject)[int(case.twist[0])]
    rows = case.rows()
    rows[:, 2:] = (7, -3, 40)
    answer = ask(subject, case, batch_of(case, rows, parts=_WHOLE, form=form))
    if not np.array_equal(answer.flat[2:], [7, -3, 40]):
        raise Violation(
            "All updates hold the integers 7, -3 and 40; the result does not.",
            case,
            output=shown(answer.flat[2:]),
        )
    _hold_integers(subject, case, form)


def _hold_integers(subject: Subject, case: Case, form: Form) -> None:
    """Let f updates that are far out send integers that are far out as well."""
    tags = subject.tags
    if subject.driver.kind != "defense" or not (tags.bounded and tags.translation):
        return
    rows = case.rows()
    honest = case.n - case.told
    rows[:, 2:] = np.arange(case.n)[:, None] + (7, -3, 40)
    for sign in (1, -1):
        rows[honest:] = sign * 1e6
        answer = ask(subject, case, batch_of(case, rows, parts=_WHOLE, form=form))
        low, high = rows[:honest, 2:].min(axis=0), rows[:honest, 2:].max(axis=0)
        if (answer.flat[2:] < low).any() or (answer.flat[2:] > high).any():
            raise Violation(
                f"f updates hold the integer {sign * 1_000_000}; the result leaves the honest "
                f"range from {low.astype(int).tolist()} to {high.astype(int).tolist()}.",
                case,
                output=shown(answer.flat[2:]),
            )


INTEGERS = Check(
    "integers",
    "Integer arrays, such as counters of batches, stay integers and stay out of distances.",
    "Take the lower median of the kept updates' integers; cast back to the dtype that came.",
    _whole,
    fixed=lambda subject, _profile: _layered(subject, 5),
    skip=_only_layers,
)


def _misfits(subject: Subject, _profile: Profile) -> Iterator[Case]:
    for case in _layered(subject, 6):
        for kind in range(len(_SPOILS)):
            yield Case(case.honest, f=case.f, twist=(*case.twist, kind))


def _refuses_misfit(subject: Subject, case: Case, _gauge: Gauge) -> None:
    form, spoil = _forms(subject)[int(case.twist[0])], _SPOILS[int(case.twist[1])]
    if form == "lists" and spoil == "name":
        return
    try:
        answer = subject.ask(batch_of(case, parts=_PARTS, form=form, spoil=spoil))
    except Refused:
        return
    except Crashed as crash:
        raise Violation(
            f"The last update does not fit ({spoil}), and no typed error says so.",
            case,
            output=str(crash),
        ) from None
    raise Violation(
        f"It answers although the last update does not fit the others ({spoil}).",
        case,
        output=shown(answer.flat),
    )


MISFITS = Check(
    "misfits",
    "Updates whose names or shapes differ are refused, with an error that callers can catch.",
    "Compare names and shapes first, and raise ValueError (a Defense: BadUpdates).",
    _refuses_misfit,
    fixed=_misfits,
    skip=lambda subject: (
        _only_layers(subject)
        or ("the screen takes them out before" if subject.driver.screened else "")
    ),
)


def _agrees(subject: Subject, case: Case, _gauge: Gauge) -> None:
    whole = ask(subject, case, batch_of(case, form="matrix"))
    parts = [Part(f"p{i}", (1,)) for i in range(case.d - 1)]
    parts = [Part("rest", (case.d - len(parts), 1)), *parts]
    for form in ("layers", "lists"):
        answer = ask(subject, case, batch_of(case, parts=tuple(parts), form=form))
        allowed = tight_slack(case, answer, scale_of(case.heard()).size)
        if far(whole.flat, answer.flat) > allowed:
            raise Violation(
                f"The same updates as {form} give another result than as one matrix.",
                case,
                output=f"{shown(whole.flat)}, then {shown(answer.flat)}",
                observed=far(whole.flat, answer.flat),
                bound=allowed,
            )


SAME_IN_ALL_FORMS = Check(
    "forms_agree",
    "How a model is cut into arrays changes nothing.",
    "Judge all arrays of an update together, in one pass over their coordinates.",
    _agrees,
    cases=lambda subject, kinds: rounds(
        subject.pairs, kinds=kinds, textures=("plain", "generic"), dtypes=("float64",)
    ),
    kinds=("free", "far"),
    skip=lambda subject: (
        only_ours(subject) or ("it weighs arrays" if subject.tags.layerwise else "")
    ),
)

SHAPE_CHECKS = (FORM, ODD_SHAPES, INTEGERS, MISFITS, SAME_IN_ALL_FORMS)
__all__ = ["SHAPE_CHECKS"]
