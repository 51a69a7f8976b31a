"""Read one reply: whatever is wrong with it is found here, and raised as `Unfit`.

Counts, names and headers are compared with the model that went out before any value is read, so
that a reply costs the server no more than the model does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.published.numbers import as_model, fits
from bcfl_plugins.reasons import Reason
from bcfl_plugins.secure.halves import COMMITTED, COMMITTED_BYTES
from bcfl_plugins.types import NodeId
from strategies._flower import ArrayRecord, MetricRecord
from strategies.errors import Unfit, UnreadableArray
from strategies.messages.arrays import header_of, values_of
from strategies.messages.bounds import content_problem
from strategies.messages.records import OURS, to_arrays
from strategies.server.reading.expectations import MAX_LOSS, Model, weight_problem
from strategies.server.reading.trees import bound_of, rewritten_trees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import Message
    from strategies.messages.arrays import ArrayHeader
    from strategies.server.reading.expectations import Expectations

    NDArray = np.ndarray[Any, np.dtype[Any]]

_INT64 = 2**63
_SHOWN = 5


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
        The metrics that are finite numbers or lists of them, with the weight.
    weight : int or float
        The claimed number of examples.
    bad : Mapping[str, str]
        What is wrong with each other metric.
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
    bad: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    commitment: CommittedUpdate | None = None

    def says(self, other: Reply) -> bool:
        """Say whether another reply says the very same."""
        return bool(self.message.content == other.message.content)


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
    records = _records_of(message)
    metric_name, metrics, bad = _metrics_of(records.metrics, expected)
    if len(records.arrays) != 1:
        raise Unfit(Reason.MALFORMED, f"{len(records.arrays)} ArrayRecords, not one")
    array_name, record = records.arrays[0]
    try:
        if expected.model is Model.MASKED:
            sent = _sent(record, {n: _masked(like) for n, like in reference.items()})
            if any(one.dtype.newbyteorder("=") != np.uint32 for one in sent.values()):
                raise Unfit(Reason.MALFORMED, "a masked update is of unsigned 32-bit integers")
            arrays: Mapping[str, NDArray] = {name: sent[name] for name in reference}
        elif expected.model is Model.HALVES:
            sent = _sent(record, {COMMITTED: np.zeros(COMMITTED_BYTES, np.uint8)})
            if sent[COMMITTED].dtype != np.uint8:
                raise Unfit(Reason.MALFORMED, "what stands for halves is an array of bytes")
            arrays = sent
        elif expected.model is Model.ARRAYS:
            sent = _sent(record, reference)
            arrays = _as_model(sent, reference)
        else:
            sent = _blob(record, reference)
            arrays = _rewritten(sent) if expected.model is Model.TREES else sent
    except UnreadableArray as error:
        raise Unfit(Reason.MALFORMED, str(error)) from error
    return Reply(
        node_id=NodeId(message.metadata.src_node_id),
        message=message,
        array_name=array_name,
        metric_name=metric_name,
        sent=sent,
        arrays=arrays,
        metrics=metrics,
        weight=metrics[expected.weight_key],
        bad=bad,
    )


def examine_evaluate(message: Message, expected: Expectations) -> Reply:
    """Read a reply to an evaluation; only its metrics matter.

    Raises
    ------
    Unfit
        If it cannot be averaged.
    """
    expected = replace(expected, loss_key=None, needed=frozenset())
    name, metrics, bad = _metrics_of(_records_of(message).metrics, expected)
    node_id = NodeId(message.metadata.src_node_id)
    weight = metrics[expected.weight_key]
    return Reply(node_id, message, "", name, {}, {}, metrics, weight, bad)


@dataclass(frozen=True, slots=True)
class _Records:
    """An app's own records in a reply, by kind."""

    arrays: list[tuple[str, ArrayRecord]]
    metrics: list[tuple[str, MetricRecord]]


def _records_of(message: Message) -> _Records:
    content = message.content
    problem = content_problem(content)
    if problem is not None:
        raise Unfit(Reason.MALFORMED, problem)
    own = [(name, record) for name, record in content.items() if not name.startswith(OURS)]
    return _Records(
        [(name, record) for name, record in own if isinstance(record, ArrayRecord)],
        [(name, record) for name, record in own if isinstance(record, MetricRecord)],
    )


def _metrics_of(
    records: list[tuple[str, MetricRecord]], expected: Expectations
) -> tuple[str, Mapping[str, Any], Mapping[str, str]]:
    """Return the record's name, the metrics that can be averaged, and what is wrong with others.

    A bad metric costs the metric, unless the strategy cannot do without it.
    """
    if len(records) != 1:
        raise Unfit(Reason.MALFORMED, f"{len(records)} MetricRecords, not one")
    name, record = records[0]
    if expected.weight_key not in record:
        raise Unfit(Reason.MALFORMED, f"no metric {expected.weight_key!r}")
    problem = weight_problem(record[expected.weight_key], expected)
    if problem is not None:
        raise Unfit(Reason.BAD_WEIGHT, problem)
    problems = {key: _metric_problem(value) for key, value in record.items()}
    bad = {key: said for key, said in problems.items() if said is not None}
    for key in sorted(expected.needed):
        if key not in record:
            raise Unfit(Reason.MALFORMED, f"no metric {key!r}, which the strategy needs")
        if key in bad:
            raise Unfit(Reason.NON_FINITE, f"metric {key!r}, which the strategy needs, {bad[key]}")
    if expected.loss_key is not None:
        _check_loss(record.get(expected.loss_key), expected.loss_key)
    good = {key: value for key, value in record.items() if key not in bad}
    return name, MappingProxyType(good), MappingProxyType(bad)


def _metric_problem(value: float | list[int] | list[float]) -> str | None:
    for number in value if isinstance(value, list) else (value,):
        if isinstance(number, int):
            if not -_INT64 <= number < _INT64:
                return "has over 64 bits"
        elif not math.isfinite(number):
            return f"is {number}"
    return None


def _check_loss(loss: object, key: str) -> None:
    if isinstance(loss, list) or not isinstance(loss, int | float) or not 0 <= loss <= MAX_LOSS:
        raise Unfit(Reason.MALFORMED, f"metric {key!r} is no loss from 0 to {MAX_LOSS:g}")


def _sent(record: ArrayRecord, reference: Mapping[str, NDArray]) -> Mapping[str, NDArray]:
    """Return the arrays as they came, once their headers say that they are the model's."""
    if record.keys() != reference.keys():
        extra = [name[:40] for name in islice((n for n in record if n not in reference), _SHOWN)]
        missing = [name[:40] for name in islice((n for n in reference if n not in record), _SHOWN)]
        raise Unfit(
            Reason.MALFORMED,
            f"{len(record)} arrays that are not the model's {len(reference)} (too many: {extra}, "
            f"missing: {missing})",
        )
    headers = {}
    for name, array in record.items():
        try:
            headers[name] = header = header_of(array)
        except UnreadableArray as error:
            raise UnreadableArray(f"array {name[:40]!r}: {error}") from error
        like = reference[name]
        if header.shape != like.shape:
            raise Unfit(
                Reason.MALFORMED,
                f"array {name[:40]!r} has shape {header.shape}, the model's {like.shape}",
            )
        if not fits(header.dtype, like.dtype):
            raise Unfit(
                Reason.MALFORMED,
                f"array {name[:40]!r} holds {header.dtype}, the model's {like.dtype}",
            )
    _refuse_quantised(headers, reference)
    return MappingProxyType({n: values_of(array, headers[n]) for n, array in record.items()})


def _masked(like: NDArray) -> NDArray:
    """Return what a masked array looks like: no memory is taken for it."""
    return np.broadcast_to(np.uint32(0), like.shape)


def _refuse_quantised(headers: Mapping[str, ArrayHeader], reference: Mapping[str, NDArray]) -> None:
    """Refuse whole numbers in place of all floats: what they stand for is known to the node only.

    A counter that was averaged is a float in the model that went out, and whole in the reply: one
    of several floats may come so.
    """
    floats = [name for name, like in reference.items() if like.dtype.kind == "f"]
    if floats and all(headers[name].dtype.kind in "iub" for name in floats):
        raise Unfit(
            Reason.MALFORMED,
            f"all floats of the model came as whole numbers, as quantised ones do: array "
            f"{floats[0][:40]!r} holds {headers[floats[0]].dtype}. Make floats of them on the "
            f"node, before it signs",
        )


def _as_model(
    sent: Mapping[str, NDArray], reference: Mapping[str, NDArray]
) -> Mapping[str, NDArray]:
    """Bring arrays to the model's order and dtypes."""
    arrays, problem = as_model(sent, reference)
    if problem:
        raise Unfit(Reason.NON_FINITE, problem)
    return arrays


def _blob(record: ArrayRecord, reference: Mapping[str, NDArray]) -> Mapping[str, NDArray]:
    if len(record) != 1 or "0" not in record:
        raise Unfit(Reason.MALFORMED, "an XGBoost model is one array called '0'")
    bound = bound_of(sum(array.nbytes for array in reference.values()))
    if len(record["0"].data) > bound:
        raise Unfit(Reason.MALFORMED, f"an XGBoost model of over {bound} bytes")
    sent = to_arrays(record)
    if sent["0"].dtype != np.uint8 or sent["0"].ndim != 1:
        raise Unfit(Reason.MALFORMED, "an XGBoost model is one array of bytes")
    return sent


def _rewritten(sent: Mapping[str, NDArray]) -> Mapping[str, NDArray]:
    blob = np.frombuffer(rewritten_trees(sent["0"].tobytes()), np.uint8)
    return MappingProxyType({"0": blob})
