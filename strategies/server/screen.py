"""Which replies can be averaged: a malformed one costs its sender the round, never the run.

Pure decisions. Nothing is written into a message, and no answer depends on the order of arrival.

A reply is first examined alone (`examine_train`, `examine_evaluate`), then among its peers
(`agreeing`): Flower's strategies end the run when two replies disagree in their names.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import NodeId, Rejection
from strategies._flower import SUPERLINK_NODE_ID
from strategies.errors import Unfit, UnreadableArray
from strategies.messages.records import (
    OURS,
    all_finite,
    cast,
    content_id,
    plain_metrics,
    sort_replies,
    to_arrays,
)
from strategies.server.expectations import MAX_LOSS, Model, trees_problem, weight_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import Message, MetricRecord
    from strategies.server.expectations import Expectations

    NDArray = np.ndarray[Any, np.dtype[Any]]

_INT64 = 2**63
_DETAIL = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """A well formed reply.

    Parameters
    ----------
    node_id : NodeId
        Who is named as its source.
    message : Message
        The message as it came.
    array_name, metric_name : str
        The names of its one ArrayRecord (empty in an evaluation) and its one MetricRecord.
    sent : Mapping[str, NDArray]
        The arrays as they came, in their own order and dtypes: what the node signed.
    arrays : Mapping[str, NDArray]
        The same in the model's order and dtypes.
    metrics : Mapping
        All metrics, with the weight.
    weight : int or float
        The claimed number of examples.
    commitment : CommittedUpdate or None
        What the node signed, verified against `sent`.
    """

    node_id: NodeId
    message: Message
    array_name: str
    metric_name: str
    sent: Mapping[str, NDArray]
    arrays: Mapping[str, NDArray]
    metrics: Mapping[str, Any]
    weight: int | float
    commitment: CommittedUpdate | None = None


def examine_train(
    message: Message, reference: Mapping[str, NDArray], expected: Expectations
) -> Reply:
    """Read a reply to a training round.

    Parameters
    ----------
    message : Message
        A reply with content.
    reference : Mapping[str, NDArray]
        The model that went out.
    expected : Expectations
        What the strategy needs.

    Raises
    ------
    Unfit
        If it cannot be averaged, with the first problem found.
    """
    metric_name, metrics = _metrics_of(message)
    weight = _checked_metrics(metrics, expected)
    if expected.loss_key is not None:
        _check_loss(metrics.get(expected.loss_key), expected.loss_key)
    records = {k: v for k, v in message.content.array_records.items() if not k.startswith(OURS)}
    if len(records) != 1:
        raise Unfit(Reason.MALFORMED, f"{len(records)} ArrayRecords, not one")
    array_name, record = next(iter(records.items()))
    try:
        sent = to_arrays(record)
    except UnreadableArray as error:
        raise Unfit(Reason.MALFORMED, str(error)) from error
    arrays = (
        _as_model(sent, reference) if expected.model is Model.ARRAYS else _as_blob(sent, expected)
    )
    return Reply(
        node_id=NodeId(message.metadata.src_node_id),
        message=message,
        array_name=array_name,
        metric_name=metric_name,
        sent=sent,
        arrays=arrays,
        metrics=metrics,
        weight=weight,
    )


def examine_evaluate(message: Message, expected: Expectations) -> Reply:
    """Read a reply to an evaluation; only its metrics matter.

    Raises
    ------
    Unfit
        If it cannot be averaged.
    """
    metric_name, metrics = _metrics_of(message)
    weight = _checked_metrics(metrics, expected)
    node_id = NodeId(message.metadata.src_node_id)
    return Reply(node_id, message, "", metric_name, {}, {}, metrics, weight)


def screen(
    replies: Iterable[Message],
    asked: frozenset[int],
    examine: Callable[[Message], Reply],
    silence: tuple[Reason, str] = (Reason.MALFORMED, "it did not answer"),
) -> tuple[tuple[Reply, ...], tuple[Rejection, ...]]:
    """Sort the replies, examine each, and keep at most one a node.

    Parameters
    ----------
    replies : iterable of Message
        In any order, from anybody: a reply's source is what its sender wrote there.
    asked : frozenset of int
        The nodes that were sent a message.
    examine : callable
        Reads one reply or raises `Unfit`.
    silence : (Reason, str)
        What to say of a node that was asked and did not answer.

    Returns
    -------
    tuple of Reply, tuple of Rejection
        What can be used, and why the rest cannot; both ascending by node id. A node that was asked
        and did not answer is among the rest.
    """
    kept: list[Reply] = []
    dropped: dict[int, Rejection] = {}
    grouped = groupby(sort_replies(replies), key=lambda message: message.metadata.src_node_id)
    for source, group in grouped:
        if source not in asked:
            if source != SUPERLINK_NODE_ID:  # its errors are about others, who count as silent
                dropped[source] = _reject(source, Reason.MALFORMED, "it was not asked")
            continue
        outcome = _one_of(source, list(group), examine)
        if isinstance(outcome, Rejection):
            dropped[source] = outcome
        else:
            kept.append(outcome)
    for silent in asked - dropped.keys() - {reply.node_id for reply in kept}:
        dropped[silent] = _reject(silent, *silence)
    return tuple(kept), tuple(dropped[node] for node in sorted(dropped))


def agreeing(replies: Sequence[Reply]) -> tuple[tuple[Reply, ...], tuple[Rejection, ...]]:
    """Keep the replies whose record names and metrics are those of most replies.

    A tie goes to the fewest metrics, then to the first in alphabetical order, so that the answer
    depends on the replies only.
    """
    if not replies:
        return (), ()
    shapes = [_names(reply) for reply in replies]
    counts = Counter(shapes)
    common = min(counts, key=lambda names: (-counts[names], len(names[2]), names))
    kept = tuple(reply for reply, names in zip(replies, shapes, strict=True) if names == common)
    odd = tuple(
        _reject(reply.node_id, Reason.MALFORMED, _difference(names, common))
        for reply, names in zip(replies, shapes, strict=True)
        if names != common
    )
    return kept, odd


_Names = tuple[str, str, tuple[tuple[str, int], ...]]


def _names(reply: Reply) -> _Names:
    lengths = (
        (key, len(value) if isinstance(value, list) else -1) for key, value in reply.metrics.items()
    )
    return reply.array_name, reply.metric_name, tuple(sorted(lengths))


def _difference(names: _Names, common: _Names) -> str:
    for kind, found, wanted in zip(("ArrayRecord", "MetricRecord"), names, common, strict=False):
        if found != wanted:
            return f"its {kind} is called {str(found)[:40]!r}, the others' {str(wanted)[:40]!r}"
    extra = [key[:40] for key, _ in sorted({*names[2]} - {*common[2]})]
    missing = [key[:40] for key, _ in sorted({*common[2]} - {*names[2]})]
    return f"its metrics differ from the others' (too many: {extra[:5]}, missing: {missing[:5]})"


def _one_of(
    source: int, group: list[Message], examine: Callable[[Message], Reply]
) -> Reply | Rejection:
    """Decide on the replies of one node: the same thing said twice counts once."""
    distinct = {content_id(message): message for message in group} if len(group) > 1 else None
    fit: list[Reply] = []
    problems: list[Rejection] = []
    for message in distinct.values() if distinct else group:
        if message.has_error():
            detail = f"its app failed: {printable(message.error.reason or 'no reason given')}"
            problems.append(_reject(source, Reason.MALFORMED, detail))
            continue
        try:
            fit.append(examine(message))
        except Unfit as unfit:
            problems.append(_reject(source, unfit.reason, unfit.detail))
    if len(fit) == 1:
        return fit[0]
    if fit:
        return _reject(source, Reason.MALFORMED, f"{len(fit)} different replies in its name")
    return problems[0]


def _reject(source: int, reason: Reason, detail: str) -> Rejection:
    return Rejection(NodeId(source), reason, detail)


def printable(text: str) -> str:
    """Make text of a node fit for a log: one line, printable, at most 200 characters."""
    line = "".join(c if c.isprintable() else " " for c in text[: 2 * _DETAIL])
    return " ".join(line.split())[:_DETAIL]


def _metrics_of(message: Message) -> tuple[str, Mapping[str, Any]]:
    records: dict[str, MetricRecord] = {
        k: v for k, v in message.content.metric_records.items() if not k.startswith(OURS)
    }
    if len(records) != 1:
        raise Unfit(Reason.MALFORMED, f"{len(records)} MetricRecords, not one")
    name, record = next(iter(records.items()))
    return name, plain_metrics(record)


def _checked_metrics(metrics: Mapping[str, Any], expected: Expectations) -> int | float:
    if expected.weight_key not in metrics:
        raise Unfit(Reason.MALFORMED, f"no metric {expected.weight_key!r}")
    weight = metrics[expected.weight_key]
    problem = weight_problem(weight, expected)
    if problem is not None:
        raise Unfit(Reason.BAD_WEIGHT, problem)
    for key, value in metrics.items():
        for number in value if isinstance(value, list) else (value,):
            if isinstance(number, int):
                if not -_INT64 <= number < _INT64:
                    raise Unfit(Reason.MALFORMED, f"metric {key[:40]!r} has over 64 bits")
            elif not math.isfinite(number):
                raise Unfit(Reason.NON_FINITE, f"metric {key[:40]!r} is {number}")
    checked: int | float = weight
    return checked


def _check_loss(loss: object, key: str) -> None:
    if isinstance(loss, list) or not isinstance(loss, int | float) or not 0 <= loss <= MAX_LOSS:
        raise Unfit(Reason.MALFORMED, f"metric {key!r} is no loss from 0 to {MAX_LOSS:g}")


def _as_model(
    sent: Mapping[str, NDArray], reference: Mapping[str, NDArray]
) -> Mapping[str, NDArray]:
    """Bring arrays to the model's order and dtypes."""
    if sent.keys() != reference.keys():
        extra = [name[:40] for name in sorted(sent.keys() - reference.keys())]
        missing = [name[:40] for name in sorted(reference.keys() - sent.keys())]
        raise Unfit(
            Reason.MALFORMED,
            f"other arrays than the model's (too many: {extra[:5]}, missing: {missing[:5]})",
        )
    if not all_finite(sent):
        raise Unfit(Reason.NON_FINITE, "NaN or infinity among the values")
    arrays: dict[str, NDArray] = {}
    for name, like in reference.items():
        array = sent[name]
        if array.shape != like.shape:
            raise Unfit(
                Reason.MALFORMED,
                f"array {name!r} has shape {array.shape}, the model's {like.shape}",
            )
        if not _fits(array.dtype, like.dtype):
            raise Unfit(
                Reason.MALFORMED, f"array {name!r} holds {array.dtype}, the model's {like.dtype}"
            )
        with np.errstate(over="ignore"):
            arrays[name] = cast(array, like.dtype)
        arrays[name].flags.writeable = False
    if not all_finite({k: v for k, v in arrays.items() if v is not sent[k]}):
        raise Unfit(Reason.NON_FINITE, "values beyond the range of the model's dtype")
    return arrays


def _fits(dtype: np.dtype[Any], like: np.dtype[Any]) -> bool:
    """Say whether a dtype may stand for the model's.

    Any float for a float. Integers for a float as well: a counter that the server averaged is a
    float in the model that went out and an integer again in the reply of a PyTorch node.
    """
    return dtype.kind in {"f": "fiu", "i": "iu", "u": "iu"}.get(like.kind, like.kind)


def _as_blob(sent: Mapping[str, NDArray], expected: Expectations) -> Mapping[str, NDArray]:
    blob = sent.get("0")
    if len(sent) != 1 or blob is None or blob.dtype != np.uint8 or blob.ndim != 1:
        raise Unfit(Reason.MALFORMED, "an XGBoost model is one array of bytes called '0'")
    problem = trees_problem(blob.tobytes()) if expected.model is Model.TREES else None
    if problem is not None:
        raise Unfit(Reason.MALFORMED, problem)
    return sent
