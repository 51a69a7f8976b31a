"""The replies to one training round: read once each, handed to the plugins as they come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import ClientUpdate, Gathering, Rejection, RoundContext
from strategies.errors import Unfit
from strategies.messages.records import sort_replies
from strategies.messages.wire import read_commitment
from strategies.server.reading.examine import Reply, examine_train
from strategies.server.reading.screen import agreeing, screen, unfit_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.types import NodeId, NodeRef
    from strategies._flower import Message
    from strategies.server.reading.expectations import Expectations


@dataclass(frozen=True, slots=True)
class Training:
    """A training round whose messages are out.

    Parameters
    ----------
    ctx : RoundContext
        What was fixed before.
    expected : Expectations
        What the strategy needs from a reply.
    asked : frozenset of int
        The nodes that were sent a message.
    """

    ctx: RoundContext
    expected: Expectations
    asked: frozenset[int]


class Replies:
    """The replies to a training round, each read once, however often it is asked for.

    Parameters
    ----------
    training : Training
        The round.
    node_of : callable
        What is known about a node.
    """

    def __init__(self, training: Training, node_of: Callable[[NodeId], NodeRef]) -> None:
        self.training = training
        self._node_of = node_of
        self._read: dict[int, tuple[Message, Reply | Unfit]] = {}
        self._heard: set[int] = set()
        self._misfits: set[int] = set()
        self.gathering = Gathering(sealed=False)

    def examine(self, message: Message) -> Reply:
        """Read a reply with what its node signed.

        Raises
        ------
        Unfit
            If it cannot be averaged.
        """
        if id(message) not in self._read:  # it is kept beside: its id stays its own
            try:
                self._read[id(message)] = message, self._examined(message)
            except Unfit as unfit:
                self._read[id(message)] = message, unfit
        found = self._read[id(message)][1]
        if isinstance(found, Unfit):
            raise found
        return found

    def arrive(self, messages: Iterable[Message], hooks: PluginManager, *, last: bool) -> bool:
        """Hand what came to the plugins; say whether the round is sealed."""
        heard: dict[int, list[Reply]] = {}
        misfits: dict[int, Rejection] = {}
        for message in sort_replies(messages):
            source = message.metadata.src_node_id
            if message.has_error() or source in self._heard or source not in self.training.asked:
                continue
            try:
                reply = self.examine(message)
            except Unfit as unfit:
                if unfit.signed is not None and source not in self._misfits:
                    misfits[source] = unfit_reply(source, unfit)
            else:
                heard.setdefault(source, []).append(reply)
        self._heard |= heard.keys()
        self._misfits |= misfits.keys()
        new = [self.update(min(said, key=_commitment)) for said in heard.values()]
        self.gathering = hooks.updates_arriving(
            self.training.ctx, tuple(new), tuple(misfits.values()), last=last
        )
        return self.gathering.sealed

    def screen(self, messages: Iterable[Message]) -> tuple[Sequence[Reply], tuple[Rejection, ...]]:
        """Return what can be averaged, and why the rest cannot; both ascending by node id."""
        late = self.gathering.late
        silence = Reason.MALFORMED, "it did not answer"
        if self.gathering.sealed:
            silence = Reason.LATE, "it did not answer before the round was sealed on chain"
        fit, dropped = screen(messages, self.training.asked, self.examine, silence)
        missed = [
            Rejection(
                reply.node_id,
                Reason.LATE,
                late[reply.node_id],
                strike=False,
                commitment=reply.commitment,
            )
            for reply in fit
            if reply.node_id in late
        ]
        fit, odd = agreeing([reply for reply in fit if reply.node_id not in late])
        unusable = sorted((*dropped, *missed, *odd), key=lambda rejection: rejection.node_id)
        return fit, tuple(unusable)

    def update(self, reply: Reply) -> ClientUpdate:
        """Return a reply as the plugins get it."""
        return ClientUpdate(
            node=self._node_of(reply.node_id),
            arrays=MappingProxyType(dict(reply.arrays)),
            num_examples=max(1, int(reply.weight)),
            metrics=reply.metrics,
            commitment=reply.commitment,
            sent=MappingProxyType(dict(reply.sent)),
        )

    def _examined(self, message: Message) -> Reply:
        ctx = self.training.ctx
        reply = examine_train(message, ctx.reference, self.training.expected)
        if ctx.opened is None:
            return reply
        node = self._node_of(reply.node_id)
        signed = read_commitment(message.content, reply.sent, reply.weight, ctx.opened, node)
        return replace(reply, commitment=signed)


def _commitment(reply: Reply) -> bytes:
    return b"" if reply.commitment is None else reply.commitment.commitment
