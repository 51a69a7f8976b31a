"""A run whose session is open: its plugins, and who is behind its nodes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from bcfl_plugins.types import NodeId, NodeRef
from strategies.server.nodes.identity import Identities
from strategies.server.nodes.supernodes import SuperNodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.secure.statements import Member
    from bcfl_plugins.session.open import Session
    from bcfl_plugins.types import RunInfo
    from strategies._flower import ArrayRecord, Grid

_HALF = 2
"""Of so many nodes one is as many as the others."""

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class OpenRun:
    """One run from the opening of its session.

    Parameters
    ----------
    session : Session
        The open session.
    info : RunInfo
        What the plugins are told about the run.
    identities : Identities or None
        Which account is behind which node; `None` without a chain.
    supernodes : SuperNodes or None
        Which SuperNode is whose; `None` without a chain.
    eligible : frozenset of int
        The nodes that the latest training round could sample from.
    barred : Mapping[NodeRef, str]
        The nodes that it could not, with the reasons.
    model : ArrayRecord or None
        The newest aggregate.
    result : object
        What the strategy's ``start`` returned.
    grid : Grid or None
        The whole grid, once a round is configured.
    mask_keys : dict of int to Member
        The mask keys of nodes, where updates are masked.
    """

    session: Session
    info: RunInfo
    identities: Identities | None
    supernodes: SuperNodes | None = None
    eligible: frozenset[int] = frozenset()
    barred: Mapping[NodeRef, str] = field(default_factory=lambda: MappingProxyType({}))
    model: ArrayRecord | None = None
    result: object = None
    grid: Grid | None = None
    mask_keys: dict[int, Member] = field(default_factory=dict)
    _named: frozenset[int] = frozenset()
    _asked: bool = False

    @classmethod
    def of(cls, session: Session, info: RunInfo, challenge: Callable[[], bytes]) -> Self:
        """Begin a run: no node has said yet who it is."""
        chain = session.services.chain
        if chain is None:
            return cls(session, info, None)
        identities = Identities(
            genesis=chain.client.genesis_hash,
            federation=chain.federation,
            coordinator=chain.coordinator,
            dev=chain.embedded or session.config.coordinator.startswith("//"),
            challenge=challenge,
            timeout_s=session.config.identity_s,
        )
        supernodes = SuperNodes(
            chain.client.genesis_hash,
            chain.federation,
            lambda: chain.checked.node_keys(chain.federation, at=chain.checked.head().hash),
            chain.work.mode,
        )
        return cls(session, info, identities, supernodes)

    @property
    def hooks(self) -> PluginManager:
        """The plugins."""
        return self.session.hooks

    def node(self, node_id: NodeId) -> NodeRef:
        """Return what is known about a node."""
        return NodeRef(node_id) if self.identities is None else self.identities.known(node_id)

    def asks(self, server_round: int, count: int) -> None:
        """Say before the first training what nobody can know among so few nodes."""
        first, self._asked = not self._asked, True
        if first and count <= _HALF and "outliers" in self.hooks.names:
            _log.warning(
                "bcfl: round %d: the run begins with %d training node%s. Among so few nobody can "
                "tell who is wrong, so outliers will reject nobody, whoever it is. Let three nodes "
                "or more train in a round",
                server_round,
                count,
                "" if count == 1 else "s",
            )

    def left_out(self, server_round: int, grid: Grid, connected: tuple[int, ...]) -> dict[int, str]:
        """Ask new nodes who they are, and the plugins who may not take part, with the reasons."""
        identities = self.identities
        refs = tuple(NodeRef(NodeId(node)) for node in connected)
        if identities is not None:
            refs = identities.identify(grid, connected)
        found: dict[int, str] = {}
        for node, reason in self.hooks.eligible_nodes(self.info, server_round, refs).items():
            problem = None if identities is None else identities.problem(node)
            found[node] = reason if problem is None else f"{reason} ({problem})"
        if self.supernodes is not None:
            found |= self.supernodes.strangers(grid, refs)
        self.barred = MappingProxyType({self.node(NodeId(n)): why for n, why in found.items()})
        for new in sorted(found.keys() - self._named):
            where = (server_round, new, found[new])
            _log.warning("bcfl: round %d: node %d may not take part: %s", *where)
        self._named = frozenset(found)  # who may take part again is named again after that
        return found
