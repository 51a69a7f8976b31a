"""A grid that lets no node train unprotected, where the run config names plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.messages.protection import is_guarded, is_training
from strategies.server.grid_view import GridProxy
from strategies.unprotected import Unprotected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strategies._flower import Grid, Message


class WatchedGrid(GridProxy):
    """A grid that refuses training messages behind which no plugin stands.

    Parameters
    ----------
    grid : Grid
        The whole grid.
    plugins : str
        What ``bcfl.plugins`` says; not empty.
    """

    def __init__(self, grid: Grid, plugins: str) -> None:
        super().__init__(grid)
        self.plugins = plugins
        self.is_used = False

    def used(self) -> None:
        """Note that the plugins act in this run."""
        self.is_used = True

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Push messages on the whole grid.

        Raises
        ------
        Unprotected
            If one of them asks a node to train and is not guarded. None is sent then.
        """
        return self._grid.push_messages(self._checked(messages))

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        """Send messages on the whole grid and wait for the replies.

        Raises
        ------
        Unprotected
            If one of them asks a node to train and is not guarded. None is sent then.
        """
        return self._grid.send_and_receive(self._checked(messages), timeout=timeout)

    def _checked(self, messages: Iterable[Message]) -> list[Message]:
        listed = list(messages)
        guarded = [is_guarded(one.content) for one in listed if is_training(one)]
        if not all(guarded):
            raise Unprotected(self.plugins, "this app sends training messages past the plugins")
        if guarded:  # also where a grid of the app's own stands around this one
            self.used()
        return listed
