"""What can go wrong with a network on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class NetworkError(BcflError):
    """Root of the errors of a network on this machine."""


class NoNodeProgram(NetworkError):
    """There is no program to run a node with.

    Attributes
    ----------
    reason : str
        What was looked for, or what is wrong with what was named.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.reason}. Get it with `pip install bcfl-plugins[node]` (Linux), or build it "
            f"with `make node` in a checkout, and name it with --node FILE or BCFL_NODE"
        )


class NetworkInUse(NetworkError):
    """Another command starts or stops the network.

    Attributes
    ----------
    folder : Path
        The network's folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return (
            f"another command starts or stops the network in {self.folder}. Wait until it has "
            f"ended, then look with `bcfl chain status --dir {self.folder}`"
        )


class PortTaken(NetworkError):
    """A port that a node of the network listens on is another program's now.

    Attributes
    ----------
    port : int
        The port.
    node : str
        The node's number.
    """

    def __init__(self, port: int, node: str) -> None:
        super().__init__(port, node)
        self.port = port
        self.node = node

    def __str__(self) -> str:
        return (
            f"port {self.port} of node {self.node} is taken by another program. End that one, or "
            f"make a new network in another folder: the others know this node by its ports"
        )


class NodeEnded(NetworkError):
    """A node ended by itself while it started.

    Attributes
    ----------
    node : str
        The node's number.
    log : Path
        Its log.
    last : Sequence[str]
        The last lines of it.
    """

    def __init__(self, node: str, log: Path, last: Sequence[str]) -> None:
        super().__init__(node, log, last)
        self.node = node
        self.log = log
        self.last = last

    def __str__(self) -> str:
        said = "\n".join(f"  {line}" for line in self.last)
        return (
            f"node {self.node} ended by itself; the last lines of {self.log}:\n{said}\n"
            f"Mend what it names, and run `bcfl chain up` again"
        )


class NotFinal(NetworkError):
    """The nodes run, and no block became final in time.

    Attributes
    ----------
    folder : Path
        The network's folder.
    seconds : float
        How long it was waited.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__(folder, seconds)
        self.folder = folder
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"no block became final at every node within {self.seconds:g} s. The nodes go on: look "
            f"with `bcfl chain status --dir {self.folder}` and `bcfl chain logs`, or wait longer "
            f"with --wait"
        )
