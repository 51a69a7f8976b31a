"""Start the nodes of a network, see that blocks become final, and end them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bcfl_plugins.cli.network.asking import look
from bcfl_plugins.cli.network.errors import NetworkInUse, NodeEnded, NotFinal, PortTaken
from bcfl_plugins.cli.network.founding import listen
from bcfl_plugins.cli.network.layout import LOCK
from bcfl_plugins.cli.network.logs import last_lines
from bcfl_plugins.cli.network.processes import NodeEnding, running, start
from bcfl_plugins.errors import ConfigError
from pallet_bridge.memory.lock import held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bcfl_plugins.cli.network.asking import NodeState
    from bcfl_plugins.cli.network.layout import LocalValidator, Network

_AGAIN_S = 0.5
_SHOWN = 8


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other commands from starting and stopping the network meanwhile.

    Raises
    ------
    NetworkInUse
        If another one does.
    ConfigError
        If something else than a folder is there.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--dir {folder} is no folder; name a new one")
    with held(folder.resolve() / LOCK) as mine:
        if not mine:
            raise NetworkInUse(folder)
        yield


def start_all(network: Network, program: Path) -> list[LocalValidator]:
    """Start the nodes that do not run, and return them.

    Raises
    ------
    PortTaken
        If another program listens where one of them should.
    """
    absent = [one for one in network.validators if running(network.words(one)) is None]
    for one in absent:
        for port in (one.rpc_port, one.p2p_port):
            taken = listen(port)
            if taken is None:
                raise PortTaken(port, one.name)
            taken.close()
    for one in absent:
        start(program, network.words(one), network.log(one))
    return absent


def await_finality(network: Network, seconds: float) -> list[NodeState]:
    """Wait until every node has a final block that none had when all of them first answered.

    Raises
    ------
    NodeEnded
        If one of them ended.
    NotFinal
        If that takes longer.
    """
    until = time.monotonic() + seconds
    before: int | None = None
    while True:
        states = look(network)
        _refuse_ended(network, states)
        finals = [one.final for one in states if one.final is not None]
        if len(finals) == len(states):
            if before is not None and min(finals) > before:
                return states
            before = max(finals) if before is None else before
        if time.monotonic() > until:
            raise NotFinal(network.folder, seconds)
        time.sleep(_AGAIN_S)


def _refuse_ended(network: Network, states: Sequence[NodeState]) -> None:
    for one, now in zip(network.validators, states, strict=True):
        if now.state == "down":
            log = network.log(one)
            raise NodeEnded(one.name, log, last_lines(log, _SHOWN))


def stop_all(network: Network) -> list[tuple[LocalValidator, bool]]:
    """End the nodes that run; return them, and whether each had to be killed."""
    ending = [(one, NodeEnding(network.words(one))) for one in network.validators]
    return [(one, end.wait()) for one, end in ending if end.found]
