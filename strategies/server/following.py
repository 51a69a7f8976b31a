"""Wait for replies as long as a round is open on chain, where a plugin follows it.

Flower's ``send_and_receive`` sends, then looks for replies until all are in or its time is up. Both
halves are public (``push_messages``, ``pull_messages``), so a grid of our own can stop earlier.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from strategies.server.grid_view import GridProxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from strategies._flower import Grid, Message
    from strategies.server.nodes.eligibility import Clock
    from strategies.server.spool import Spool

POLL_S = 1.0
"""Seconds between two looks at the replies; Flower's own loop takes up to three."""


class Follower(Protocol):
    """Who knows which messages belong to a round that is followed, and when it is sealed."""

    def follows(self, messages: Sequence[Message]) -> bool:
        """Say whether these are the training messages of a followed round."""
        ...

    def arrived(self, replies: Sequence[Message], *, last: bool) -> bool:
        """Take the replies that came since the last call; say whether the round is sealed."""
        ...

    def spool(self) -> Spool | None:
        """Return where the replies to the round wait; `None`: in memory."""
        ...


class FollowingGrid(GridProxy):
    """A grid whose wait for a training round ends when the round is sealed.

    Everything else goes to the grid that it stands for.

    Parameters
    ----------
    grid : Grid
        The whole grid.
    follower : Follower
        Asked about each batch of messages and its replies.
    clock : Clock
        The time.
    """

    def __init__(self, grid: Grid, follower: Follower, clock: Clock) -> None:
        super().__init__(grid)
        self._follower = follower
        self._clock = clock

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        """Send messages and return their replies.

        The wait ends when all are in, the round is sealed, or the time is up.
        """
        listed = list(messages)
        if not self._follower.follows(listed):
            return self._grid.send_and_receive(listed, timeout=timeout)
        spool = self._follower.spool()
        with nullcontext() if spool is None else spool:
            return self._followed(listed, timeout, spool)

    def _followed(
        self, listed: list[Message], timeout: float | None, spool: Spool | None
    ) -> list[Message]:
        started = self._clock.now()
        waiting = set(self._grid.push_messages(listed))
        listed.clear()
        replies: list[Message] = []
        while True:
            new = list(self._pulled(waiting, spool))
            replies += new
            waiting -= {message.metadata.reply_to_message_id for message in new}
            sealed = self._follower.arrived(new, last=False)
            over = timeout is not None and self._clock.now() - started >= timeout
            if sealed or over or not waiting:
                self._follower.arrived((), last=True)
                return replies
            self._clock.sleep(POLL_S)

    def _pulled(self, waiting: Iterable[str], spool: Spool | None) -> Iterator[Message]:
        """Take what came from Flower; where replies wait on disk, few at a time."""
        if spool is None:
            yield from self._grid.pull_messages(waiting)
            return
        left = sorted(waiting)
        while left:
            some, left = left[: spool.at_once], left[spool.at_once :]
            yield from map(spool.keep, self._grid.pull_messages(some))
