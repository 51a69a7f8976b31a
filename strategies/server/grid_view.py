"""Grids that stand for another: all of it (`GridProxy`), or some of its nodes (`GridView`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies._flower import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strategies._flower import Message, NodeInfo, RecordDict, Run


class GridProxy(Grid):
    """A grid that hands every call on to another.

    Parameters
    ----------
    grid : Grid
        The whole grid.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

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
        """Return all connected nodes."""
        return self._grid.get_node_ids()

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return what Flower knows about all connected nodes."""
        return self._grid.get_nodes()

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


class GridView(GridProxy):
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
        super().__init__(grid)
        self._visible = tuple(visible)

    def get_node_ids(self) -> Iterable[int]:
        """Return the visible nodes."""
        return list(self._visible)

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return what Flower knows about the visible nodes."""
        return [node for node in self._grid.get_nodes() if node.node_id in self._visible]
