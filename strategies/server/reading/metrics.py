"""Which metrics the wrapped strategy averages: a bad one costs its sender that metric, no more.

Flower's strategies end the run when replies differ in their metrics, and average a NaN into all.
So a metric that most replies have stays, and a reply without a usable value of it gets the weighted
mean of the others: the average is then that of the replies that have one. Any other metric goes.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.types import NodeId
    from strategies.server.reading.examine import Reply

_SCALAR = -1


@dataclass(frozen=True, slots=True)
class CommonMetrics:
    """The metrics of replies, with the same names and lengths in each.

    Parameters
    ----------
    of : Mapping[NodeId, Mapping]
        Each reply's.
    remarks : tuple of (NodeId, str)
        What was left out, and why, in the order of the replies.
    """

    of: Mapping[NodeId, Mapping[str, Any]]
    remarks: tuple[tuple[NodeId, str], ...]


def common_metrics(replies: Sequence[Reply], weights: Mapping[NodeId, float]) -> CommonMetrics:
    """Settle which metrics are averaged, and what each reply says of them.

    Parameters
    ----------
    replies : sequence of Reply
        Ascending by node id.
    weights : Mapping[NodeId, float]
        How much each counts.
    """
    kinds = _kinds(replies)
    means = {key: _mean(key, kind, replies, weights) for key, kind in kinds.items()}
    return CommonMetrics(
        {
            reply.node_id: {
                key: reply.metrics[key] if _has(reply, key, kind) else means[key]
                for key, kind in kinds.items()
            }
            for reply in replies
        },
        tuple(remark for reply in replies for remark in _remarks(reply, kinds)),
    )


def _kinds(replies: Sequence[Reply]) -> dict[str, int]:
    """Return the metrics that over half of the replies name: length of the list, or a scalar.

    Of several kinds the one of most replies counts, of these the shortest. A metric of which
    nobody has a usable value is none.
    """
    named = Counter(key for reply in replies for key in (*reply.metrics, *reply.bad))
    kinds = {}
    for key, count in named.items():
        found = Counter(_kind(reply.metrics[key]) for reply in replies if key in reply.metrics)
        if 2 * count > len(replies) and found:
            kinds[key] = min(found, key=lambda kind: (-found[kind], kind))
    return kinds


def _kind(value: object) -> int:
    return len(value) if isinstance(value, list) else _SCALAR


def _has(reply: Reply, key: str, kind: int) -> bool:
    return key in reply.metrics and _kind(reply.metrics[key]) == kind


def _mean(
    key: str, kind: int, replies: Sequence[Reply], weights: Mapping[NodeId, float]
) -> float | list[float]:
    holders = [reply for reply in replies if _has(reply, key, kind)]
    given = [weights[reply.node_id] for reply in holders]
    total = sum(given)
    parts = [weight / total if total else 1 / len(given) for weight in given]
    if kind == _SCALAR:
        return _dot(parts, [reply.metrics[key] for reply in holders])
    columns = zip(*(reply.metrics[key] for reply in holders), strict=True)
    return [_dot(parts, column) for column in columns]


def _dot(parts: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(part * value for part, value in zip(parts, values, strict=True))


def _remarks(reply: Reply, kinds: Mapping[str, int]) -> list[tuple[NodeId, str]]:
    said = [f"metric {key[:40]!r} {problem}" for key, problem in reply.bad.items()]
    odd = [key for key in reply.metrics if key not in kinds or not _has(reply, key, kinds[key])]
    said += [f"metric {key[:40]!r} is not as in most replies" for key in odd]
    said += [
        f"metric {key[:40]!r} is missing"
        for key in kinds
        if key not in reply.metrics and key not in reply.bad
    ]
    return [(reply.node_id, one) for one in said]
