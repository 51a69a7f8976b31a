"""Which chain account is behind which Flower node: ask, check, remember.

Flower does not prove who wrote a reply. So the server sends each node a fresh challenge, signed
with the coordinator's key, and the node signs it together with its node id, the chain and the
coordinator. An answer binds one account to one node, for one coordinator: it is worth nothing to
whoever passed the question on.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from bcfl_plugins.types import NodeId, NodeRef
from pallet_bridge.errors import BcflError
from strategies._flower import Message, RecordDict
from strategies.messages.records import sort_replies
from strategies.messages.wire import IDENTITY, QUERY, Question, question_record, read_answer
from strategies.server.reading.screen import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pallet_bridge.keys import Signer
    from strategies._flower import ConfigRecord, Grid

CHALLENGE_BYTES = 32
AGAIN_S = 60.0
"""How long the server waits for a node that was silent before. It is asked again each round."""

_log = logging.getLogger("flwr.bcfl")


def random_challenge() -> bytes:
    """Return 32 fresh random bytes."""
    return secrets.token_bytes(CHALLENGE_BYTES)


@dataclass(slots=True)
class Identities:
    """What is known about the nodes of one run.

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0.
    federation : int
        The federation's id.
    coordinator : Signer
        Whose key signs the questions.
    dev : bool
        Whether nodes may use public development keys.
    challenge : callable
        Makes 32 fresh random bytes.
    timeout_s : float
        Seconds to wait for a node that is asked for the first time.
    """

    genesis: bytes
    federation: int
    coordinator: Signer
    dev: bool
    challenge: Callable[[], bytes] = random_challenge
    timeout_s: float = 600.0
    _known: dict[int, NodeRef] = field(default_factory=dict)
    _problems: dict[int, str] = field(default_factory=dict)

    def identify(self, grid: Grid, node_ids: Iterable[int]) -> tuple[NodeRef, ...]:
        """Return the connected nodes with their accounts, asking those that are new.

        Parameters
        ----------
        grid : Grid
            Where to ask.
        node_ids : iterable of int
            All connected nodes.

        Returns
        -------
        tuple of NodeRef
            Ascending by node id. A node that proved nothing has no account; `problem` says why.
        """
        live = sorted(node_ids)
        for found in (self._known, self._problems):
            for gone in found.keys() - {*live}:
                del found[gone]
        questions = {node: self._question() for node in live if node not in self._known}
        if questions:
            messages = [
                Message(
                    RecordDict({IDENTITY: question_record(question, node, self.coordinator)}),
                    node,
                    QUERY,
                )
                for node, question in questions.items()
            ]
            patient = any(node not in self._problems for node in questions)
            longest = self.timeout_s if patient else min(AGAIN_S, self.timeout_s)
            for node in questions:
                self._problems[node] = (
                    f"it did not answer who it is within {longest:g} s; where nodes need longer to "
                    f"start, raise bcfl.identity_s"
                )
            replies = grid.send_and_receive(messages, timeout=longest)
            by_node = groupby(sort_replies(replies), key=lambda reply: reply.metadata.src_node_id)
            for node, answers in by_node:
                if node in questions:
                    self._take(node, questions[node], list(answers))
        return tuple(self._known.get(node, NodeRef(NodeId(node))) for node in live)

    def asked_of(self, node_id: int) -> ConfigRecord:
        """Return a fresh question who a node is, signed for it."""
        return question_record(self._question(), node_id, self.coordinator)

    def known(self, node_id: int) -> NodeRef:
        """Return a node as last identified."""
        return self._known.get(node_id, NodeRef(NodeId(node_id)))

    def problem(self, node_id: int) -> str | None:
        """Say why a node has no account."""
        if self.known(node_id).account is not None:
            return None
        return self._problems.get(node_id, "it was not asked who it is")

    def _question(self) -> Question:
        asker = self.coordinator.account
        return Question(self.genesis, self.federation, asker, self.challenge(), self.dev)

    def _take(self, node: int, question: Question, answers: Sequence[Message]) -> None:
        stranger = NodeRef(NodeId(node))
        proved: dict[bytes, NodeRef] = {}
        problems: set[str] = set()
        for answer in answers:
            try:
                ref = _read(answer, question, stranger)
            except BcflError as error:
                problems.add(printable(str(error)))
                continue
            if ref.account is not None:
                same = proved.get(ref.account.raw, ref)
                proved[ref.account.raw] = min(ref, same, key=lambda one: one.dev_uri or "")
        ref = next(iter(proved.values())) if len(proved) == 1 else stranger
        problem = "its answers name several accounts" if proved else min(problems, default="")
        owner = next((n for n, r in self._known.items() if r.account == ref.account), None)
        if ref.account is not None and owner is not None:
            ref, problem = stranger, f"its account {ref.account} is that of node {owner}"
        self._known[node] = ref
        if ref.account is None:
            self._problems[node] = problem
            _log.warning("bcfl: node %d has no account: %s", node, problem)


def _read(answer: Message, question: Question, node: NodeRef) -> NodeRef:
    if answer.has_error():
        raise BcflError(f"it could not say who it is: {answer.error.reason}")
    return read_answer(answer.content, question, node)
