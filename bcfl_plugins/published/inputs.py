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
from bcfl_plugins.errors import NeedsUpdates, NotPublished
from bcfl_plugins.published.validation import lengths_of, losses_of
from bcfl_plugins.types import NodeId, NodeRef
from pallet_bridge.errors import BcflError, EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.defenses.base import Aggregate, Defense, Extras, Floats
    from bcfl_plugins.types import ClientUpdate, RoundContext, Validation

FORMAT = "bcfl-inputs/1"
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

    def decided(self, rule: Defense, extras: Extras) -> Aggregate:
        """Let a rule decide; the reference need not be among the extras."""
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
    """

    nodes: tuple[NodeRef, ...]
    claims: tuple[int, ...]
    names: tuple[str, ...]
    server_round: int
    equal: tuple[int, ...]
    statistics: Mapping[str, Statistics] = field(default_factory=dict)
    norms: Floats | None = None
    measured: list[tuple[Floats, Floats]] = field(default_factory=list)

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
        return rule.decide_on(statistics, extras)

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
            "format": FORMAT,
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
        except (LookupError, TypeError, ValueError, BcflError) as error:
            raise EncodingError(f"these are no inputs of a round: {error}") from error

    @classmethod
    def _read(cls, plain: Any) -> KeptInputs:  # noqa: ANN401 - whatever was stored
        if plain["format"] != FORMAT:
            raise EncodingError(f"their format is {plain['format']!r}, not {FORMAT}")
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
        )
        sizes = {len(found.claims), len(found.equal), count}
        if found.norms is not None:
            sizes.add(len(found.norms))
        for one in found.statistics.values():
            sizes |= {len(one.origin), len(one.usable)}
        if sizes != {count}:
            raise EncodingError(f"they are of {sorted(sizes | {count})} nodes")
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
        self.gap = ""
        self._ctx = ctx
        self._validation = validation
        self._given = measured
        self._statistics: dict[str, Statistics] = {}
        self._norms: Floats | None = None
        self._measured: list[tuple[Floats, Floats]] = []

    def decided(self, rule: Defense, extras: Extras) -> Aggregate:
        """See `RoundInputs.decided`. A rule decides on the statistics alone where it can."""
        arrays = [update.arrays for update in self.updates]
        extras = replace(extras, reference=self._ctx.reference)
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
        )


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
