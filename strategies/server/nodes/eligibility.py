"""Which nodes a round may sample from, and how long to wait for enough of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strategies.errors import NotEnoughNodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strategies._flower import Grid

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
    started: float | None = None
    while True:
        connected = tuple(sorted(grid.get_node_ids()))
        left_out = exclude(connected)
        if started is None:  # asking who they are has a limit of its own
            started = clock.now()
        eligible = tuple(node for node in connected if node not in left_out)
        if len(eligible) >= needed:
            return eligible
        waited = clock.now() - started
        if waited >= wait_s:
            raise NotEnoughNodes(server_round, needed, len(eligible), left_out, waited)
        clock.sleep(min(_POLL_S, wait_s - waited))
