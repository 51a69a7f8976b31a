"""Hypothesis strategies for what is around a round: federations, broken replies, round reports.

All draw plain data; `strategies.testing.adapter.malformed_content` turns a broken reply into
Flower's records. What is drawn does not depend on what else is imported (see `tape`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from hypothesis import strategies as st

from bcfl_plugins.reasons import Reason
from bcfl_plugins.testing.generators.generate import library
from bcfl_plugins.testing.generators.tape import LONG, readers
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import ReportEntry, RoundReport
from pallet_bridge.types import AccountId, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.testing.generators.tape import TapeReader

__all__ = [
    "FederationPlan",
    "MalformedReply",
    "Presence",
    "federations",
    "malformed_replies",
    "round_reports",
]


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there in one round.

    Parameters
    ----------
    joined : tuple of int
        Nodes that are connected, ascending.
    silent : tuple of int
        Those of them that do not reply.
    """

    joined: tuple[int, ...]
    silent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FederationPlan:
    """A federation over some rounds.

    Parameters
    ----------
    nodes : int
        Nodes are numbered from 0.
    byzantine : tuple of int
        Less than half of them, ascending.
    attack : str
        A name of `bcfl_plugins.attacks`; empty when nobody is byzantine.
    rounds : tuple of Presence
        One a round. At least one honest node replies in each.
    """

    nodes: int
    byzantine: tuple[int, ...]
    attack: str
    rounds: tuple[Presence, ...]


@st.composite
def federations(
    draw: st.DrawFn,
    *,
    max_nodes: int = 9,
    max_rounds: int = 5,
    attacks: Sequence[str] | None = None,
) -> FederationPlan:
    """Draw a federation in which nodes join, leave and fall silent.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    max_nodes, max_rounds : int
        Greatest numbers to draw; below 100.
    attacks : sequence of str or None
        Attacks to draw from; by default those that need to know nothing of the defense.
    """
    nodes = draw(st.integers(1, max_nodes))
    count = draw(st.integers(0, (nodes - 1) // 2))
    byzantine = tuple(sorted(draw(st.permutations(range(nodes)))[:count]))
    honest = [node for node in range(nodes) if node not in byzantine]
    names = list(library() if attacks is None else attacks)
    attack = draw(st.sampled_from(names)) if count else ""
    rounds = []
    for _ in range(draw(st.integers(1, max_rounds))):
        away = draw(st.sets(st.integers(0, nodes - 1), max_size=nodes))
        silent = draw(st.sets(st.integers(0, nodes - 1), max_size=nodes))
        sure = draw(st.sampled_from(honest))
        joined = tuple(node for node in range(nodes) if node not in away or node == sure)
        rounds.append(
            Presence(joined, tuple(node for node in joined if node in silent and node != sure))
        )
    return FederationPlan(nodes, byzantine, attack, tuple(rounds))


Malformation = Literal[
    "wrong_shape",
    "scalar_shape",
    "missing_array",
    "extra_array",
    "renamed_array",
    "reordered",
    "other_dtype",
    "garbage_bytes",
    "truncated_bytes",
    "nan",
    "infinity",
    "no_arrays",
    "two_array_records",
    "no_metrics",
    "extra_metric",
    "no_weight",
    "weight",
    "weight_list",
]
"""What is wrong with a reply. ``"reordered"`` and ``"other_dtype"`` may be forgiven."""

_WEIGHTS = (0.0, -1.0, 1e18, float("nan"), float("inf"))


@dataclass(frozen=True, slots=True)
class MalformedReply:
    """One way in which a node's reply is not what it should be.

    Parameters
    ----------
    kind : str
        What is wrong.
    weight : float
        The number of examples that the node claims.
    payload : bytes
        What stands in place of an array, for ``"garbage_bytes"``.
    """

    kind: Malformation
    weight: float = 10.0
    payload: bytes = b""


@st.composite
def malformed_replies(
    draw: st.DrawFn, *, kinds: Sequence[Malformation] = get_args(Malformation)
) -> MalformedReply:
    """Draw one broken reply.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    kinds : sequence of str
        What may be wrong.
    """
    kind = draw(st.sampled_from(list(kinds)))
    if kind == "weight":
        return MalformedReply(kind, weight=draw(st.sampled_from(_WEIGHTS)))
    if kind == "garbage_bytes":
        header = draw(st.sampled_from((b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04")))
        garbage = draw(readers(LONG))
        return MalformedReply(kind, payload=header + garbage.take(garbage.pick(range(LONG))))
    return MalformedReply(kind)


_HASH, _SIGNATURE, _WORD = 32, 64, 12
_ENTRY = 4 * _HASH + _SIGNATURE + 2 * _WORD + 64
_HEAD = 5 * _HASH + 10 * _WORD + 64
"""Bytes that an entry and the rest of a report are read from: enough for all of it."""


def _entry(reader: TapeReader, account: AccountId, node: int) -> ReportEntry:
    accepted = reader.pick((False, True))
    reason = reader.pick([*Reason][1:])
    commitment = reader.take(_HASH)
    revealed = commitment if accepted else reader.pick((commitment, reader.take(_HASH)))
    weight, share = reader.number(4), reader.pick((None, reader.number(4) % 10**9))
    return ReportEntry(
        account=account,
        node_id=node,
        num_examples=reader.number(4),
        commitment=commitment,
        signature=reader.take(_SIGNATURE),
        revealed=revealed,
        outcome=Outcome.ACCEPTED if accepted else Outcome.REJECTED,
        score=reader.number(4),
        reason=int(Reason.NONE if accepted else reason),
        weight=weight if accepted else 0,
        detail=reader.word(_WORD),
        share=share if accepted else None,
    )


@st.composite
def round_reports(draw: st.DrawFn, *, max_nodes: int = 4) -> RoundReport:
    """Draw the report of one settled round; signatures in it are bytes, not signatures.

    Of each of its accounts something was revealed.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    max_nodes : int
        Greatest number of nodes; some have a verdict, the others none. Below 100.
    """
    head = draw(readers(_HEAD))
    readings = [draw(readers(_ENTRY)) for _ in range(draw(st.integers(0, max_nodes)))]
    named = {reading.number(8): reading for reading in readings}
    judged = draw(st.integers(0, len(named)))
    nodes = list(named.items())
    accounts = {AccountId(reading.take(_HASH)): (node, reading) for node, reading in nodes[:judged]}
    entries = tuple(_entry(reading, who, node) for who, (node, reading) in accounts.items())
    absent = tuple(
        Absent(node, None, int(reading.pick([*Reason][1:])), reading.word(_WORD))
        for node, reading in nodes[judged:]
    )
    return RoundReport(
        genesis=head.take(_HASH),
        federation=head.number(4),
        round=head.number(4),
        coordinator=AccountId(head.take(_HASH)),
        terms_version=head.number(4),
        terms_hash=head.take(_HASH),
        base_model=head.take(_HASH),
        model=head.take(_HASH),
        entries=entries,
        unrevealed=(),
        absent=absent,
        defense=head.word(_WORD),
        parameters={head.word(_WORD): head.word(_WORD) for _ in range(head.pick(range(3)))},
        states={head.word(_WORD): "{}" for _ in range(head.pick(range(3)))},
        timings_us={head.word(_WORD): head.number(5) for _ in range(head.pick(range(3)))},
    )
