"""What judges read of a round: taken from the updates, and kept, so that it can be read again.

A judge asks for nothing but these inputs. So what it was given is all that its verdict follows
from, whoever the judge is; and what it did not ask for is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.core.statistics import Statistics
from bcfl_plugins.errors import BadUpdates, NeedsUpdates, NotPublished
from bcfl_plugins.published.reading import UNREADABLE
from bcfl_plugins.published.validation import lengths_of, losses_of
from bcfl_plugins.types import NodeId, NodeRef
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.defenses.base import Aggregate, Defense, Extras, Floats
    from bcfl_plugins.types import Array, ClientUpdate, RoundContext, Validation

FORMAT, GROUPED = "bcfl-inputs/1", "bcfl-inputs/2"
"""Of the second, `KeptInputs.groups` is a part: in its round the means of groups were judged."""

_GLANCE = 16

Losses: TypeAlias = "Callable[[Floats], Floats]"


class RoundInputs(Protocol):
    """What a judge may read of a round. Everything is in the order of the nodes."""

    nodes: tuple[NodeRef, ...]
    """Whose updates they are, ascending by node id."""
    claims: tuple[int, ...]
    """The numbers of examples that they claim."""
    names: tuple[str, ...]
    """The arrays of the model."""
    server_round: int
    """Flower's number of the round."""
    groups: tuple[int, ...]
    """Where means of groups are judged: which group each node is in; else empty."""

    def decided(self, rule: Defense, extras: Extras) -> Aggregate:
        """Let a rule decide; the reference need not be among the extras.

        Where means of groups are judged the rule gets each mean once, and what it says of a mean
        is said of each node of that group.
        """
        ...

    def twins(self) -> tuple[int, ...]:
        """Return for each update the place of the first that is equal to it."""
        ...

    def lengths(self, without: Sequence[str]) -> Floats:
        """Return (n,) how far each update moves the arrays of floats, some left out."""
        ...

    def losses(self, medians: Sequence[str]) -> Losses:
        """Return the server's measure of mixtures, see `validation.losses_of`."""
        ...


@dataclass(slots=True)
class KeptInputs:
    """Inputs that were kept.

    Parameters
    ----------
    nodes, claims, names, server_round
        As in `RoundInputs`.
    equal : tuple of int
        What `twins` returns.
    statistics : Mapping[str, Statistics]
        What each rule that was asked decided on, by its name. One that reads the updates themselves
        is not there.
    norms : Floats or None
        What `lengths` returned; ``None``: nobody asked.
    measured : list of (Floats, Floats)
        What was measured on data of the server, in order: the mixture, and its losses.
    groups : tuple of int
        As in `RoundInputs`.
    """

    nodes: tuple[NodeRef, ...]
    claims: tuple[int, ...]
    names: tuple[str, ...]
    server_round: int
    equal: tuple[int, ...]
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    norms: Floats | None = None
    measured: list[tuple[Floats, Floats]] = field(default_factory=list)
    groups: tuple[int, ...] = ()

    def decided(self, rule: Defense, extras: Extras) -> Aggregate:
        """See `RoundInputs.decided`.

        Raises
        ------
        NeedsUpdates
            If the rule reads the updates themselves.
        """
        statistics = self.statistics.get(rule.name)
        if statistics is None or not isinstance(rule, Rule):
            raise NeedsUpdates(rule.name)
        found = rule.decide_on(statistics, of_groups(extras, self.groups))
        return of_members(found, self.groups)

    def twins(self) -> tuple[int, ...]:
        """See `RoundInputs.twins`."""
        return self.equal

    def lengths(self, without: Sequence[str]) -> Floats:
        """See `RoundInputs.lengths`.

        Raises
        ------
        NotPublished
            If nobody had asked for them.
        """
        del without  # a judge leaves out the same arrays in every call
        if self.norms is None:
            raise NotPublished("how long the updates are")
        return self.norms

    def losses(self, medians: Sequence[str]) -> Losses:
        """See `RoundInputs.losses`; what was not measured raises `NotPublished`."""
        del medians
        return _again(self.measured)

    def plain(self) -> dict[str, object]:
        """Return what is stored of them."""
        return {
            **({"groups": self.groups} if self.groups else {}),
            "format": GROUPED if self.groups else FORMAT,
            "nodes": tuple(int(node.node_id) for node in self.nodes),
            "accounts": tuple(None if n.account is None else str(n.account) for n in self.nodes),
            "claims": self.claims,
            "names": self.names,
            "server_round": self.server_round,
            "equal": self.equal,
            "statistics": {
                name: {f.name: getattr(one, f.name) for f in fields(Statistics)}
                for name, one in self.statistics.items()
            },
            "norms": self.norms,
            "measured": list(self.measured),
        }

    @classmethod
    def read(cls, plain: object) -> KeptInputs:
        """Read what `plain` returned.

        Raises
        ------
        EncodingError
            If it is something else.
        """
        try:
            return cls._read(plain)
        except UNREADABLE as error:
            raise EncodingError(f"these are no inputs of a round: {error}") from error

    @classmethod
    def _read(cls, plain: Any) -> KeptInputs:  # noqa: ANN401 - whatever was stored
        if plain["format"] not in {FORMAT, GROUPED}:
            raise EncodingError(f"their format is {plain['format']!r}, not {FORMAT} or {GROUPED}")
        count = len(plain["nodes"])
        accounts = [None if one is None else AccountId.parse(one) for one in plain["accounts"]]
        found = cls(
            nodes=tuple(
                NodeRef(NodeId(int(node)), account)
                for node, account in zip(plain["nodes"], accounts, strict=True)
            ),
            claims=tuple(int(one) for one in plain["claims"]),
            names=tuple(str(one) for one in plain["names"]),
            server_round=int(plain["server_round"]),
            equal=tuple(int(one) for one in plain["equal"]),
            statistics={str(n): Statistics(**one) for n, one in plain["statistics"].items()},
            norms=plain["norms"],
            measured=[(one, other) for one, other in plain["measured"]],
            groups=tuple(map(int, plain["groups"])) if plain["format"] == GROUPED else (),
        )
        if found.groups and len(found.groups) != count:
            raise EncodingError(f"groups are told of {len(found.groups)} nodes of {count}")
        sizes = {len(found.claims), len(found.equal), count}
        if found.norms is not None:
            sizes.add(len(found.norms))
        if sizes != {count}:
            raise EncodingError(f"they are of {sorted(sizes | {count})} nodes")
        of = {len(one.origin) for one in found.statistics.values()}
        of |= {len(one.usable) for one in found.statistics.values()}
        judged = len(leaders(found.groups)) if found.groups else count
        if of - {judged}:
            raise EncodingError(f"their statistics are of {sorted(of)} updates, not {judged}")
        return found


class LiveInputs:
    """Inputs that are taken from the updates, and noted.

    Parameters
    ----------
    ctx : RoundContext
        The round.
    updates : tuple of ClientUpdate
        Ascending by node id.
    validation : callable or None
        The server's own measure of a model.
    measured : list of (Floats, Floats) or None
        What it measured, where it is not at hand: see `KeptInputs`.
    """

    def __init__(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        validation: Validation | None = None,
        *,
        measured: Sequence[tuple[Floats, Floats]] | None = None,
    ) -> None:
        self.nodes = tuple(update.node for update in updates)
        self.claims = tuple(update.num_examples for update in updates)
        self.names = tuple(ctx.reference)
        self.server_round = ctx.server_round
        self.updates = updates
        self.groups = tuple(one.group for one in updates if one.group is not None)
        if self.groups and len(self.groups) != len(updates):
            raise BadUpdates("group", "some updates are means of groups, and others are not")
        self.gap = ""
        self._ctx = ctx
        self._validation = validation
        self._given = measured
        self._statistics: dict[str, Statistics] = {}
        self._norms: Floats | None = None
        self._measured: list[tuple[Floats, Floats]] = []

    def decided(self, rule: Defense, extras: Extras) -> Aggregate:
        """See `RoundInputs.decided`. A rule decides on the statistics alone where it can."""
        firsts = leaders(self.groups) if self.groups else range(len(self.updates))
        arrays = [self.updates[row].arrays for row in firsts]
        extras = replace(of_groups(extras, self.groups), reference=self._ctx.reference)
        return of_members(self._decided(rule, arrays, extras), self.groups)

    def _decided(
        self, rule: Defense, arrays: list[Mapping[str, Array]], extras: Extras
    ) -> Aggregate:
        if not isinstance(rule, Rule):
            self.gap = str(NeedsUpdates(rule.name))
            return rule.aggregate(arrays, extras)
        rows, statistics = rule.measured(arrays, extras)
        try:
            self._statistics[rule.name] = statistics
            return rule.decide_on(statistics, extras)
        except NeedsUpdates as error:
            self.gap = str(error)
            del self._statistics[rule.name]
            return rule.decide_on(statistics, extras, rows)

    def twins(self) -> tuple[int, ...]:
        """See `RoundInputs.twins`."""
        return twins_of([update.arrays for update in self.updates])

    def lengths(self, without: Sequence[str]) -> Floats:
        """See `RoundInputs.lengths`."""
        if self._norms is None:
            self._norms = lengths_of(self._ctx.reference, self.updates, without)
        return self._norms

    def losses(self, medians: Sequence[str]) -> Losses:
        """See `RoundInputs.losses`."""
        if self._given is not None:
            measure = _again(self._given)
        elif self._validation is not None:
            measure = losses_of(self._validation, self._ctx.reference, self.updates, medians)
        else:
            raise NotPublished("what the server measured on data of its own")

        def noted(coefficients: Floats) -> Floats:
            found = measure(coefficients)
            self._measured.append((np.array(coefficients, np.float64), np.asarray(found)))
            return found

        return noted

    def kept(self) -> KeptInputs:
        """Return what was read."""
        return KeptInputs(
            nodes=self.nodes,
            claims=self.claims,
            names=self.names,
            server_round=self.server_round,
            equal=self.twins(),
            statistics=dict(self._statistics),
            norms=self._norms,
            measured=self._measured,
            groups=self.groups,
        )


def leaders(groups: Sequence[int]) -> list[int]:
    """Return for each group, ascending by its number, the place of its first member."""
    first: dict[int, int] = {}
    for place, group in enumerate(groups):
        first.setdefault(group, place)
    return [first[group] for group in sorted(first)]


def of_groups(extras: Extras, groups: Sequence[int]) -> Extras:
    """Return what a rule may know of the means of groups; without groups what was given.

    Groups are drawn anew in each round, so it has no memory of them.
    """
    if not groups:
        return extras
    found = leaders(groups)
    claims = None if extras.claims is None else [extras.claims[row] for row in found]
    return replace(extras, ids=range(len(found)), claims=claims, state=None)


def of_members(found: Aggregate, groups: Sequence[int]) -> Aggregate:
    """Return what a rule said of each group as said of each of its nodes; it remembers nothing."""
    if not groups:
        return found
    places = {group: at for at, group in enumerate(sorted({*groups}))}
    rows = [places[group] for group in groups]
    said = found.decision
    decision = replace(
        said,
        kept=said.kept[rows],
        weights=said.weights[rows] if said.weights.size else said.weights,
        scores=said.scores[rows],
        reasons=tuple(said.reasons[row] for row in rows),
    )
    return replace(found, decision=decision, state=None)


def twins_of(updates: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return for each update the place of the first equal one; a glance tells most apart."""
    seen: dict[bytes, list[int]] = {}
    places = []
    for place, update in enumerate(updates):
        glance = b"".join((a.reshape(-1)[:_GLANCE] + 0).tobytes() for a in update.values())
        alike = seen.setdefault(glance, [])
        twin = next((one for one in alike if _same(update, updates[one])), place)
        if twin == place:
            alike.append(place)
        places.append(twin)
    return tuple(places)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(np.array_equal(array, other[name]) for name, array in one.items())


def _again(measured: Sequence[tuple[Floats, Floats]]) -> Losses:
    """Return a measure that says what it said before."""
    said = {mixture.tobytes(): losses for mixture, losses in measured}

    def measure(coefficients: Floats) -> Floats:
        found = said.get(np.array(coefficients, np.float64).tobytes())
        if found is None:
            raise NotPublished("what the server measured of this mixture of updates")
        return found

    return measure
