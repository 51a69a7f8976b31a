"""Which nodes a round may sample from, and how long to wait for enough of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strategies._flower import Grid
from strategies.errors import NotEnoughNodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from strategies._flower import Message, NodeInfo, RecordDict, Run

_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, in seconds, handed in so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def wait_for_nodes(
    grid: Grid,
    exclude: Callable[[tuple[int, ...]], Mapping[int, str]],
    *,
    server_round: int,
    needed: int,
    wait_s: float,
    clock: Clock,
) -> tuple[int, ...]:
    """Return the nodes that may take part, once there are enough.

    Parameters
    ----------
    grid : Grid
        Knows the connected nodes.
    exclude : callable
        Given all connected nodes, ascending; returns those to leave out, with reasons.
    server_round : int
        Flower's round, for the error.
    needed : int
        How many nodes the round takes at least.
    wait_s : float
        Seconds to wait for them.
    clock : Clock
        The time.

    Raises
    ------
    NotEnoughNodes
        When the time is over. Flower's own strategies would wait for ever.
    """
    started = clock.now()
    while True:
        connected = tuple(sorted(grid.get_node_ids()))
        left_out = exclude(connected)
        eligible = tuple(node for node in connected if node not in left_out)
        if len(eligible) >= needed:
            return eligible
        waited = clock.now() - started
        if waited >= wait_s:
            raise NotEnoughNodes(server_round, needed, len(eligible), left_out, waited)
        clock.sleep(min(_POLL_S, wait_s - waited))


class GridView(Grid):
    """A grid on which only some nodes are to be seen.

    A strategy that samples from it does its own arithmetic (fractions, minima) on those nodes. The
    list does not change while it is used, so a strategy that waits for nodes finds them at once.

    Parameters
    ----------
    grid : Grid
        The whole grid.
    visible : iterable of int
        The nodes to show.
    """

    def __init__(self, grid: Grid, visible: Iterable[int]) -> None:
        self._grid = grid
        self._visible = tuple(visible)

    def set_run(self, run: Run) -> None:
        """Set the run of the whole grid."""
        self._grid.set_run(run)

    @property
    def run(self) -> Run:
        """The run of the whole grid."""
        return self._grid.run

    def create_message(
        self,
        content: RecordDict,
        message_type: str,
        dst_node_id: int,
        group_id: str,
        ttl: float | None = None,
    ) -> Message:
        """Create a message on the whole grid."""
        return self._grid.create_message(content, message_type, dst_node_id, group_id, ttl)

    def get_node_ids(self) -> Iterable[int]:
        """Return the visible nodes."""
        return list(self._visible)

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return what Flower knows about the visible nodes."""
        return [node for node in self._grid.get_nodes() if node.node_id in self._visible]

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Push messages on the whole grid."""
        return self._grid.push_messages(messages)

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Pull messages from the whole grid."""
        return self._grid.pull_messages(message_ids)

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        """Send messages on the whole grid and wait for the replies."""
        return self._grid.send_and_receive(messages, timeout=timeout)
