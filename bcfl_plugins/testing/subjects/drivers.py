"""How the kit calls what it tests: one driver for each kind of object.

A package adds a kind through the entry point group ``bcfl.testing.adapters``: a function that
takes the object and returns a `Driver`, or ``None`` when the object is not of its kind.
"""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bcfl_plugins.defenses.base import Decision, Defense, Extras, Flags, Floats, RuleTags
from bcfl_plugins.errors import BcflError, DefenseError
from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.testing.generators.cases import Matrix
    from bcfl_plugins.testing.subjects.tags import Form

SubjectKind = Literal["defense", "callable", "plugin", "strategy"]


class NoAnswer(ValueError):
    """An object of the user's answered nothing where it should have, or refused."""


@dataclass(frozen=True, slots=True)
class Part:
    """One array of an update: its name, shape, and dtype (empty: that of the round)."""

    name: str
    shape: tuple[int, ...]
    dtype: str = ""

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class UpdateBatch:
    """One call: n updates and what goes with them.

    Parameters
    ----------
    rows : Matrix
        (n, d) the updates.
    f : int
        What the rule is told.
    trusted : Floats or None
        (d,) an update that a server could have made itself.
    ids : tuple of int or None
        One a row; ``None``: the rule gets none.
    weights : tuple of float or None
        One a row.
    reference : Matrix or None
        (d,) the model that went out, of the dtype of the rows.
    state : object
        Of the call before.
    parts : tuple of Part
        How a row is cut into arrays; one array ``w`` by default.
    form : Form or None
        How the updates are handed over; the driver's own form when ``None``.
    spoil : str
        What is wrong with the last update: ``"shape"``, ``"scalar"``, ``"name"``, ``"missing"``,
        or nothing.
    """

    rows: Matrix
    f: int
    trusted: Floats | None = None
    ids: tuple[int, ...] | None = None
    weights: tuple[float, ...] | None = None
    reference: Matrix | None = None
    state: object = None
    parts: tuple[Part, ...] = ()
    form: Form | None = None
    spoil: str = ""

    def cut(self, row: Matrix) -> dict[str, Matrix]:
        """Return one row as named arrays of its own."""
        parts = self.parts or (Part("w", (len(row),)),)
        found, start = {}, 0
        for part in parts:
            piece = row[start : start + part.size].astype(part.dtype or row.dtype)
            found[part.name] = piece.reshape(part.shape)
            start += part.size
        return found

    def pack(self, form: Form) -> Any:  # noqa: ANN401 - one of three forms
        """Return the updates as the object takes them; writing into them changes nothing here."""
        if form == "matrix":
            return self.rows.copy()
        packed = [self.shape_row(row, form) for row in self.rows]
        if self.spoil:
            layers = self.cut(self.rows[-1])
            layers = _spoiled(layers, self.spoil)
            packed[-1] = layers if form == "layers" else list(layers.values())
        return packed

    def shape_row(self, row: Matrix, form: Form) -> Any:  # noqa: ANN401 - one of three forms
        """Return one row in the form of one update."""
        if form == "matrix":
            return row.copy()
        layers = self.cut(row)
        return layers if form == "layers" else list(layers.values())


def _spoiled(layers: dict[str, Matrix], how: str) -> dict[str, Matrix]:
    name, *others = layers
    if how == "shape":
        return layers | {name: np.append(layers[name].ravel(), layers[name].ravel()[:1])}
    if how == "scalar":
        return layers | {name: layers[name].ravel()[:1]}
    if how == "missing":
        return {other: layers[other] for other in others}
    return {f"{name}_": layers[name]} | {other: layers[other] for other in others}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came back: as it was, as (d,) float64 numbers, and how it was decided."""

    raw: Any
    flat: Floats
    decision: Decision | None = None
    state: object = None
    given: Any = None
    """The updates that the object got: compared with what they were, for writes."""


@dataclass(frozen=True, slots=True)
class Driver:
    """How to call one object.

    Parameters
    ----------
    kind : str
        What the object is.
    run : callable
        ``(batch) -> Answer``. Raises one of `refusals` to refuse, anything else by mistake.
    tags : RuleTags or None
        What the object says of itself.
    max_byzantine : callable or None
        ``(n) -> int`` as the object says it.
    forms : tuple of Form
        Forms that it takes; the first is used.
    refusals : tuple of exception types
        What it may raise for a round that it does not tolerate.
    screened : bool
        Somebody else takes out updates that are not finite before it sees them.
    slowness : int
        By how much to divide the number of generated rounds.
    """

    kind: SubjectKind
    run: Callable[[UpdateBatch], Answer]
    tags: RuleTags | None = None
    max_byzantine: Callable[[int], int] | None = None
    forms: tuple[Form, ...] = ("matrix",)
    refusals: tuple[type[Exception], ...] = (ValueError, BcflError)
    screened: bool = False
    slowness: int = 1


def flatten(value: object) -> Floats:
    """Return a result of any form as (d,) float64.

    Raises
    ------
    NoAnswer
        If there is none.
    """
    if value is None:
        raise NoAnswer("it gave no result")
    if isinstance(value, dict | MappingProxyType):
        pieces = list(value.values())
    elif isinstance(value, list | tuple):
        pieces = list(value)
    else:
        pieces = [value]
    flat = [np.asarray(_local(piece), dtype=np.float64).ravel() for piece in pieces]
    return np.concatenate(flat) if flat else np.zeros(0)


def _local(value: Any) -> Any:  # noqa: ANN401 - an array of any library
    """Bring a tensor to numpy without importing its library."""
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def drive_defense(build: Callable[[int], Defense], example: Defense) -> Driver:
    """Drive a `Defense`; `build` makes the one for f."""

    def run(batch: UpdateBatch) -> Answer:
        rule = build(batch.f)
        form = batch.form or "matrix"
        given = batch.pack(form)
        ids = batch.ids
        if ids is None and rule.tags.stateful:
            ids = tuple(range(len(batch.rows)))
        reference = None if batch.reference is None else batch.shape_row(batch.reference, form)
        trusted = None
        if rule.needs_trusted and batch.trusted is not None:
            trusted = batch.shape_row(batch.trusted.astype(batch.rows.dtype), form)
        extras = Extras(
            reference=reference,
            ids=ids,
            weights=batch.weights,
            trusted=trusted,
            state=batch.state,
        )
        out = rule.aggregate(given, extras)
        return Answer(out.value, flatten(out.value), out.decision, out.state, given)

    return Driver(
        "defense",
        run,
        tags=example.tags,
        max_byzantine=example.max_byzantine,
        forms=("matrix", "layers", "lists"),
        refusals=(DefenseError,),
    )


def drive_callable(build: Callable[[int], Any], form: Form) -> Driver:
    """Drive a callable ``(updates, f)``, or ``(updates)`` when `build` already took f."""

    def run(batch: UpdateBatch) -> Answer:
        rule = build(batch.f)
        given = batch.pack(form)
        value = rule(given, batch.f) if takes_f(rule) else rule(given)
        return Answer(value, flatten(value), given=given)

    return Driver("callable", run, forms=(form,))


def takes_f(rule: Callable[..., Any]) -> bool:
    """Say whether a callable has room for a second argument, f."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(rule).parameters.values()
    positional = [p for p in parameters if p.kind in kinds]
    return len(positional) > 1 or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def drive_plugin(build: Callable[[int], Any]) -> Driver:
    """Drive a plugin with ``bcfl_judge_updates``: the result is the mean of what it accepts.

    Each call gets a fresh plugin, or a copy of the one that was given. Updates that are not
    finite never reach a plugin: the wrapped strategy's screen takes them out, and so does this.
    """

    def run(batch: UpdateBatch) -> Answer:
        plugin = copy.deepcopy(build(batch.f))
        finite: Flags = np.asarray(np.isfinite(batch.rows).all(axis=1))
        model = np.zeros(batch.rows.shape[1], batch.rows.dtype)
        model = model if batch.reference is None else batch.reference
        run_info = RunInfo(1, 1, "bcfl_plugins.testing")
        context = RoundContext(run_info, 1, None, MappingProxyType(_frozen(batch.cut(model))))
        ids = batch.ids or tuple(range(len(batch.rows)))
        given = [
            ClientUpdate(
                NodeRef(NodeId(ids[place])),
                MappingProxyType(_frozen(batch.cut(batch.rows[place] + model))),
                num_examples=1,
            )
            for place in sorted(np.flatnonzero(finite).tolist(), key=lambda place: ids[place])
        ]
        if hasattr(plugin, "bcfl_run_started"):
            _call(plugin.bcfl_run_started, run=run_info)
        verdict = _call(plugin.bcfl_judge_updates, ctx=context, updates=tuple(given))
        return _judged(batch, finite, ids, verdict)

    return Driver("plugin", run, screened=True, forms=("layers",))


def _call(method: Callable[..., Any], **known: object) -> Any:  # noqa: ANN401 - a hook's answer
    """Call a hook with those arguments that it takes, as the plugin manager does."""
    return method(**{name: known[name] for name in inspect.signature(method).parameters})


def _frozen(arrays: dict[str, Matrix]) -> dict[str, Matrix]:
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _judged(
    batch: UpdateBatch,
    finite: Flags,
    ids: tuple[int, ...],
    verdict: Any,  # noqa: ANN401 - what a plugin answered
) -> Answer:
    rejections = {} if verdict is None else {one.node_id: one for one in verdict.rejections}
    scores = {} if verdict is None else verdict.scores
    kept = finite & np.array([node not in rejections for node in ids], dtype=np.bool_)
    if not kept.any():
        raise NoAnswer("it rejected every update")
    weights = kept / kept.sum()
    reasons = tuple(
        Reason.NONE if keeps else Reason.OUTLIER_CLUSTER if fine else Reason.NON_FINITE
        for keeps, fine in zip(kept, finite, strict=True)
    )
    mean = batch.rows[kept].astype(np.float64).mean(axis=0)
    scored = np.array([float(scores.get(node, 0)) for node in ids])
    value = batch.cut(mean.astype(batch.rows.dtype))
    decision = Decision(kept, weights, scored, reasons)
    return Answer(value, flatten(value), decision)
