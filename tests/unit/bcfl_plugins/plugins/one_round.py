"""Nodes with keys, what they sign, and a session with a round open on the embedded chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    NodeId,
    NodeRef,
    RoundContext,
    RunInfo,
    open_session,
)
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import UNIT, CommittedUpdate

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins import OpenedRound, Session

RUN = RunInfo(7, 1)
STAKE = 100 * UNIT


def node(number: int) -> NodeRef:
    uri = f"//bcfl//node-{number}"
    return NodeRef(NodeId(number), Signer.from_uri(uri).account, uri)


def signed(ref: NodeRef, arrays: dict[str, np.ndarray], opened: OpenedRound) -> CommittedUpdate:
    assert ref.dev_uri is not None
    signer = Signer.from_uri(ref.dev_uri)
    return sign_commitment(opened.binding, signer, update_digest(arrays), 10, bytes(32))


def session_of(folder: Path, **keys: object) -> Session:
    base = {"plugins": "staking, round_log", "chain": "embedded", "run_dir": str(folder)}
    config = {f"bcfl.{name}": value for name, value in {**base, **keys}.items()}
    return open_session(BcflConfig.from_run_config(config))


def update(number: int, opened: OpenedRound) -> ClientUpdate:
    ref = node(number)
    arrays = {"w": np.full(3, float(number))}
    return ClientUpdate(ref, arrays, 10, commitment=signed(ref, arrays, opened))


def opened_for(session: Session, nodes: int, start: float = 0.0) -> RoundContext:
    """Open a round on a model whose weights are all `start`."""
    refs = tuple(node(number) for number in range(nodes))
    assert session.hooks.eligible_nodes(RUN, 1, refs) == {}
    reference = {"w": np.full(3, start)}
    return RoundContext(RUN, 1, session.hooks.round_opening(RUN, 1, reference), reference)
