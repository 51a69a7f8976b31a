"""A small network in one machine: a namespace for each host, and a cable that can be cut."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from shutil import which
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDES: Final = ("near", "far")
"""Two switches with one cable between them."""
_CABLE: Final = "cable"
_SUBNET: Final = "10.77.0"
_CONTROL: Final = {"near": "10.78.1", "far": "10.78.2"}
"""By these this process reaches the hosts of a side, also while the cable is cut."""
_INSIDE: Final = "BCFL_INSIDE_NETWORK"


def lacks() -> str | None:
    """Return what this machine lacks for such a network, or nothing."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root, for network namespaces of its own"
    missing = [name for name in ("ip", "nsenter", "unshare") if which(name) is None]
    return f"needs the programs {', '.join(missing)}" if missing else None


def in_a_network_of_its_own(module: str, arguments: Sequence[str]) -> None:
    """Start this program again, out of the machine's network; return in the one that was started.

    All that is made in there is gone with it.
    """
    if os.environ.get(_INSIDE) is None:
        words = ("unshare", "--net", sys.executable, "-m", module, *arguments)
        os.execvpe(words[0], words, {**os.environ, _INSIDE: "1"})  # noqa: S606 - no shell is wanted


def ip(*words: str) -> None:
    """Run ``ip``."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass(frozen=True)
class Host:
    """A host at a switch.

    Parameters
    ----------
    address, control : str
        Where other hosts reach it, and where this process does.
    there : sequence of str
        Words that start a program there.
    """

    address: str
    control: str
    there: Sequence[str]


class Lan:
    """Hosts at two switches. Ends with its `with` block."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._hosts = 0

    def __enter__(self) -> Self:
        ip("link", "set", "lo", "up")
        for side in SIDES:
            self._add(side, "type", "bridge")
            ip("address", "add", f"{_CONTROL[side]}.254/24", "dev", side)
            ip("link", "set", side, "up")
        self._add(_CABLE, "type", "veth", "peer", "name", f"{_CABLE}1")
        for end, side in zip((_CABLE, f"{_CABLE}1"), SIDES, strict=True):
            ip("link", "set", end, "master", side)
            ip("link", "set", end, "up")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plug(self, side: str) -> Host:
        """Add a host at a switch."""
        self._hosts += 1
        number = self._hosts
        holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"],
            stdout=subprocess.PIPE,
        )
        self._stack.callback(holder.wait)
        self._stack.callback(holder.kill)
        if holder.stdout is None or not holder.stdout.readline():
            raise SystemExit("unshare made no network namespace")
        pid, inside, outside = str(holder.pid), f"in{number}", f"out{number}"
        self._add(outside, "type", "veth", "peer", "name", inside)
        ip("link", "set", outside, "master", side)
        ip("link", "set", outside, "up")
        ip("link", "set", inside, "netns", pid)
        there = ("nsenter", "--target", pid, "--net")
        host = Host(f"{_SUBNET}.{number}", f"{_CONTROL[side]}.{number}", there)
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{host.address}/24", "dev", inside),
            ("address", "add", f"{host.control}/24", "dev", inside),
            ("link", "set", inside, "up"),
        ):
            subprocess.run([*there, "ip", *words], check=True, capture_output=True)
        return host

    def _add(self, name: str, *kind: str) -> None:
        ip("link", "add", "name", name, *kind)
        self._stack.callback(ip, "link", "delete", name)

    def cut(self) -> None:
        """Pull the cable between the two switches."""
        ip("link", "set", _CABLE, "down")

    def join(self) -> None:
        """Put it back."""
        ip("link", "set", _CABLE, "up")
