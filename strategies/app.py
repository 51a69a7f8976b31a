"""Flower's `ServerApp` that ends with an error where the plugins that are named cannot act.

A strategy knows only that it was started. Whether an app that names plugins starts one at all, or
has the nodes train in another way, is seen around the whole app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.session.load import find_plugins
from strategies._flower import ServerApp as FlowerServerApp
from strategies.messages.protection import named_plugins
from strategies.server.watching import WatchedGrid
from strategies.unprotected import LegacyApi, Unprotected

if TYPE_CHECKING:
    from strategies._flower import Context, Grid


class ServerApp(FlowerServerApp):
    """Flower's `ServerApp` that lets no training of the app go past the plugins.

    Use it as Flower's own: the arguments and decorators are the same. It does nothing else, and
    nothing at all where the run config names no plugins.

    Examples
    --------
    ::

        from strategies import FedAvg, ServerApp

        app = ServerApp()


        @app.main()
        def main(grid, context):
            strategy = FedAvg(bcfl=context.run_config)
            strategy.start(grid, initial_arrays)
    """

    def __call__(self, grid: Grid, context: Context) -> None:
        """Run the app.

        Raises
        ------
        ConfigError
            Before the app runs: if the run config says something wrong.
        LegacyApi
            Before the app runs: if it is one of Flower's legacy API.
        Unprotected
            If the app sends a training message past the plugins, or ends without having used them.
        """
        plugins = named_plugins(context.run_config)
        if not plugins:
            super().__call__(grid, context)
            return
        find_plugins(BcflConfig.from_run_config(context.run_config))
        if self._main is None:
            raise LegacyApi("a ServerApp without a function under @app.main()")
        watched = WatchedGrid(grid, plugins)
        super().__call__(watched, context)
        if not watched.is_used:
            raise Unprotected(plugins, "this app ended without starting what they act in")
