"""The three runs side by side, and the observer that reads the chain after each round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins import hookimpl, open_session
from examples.byzantine.facts import ChainReader, Look, node_accounts
from examples.byzantine.federation import Setup, Variant, run
from examples.byzantine.live import Screen
from examples.byzantine.result import Result
from examples.byzantine.settings import bcfl_config

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from bcfl_plugins import ChainServices


class Observer:
    """A plugin that only looks: after each round it reads the chain and tells the screen."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._reader: ChainReader | None = None
        self.looks: list[Look] = []

    def watch(self, chain: ChainServices) -> ChainReader:
        self._reader = ChainReader(chain)
        return self._reader

    @hookimpl
    def bcfl_round_evaluated(self) -> None:
        self.look()

    def look(self) -> None:
        if self._reader is None:
            msg = "watch() comes first"
            raise RuntimeError(msg)
        self.looks.append(self._reader.look())
        self._screen.chain(self.looks[-1], self._reader.terms)


def run_demo(setup: Setup, run_dir: Path, console: Console, *, live: bool) -> Result:
    """Run the federation three times: undisturbed, attacked, and attacked with bcfl in place."""
    accounts = node_accounts(setup.nodes)
    with Screen(console, setup, accounts, live=live) as screen:
        curves = {}
        for variant in (Variant.CLEAN, Variant.POISONED):
            curves[variant] = run(setup, variant, screen.accuracy)
        observer = Observer(screen)
        config = bcfl_config(run_dir, own_defense=setup.own_defense)
        with open_session(config, plugins=(("demo", observer),)) as session:
            chain = session.services.need_chain("demo")
            reader = observer.watch(chain)
            screen.opened(chain)
            curves[Variant.DEFENDED] = run(setup, Variant.DEFENDED, screen.accuracy, session)
            observer.look()  # what the end of the run still executed
    return Result(
        setup=setup,
        folder=chain.run_dir,
        accounts=accounts,
        terms=reader.terms,
        curves=curves,
        looks=tuple(observer.looks),
        start=reader.joined,
    )
