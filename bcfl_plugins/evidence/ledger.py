"""The evidence against all nodes, round after round. Pure, in integers, and open to replay."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.evidence.wealth import (
    MICRO,
    EvidenceSettings,
    Wealth,
    after,
    nats,
    needed,
    opening,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VERSION = 1


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What one round says about one judged node.

    Parameters
    ----------
    node : str
        Its name; the same in every round.
    rejected : bool
        Whether the defense threw its update out.
    harmful : bool or None
        Whether the update did harm on validation data (`judge_harm`); ``None``: not measured.
    broken : bool
        Whether the update had a value that is not finite: one such update destroys a mean, so
        this is harm without a measurement.
    """

    node: str
    rejected: bool
    harmful: bool | None = None
    broken: bool = False

    @property
    def bad(self) -> bool:
        """Rejected, and harmful as well. Difference alone is never an offence."""
        return self.rejected and (self.broken or self.harmful is True)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node's place in the state.

    Parameters
    ----------
    wealth : Wealth
        The bets since the last strike.
    strikes : int
        Strikes so far.
    """

    wealth: Wealth
    strikes: int = 0


@dataclass(frozen=True, slots=True)
class EvidenceState:
    """All that is remembered. Equal facts in equal order give equal states on every machine.

    Parameters
    ----------
    settings : EvidenceSettings
        Fixed for the run.
    nodes : tuple of (str, NodeRecord)
        In ascending order of the name.
    """

    settings: EvidenceSettings
    nodes: tuple[tuple[str, NodeRecord], ...] = field(default=())

    def encode(self) -> str:
        """Return the one JSON form: keys sorted, no spaces, big numbers as decimal text."""
        return json.dumps(_plain(self), sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class NodeFinding:
    """What the evidence says about one node after a round.

    Parameters
    ----------
    node : str
        Its name.
    strike : bool
        Whether the evidence has just reached what a strike takes. The bets then begin anew.
    evidence : int
        Natural logarithm of the wealth in parts of 1e-6; of the wealth that struck, if it did.
    needed : int
        What a strike took or takes, in the same unit.
    reason : str
        One sentence for people.
    """

    node: str
    strike: bool
    evidence: int
    needed: int
    reason: str


def observe(
    state: EvidenceState, facts: Iterable[NodeFacts]
) -> tuple[EvidenceState, tuple[NodeFinding, ...]]:
    """Take in one round.

    Parameters
    ----------
    state : EvidenceState
        After the round before.
    facts : iterable of NodeFacts
        One for each node that was judged in this round, in any order. A node that is not there
        keeps its record. Give none for a round in which the defense abstained.

    Returns
    -------
    EvidenceState, tuple of NodeFinding
        The findings in ascending order of the name. When more than half of the judged nodes had a
        bad event, the fault lies with the round, and it counts as a clean one for each of them.
        Alpha was shared among `members` nodes: no evidence is kept of those that come after them,
        and they get no strike.

    Raises
    ------
    BadUpdates
        If a node is there twice.
    """
    listed = sorted(facts, key=lambda one: one.node)
    if len({one.node for one in listed}) < len(listed):
        raise BadUpdates("facts", "a node is there twice; give each node's facts once a round")
    common = 2 * sum(one.bad for one in listed) > len(listed)
    known, findings = dict(state.nodes), []
    for one in listed:
        before = known.get(one.node)
        if before is None and len(known) >= state.settings.members:
            findings.append(_beyond(state.settings, one))
            continue
        record, finding = _judge(
            state.settings,
            before or NodeRecord(opening(state.settings)),
            one,
            bad=one.bad and not common,
        )
        known[one.node] = record
        findings.append(finding)
    return replace(state, nodes=tuple(sorted(known.items()))), tuple(findings)


def replay_rounds(
    settings: EvidenceSettings, rounds: Iterable[Sequence[NodeFacts]]
) -> tuple[EvidenceState, tuple[tuple[NodeFinding, ...], ...]]:
    """Take in all rounds of a run from the beginning, as `observe` does one by one."""
    state, told = EvidenceState(settings), []
    for facts in rounds:
        state, findings = observe(state, facts)
        told.append(findings)
    return state, tuple(told)


def decode(text: str) -> EvidenceState:
    """Read a state that `EvidenceState.encode` wrote.

    Raises
    ------
    BadUpdates
        If the text is anything else, down to its last character.
    """
    try:
        state = _state(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadUpdates("state", f"this is no state of the evidence: {error}") from None
    if state.encode() != text:
        raise BadUpdates("state", "this is not the canonical form of a state of the evidence")
    return state


def _judge(
    settings: EvidenceSettings, before: NodeRecord, facts: NodeFacts, *, bad: bool
) -> tuple[NodeRecord, NodeFinding]:
    wealth = after(before.wealth, settings, bad=bad)
    bound = needed(settings, before.strikes)
    strike = wealth.total >= bound
    evidence, threshold = nats(wealth.total), nats(bound)
    reason = (
        f"{'rejected and harmful' if bad else _why_clean(facts)}; "
        f"{wealth.bad} bad of {wealth.rounds} rounds, evidence {_text(evidence)} of "
        f"{_text(threshold)} nats{': a strike' if strike else ''}"
    )
    record = NodeRecord(wealth, before.strikes)
    if strike:
        record = NodeRecord(opening(settings), before.strikes + 1)
    return record, NodeFinding(facts.node, strike, evidence, threshold, reason)


def _beyond(settings: EvidenceSettings, facts: NodeFacts) -> NodeFinding:
    reason = f"no evidence is kept of it: the run has judged {settings.members} other nodes"
    start, bound = nats(opening(settings).total), nats(needed(settings, 0))
    return NodeFinding(facts.node, strike=False, evidence=start, needed=bound, reason=reason)


def _why_clean(facts: NodeFacts) -> str:
    if not facts.rejected:
        return "accepted"
    if facts.bad:
        return "rejected and harmful, as most were"
    return "rejected, harm not measured" if facts.harmful is None else "rejected, not harmful"


def _text(micro: int) -> str:
    sign = "-" if micro < 0 else ""
    return f"{sign}{abs(micro) // MICRO}.{abs(micro) % MICRO // 10_000:02d}"


def _plain(state: EvidenceState) -> dict[str, object]:
    settings = state.settings
    return {
        "version": _VERSION,
        "members": settings.members,
        "alpha": settings.alpha,
        "bad_rate": settings.bad_rate,
        "rates": list(settings.rates),
        "nodes": {
            node: {
                "rounds": record.wealth.rounds,
                "bad": record.wealth.bad,
                "stakes": [str(stake) for stake in record.wealth.stakes],
                "strikes": record.strikes,
            }
            for node, record in state.nodes
        },
    }


def _state(value: dict[str, Any]) -> EvidenceState:
    if value["version"] != _VERSION:
        raise ValueError(f"version {value['version']!r}; this release reads {_VERSION}")
    settings = EvidenceSettings(
        members=_count(value["members"]),
        alpha=_count(value["alpha"]),
        bad_rate=_count(value["bad_rate"]),
        rates=tuple(_count(rate) for rate in value["rates"]),
    )
    nodes = {}
    for node, record in value["nodes"].items():
        stakes = tuple(_count(int(stake)) for stake in record["stakes"])
        if len(stakes) != len(settings.rates):
            raise ValueError(f"{node} has {len(stakes)} stakes on {len(settings.rates)} rates")
        wealth = Wealth(_count(record["rounds"]), _count(record["bad"]), stakes)
        nodes[node] = NodeRecord(wealth, _count(record["strikes"]))
    return EvidenceState(settings, tuple(sorted(nodes.items())))


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value
