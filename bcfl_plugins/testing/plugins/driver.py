"""Call the hooks of a session in the order of a run, as the strategies do, without Flower."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import (
    ClientUpdate,
    NodeId,
    NodeRef,
    Rejection,
    RoundContext,
    RoundResult,
    RunInfo,
)
from pallet_bridge.encoding import blake2_256, update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.session.open import Session
    from bcfl_plugins.types import Array, JudgedUpdate, OpenedRound

FIRST_NODE = 100
"""Node ids start here, as in Flower they are never small."""

EXAMPLES = 10
"""What every node claims to have trained on."""


@dataclass(frozen=True, slots=True)
class RoundJudgement:
    """What the plugins said in one round; equal for equal judgements.

    Parameters
    ----------
    left_out : tuple of NodeId
        Nodes that a plugin left out.
    judged : tuple of JudgedUpdate
        The merged verdicts, without signatures: those differ each time.
    """

    left_out: tuple[NodeId, ...]
    judged: tuple[tuple[NodeId, bool, int, int], ...]


class FederationDriver:
    """One run of one session.

    Parameters
    ----------
    session : Session
        Open; it stays open.
    width : int
        Coordinates of the model.
    """

    def __init__(self, session: Session, width: int) -> None:
        self._session = session
        self._run = RunInfo(1, 1000, "driver")
        self._round = 0
        self.model: Array = np.zeros(width)
        session.hooks.run_started(self._run)

    def round(self, sent: Mapping[int, Array | None], *, averages: bool = True) -> RoundJudgement:
        """Run one training round.

        Parameters
        ----------
        sent : Mapping[int, Array or None]
            The update (a delta) of each connected node, by number; ``None`` for a node that stays
            silent.
        averages : bool
            Whether the wrapped strategy gives a model.

        Raises
        ------
        PluginError
            If a plugin breaks the contract of a hook.
        """
        self._round += 1
        hooks, run = self._session.hooks, self._run
        refs = tuple(node(number) for number in sorted(sent))
        left_out = hooks.eligible_nodes(run, self._round, refs)
        strangers = left_out.keys() - {ref.node_id for ref in refs}
        if strangers:
            raise AssertionError(f"a plugin left out nodes that are not there: {strangers}")
        asked = [ref for ref in refs if ref.node_id not in left_out]
        reference = _frozen({"w": self.model})
        opened = hooks.round_opening(run, self._round, reference) if asked else None
        ctx = RoundContext(run, self._round, opened, reference)
        updates, silent = self._replies(asked, sent, opened)
        hooks.updates_received(ctx, updates)
        verdicts = hooks.judge_updates(ctx, updates)
        judged = merge_verdicts(updates, verdicts)
        model = self._average(updates, judged) if averages else None
        notes = {verdict.plugin: verdict.note for verdict in verdicts}
        result = RoundResult(ctx, model, judged, silent, notes)
        hooks.round_settling(result)
        hooks.round_evaluated(result, {"accuracy": 0.5})
        if model is not None:
            self.model = model["w"]
        return RoundJudgement(
            tuple(sorted(left_out)),
            tuple((j.node.node_id, j.accepted, j.reason, j.score) for j in judged),
        )

    def finish(self, error: BaseException | None = None) -> None:
        """End the run. One in which nothing was averaged recorded nothing, and may say so.

        Raises
        ------
        RecordIncomplete
            If the chain has less than was averaged.
        """
        try:
            self._session.hooks.run_finished(self._run, error)
        except RecordIncomplete as missing:
            if missing.trained:
                raise

    def _replies(
        self,
        asked: Sequence[NodeRef],
        sent: Mapping[int, Array | None],
        opened: OpenedRound | None,
    ) -> tuple[tuple[ClientUpdate, ...], tuple[Rejection, ...]]:
        updates, silent = [], []
        for ref in asked:
            delta = sent[ref.node_id - FIRST_NODE]
            if delta is None:
                silent.append(Rejection(ref.node_id, Reason.MALFORMED, "no reply"))
                continue
            arrays = _frozen({"w": self.model + delta})
            commitment = None
            if opened is not None:
                digest = update_digest(arrays)
                salt = blake2_256(digest)  # no secret here, and the same at every replay
                commitment = sign_commitment(opened.binding, key(ref), digest, EXAMPLES, salt)
            updates.append(ClientUpdate(ref, arrays, EXAMPLES, commitment=commitment))
        return tuple(updates), tuple(silent)

    def _average(
        self, updates: Sequence[ClientUpdate], judged: Sequence[JudgedUpdate]
    ) -> Mapping[str, Array] | None:
        kept = {j.node.node_id for j in judged if j.accepted}
        rows = [u.arrays["w"] for u in updates if u.node.node_id in kept]
        return _frozen({"w": np.mean(rows, axis=0)}) if rows else None


def node(number: int) -> NodeRef:
    """Return the node with this number; it has a development key."""
    uri = f"//bcfl//node-{number}"
    return NodeRef(NodeId(FIRST_NODE + number), Signer.from_uri(uri).account, uri)


def key(ref: NodeRef) -> Signer:
    """Return a node's key."""
    if ref.dev_uri is None:
        raise AssertionError(f"node {ref.node_id} has no development key")
    return Signer.from_uri(ref.dev_uri)


def _frozen(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return read-only copies: a plugin that writes into them raises `ValueError`."""
    copies = {}
    for name, array in arrays.items():
        copies[name] = np.array(array)
        copies[name].setflags(write=False)
    return MappingProxyType(copies)
