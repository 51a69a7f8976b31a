"""Hypothesis strategies for what is around a round: federations, broken replies, round reports.

All draw plain data; `strategies.kit_adapter.malformed_content` turns a broken reply into Flower's
records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from hypothesis import strategies as st

from bcfl_plugins.testing.generate import library
from pallet_bridge.reports import Absent, ReportEntry, RoundReport
from pallet_bridge.types import AccountId, Outcome, Reason, SignedCommitment

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Federation",
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
class Federation:
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
) -> Federation:
    """Draw a federation in which nodes join, leave and fall silent.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    max_nodes, max_rounds : int
        Greatest numbers to draw.
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
    return Federation(nodes, byzantine, attack, tuple(rounds))


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
        return MalformedReply(kind, payload=header + draw(st.binary(max_size=64)))
    return MalformedReply(kind)


_hashes = st.binary(min_size=32, max_size=32)
_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@st.composite
def _entries(draw: st.DrawFn, account: AccountId, node: int) -> ReportEntry:
    accepted = draw(st.booleans())
    reason = Reason.NONE if accepted else draw(st.sampled_from([*Reason][1:]))
    signed = SignedCommitment(
        account,
        update_digest=draw(_hashes),
        num_examples=draw(st.integers(0, 2**32 - 1)),
        salt=draw(_hashes),
        commitment=draw(_hashes),
        signature=draw(st.binary(min_size=64, max_size=64)),
    )
    outcome = Outcome.ACCEPTED if accepted else Outcome.REJECTED
    return ReportEntry(
        node_id=node,
        commitment=signed,
        outcome=outcome,
        score=draw(st.integers(0, 2**32 - 1)),
        reason=int(reason),
        weight=draw(st.integers(0, 2**32 - 1)) if accepted else 0,
        detail=draw(_words),
    )


@st.composite
def round_reports(draw: st.DrawFn, *, max_nodes: int = 4) -> RoundReport:
    """Draw the report of one settled round; signatures in it are bytes, not signatures.

    Parameters
    ----------
    draw : DrawFn
        Given by hypothesis.
    max_nodes : int
        Greatest number of nodes with a verdict, and of nodes without.
    """
    accounts = draw(st.lists(_hashes, max_size=max_nodes, unique=True))
    nodes = draw(
        st.lists(st.integers(0, 2**64 - 1), unique=True, min_size=len(accounts), max_size=max_nodes)
    )
    entries = tuple(
        draw(_entries(AccountId(raw), node)) for raw, node in zip(accounts, nodes, strict=False)
    )
    absent = tuple(
        Absent(node, None, int(draw(st.sampled_from([*Reason][1:]))), draw(_words))
        for node in nodes[len(accounts) :]
    )
    return RoundReport(
        genesis=draw(_hashes),
        federation=draw(st.integers(0, 2**32 - 1)),
        round=draw(st.integers(0, 2**32 - 1)),
        terms_version=draw(st.integers(0, 2**32 - 1)),
        base_model=draw(_hashes),
        model=draw(_hashes),
        entries=entries,
        absent=absent,
        defense=draw(_words),
        parameters=draw(st.dictionaries(_words, _words, max_size=2)),
        states=draw(st.dictionaries(_words, st.just("{}"), max_size=2)),
        timings_us=draw(st.dictionaries(_words, st.integers(0, 2**40), max_size=2)),
    )
